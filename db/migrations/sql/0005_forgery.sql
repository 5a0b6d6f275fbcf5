-- What the operator's and the executor's credentials could still forge: a write that was never sent recorded as
-- confirmed, a proposal moved past its decision, and audit events about a step that is another role's.

-- A write starts at the beginning, under the key that was made with its proposal.
REVOKE INSERT ON outbox FROM quartermaster_operator, quartermaster_executor;
GRANT INSERT (tenant, outbox_id, proposal_id, target, idempotency_key, request, state) ON outbox
   TO quartermaster_operator, quartermaster_executor;
CREATE POLICY starts_pending ON outbox AS RESTRICTIVE FOR INSERT TO quartermaster_operator, quartermaster_executor
    WITH CHECK (state = 'pending');
ALTER TABLE proposal ADD UNIQUE (tenant, proposal_id, idempotency_key);
ALTER TABLE outbox ADD FOREIGN KEY (tenant, proposal_id, idempotency_key)
    REFERENCES proposal (tenant, proposal_id, idempotency_key);

-- A person's answer ends the waiting and does nothing else. A trigger and no policy: a policy would also hide the row
-- from SELECT … FOR UPDATE, by which a late answer learns that there is nothing to answer any more.
CREATE FUNCTION guard_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = 'quartermaster_operator'
       AND (OLD.state <> 'waiting' OR NEW.state NOT IN ('approved', 'rejected', 'expired')) THEN
        RAISE EXCEPTION 'an answer cannot move proposal % from % to %', OLD.proposal_id, OLD.state, NEW.state
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_state BEFORE UPDATE ON proposal_state FOR EACH ROW EXECUTE FUNCTION guard_state();

-- Decisions and what became of a write are the executor's to record, answers the operator's.
CREATE POLICY operator_writes ON audit.event AS RESTRICTIVE FOR INSERT TO quartermaster_operator
    WITH CHECK (split_part(action, '.', 1) NOT IN ('gate', 'write') OR action = 'write.enqueued');
CREATE POLICY executor_writes ON audit.event AS RESTRICTIVE FOR INSERT TO quartermaster_executor
    WITH CHECK (action NOT IN ('approval.granted', 'approval.rejected'));
