-- What the agent's credentials could still make the gate, the budget or another's queue believe.

-- The agent cannot say when it proposed: the clock by which a proposal ends is the server's.
REVOKE INSERT ON proposal FROM quartermaster_agent;
GRANT INSERT (tenant, proposal_id, case_id, kind, payload, evidence_id, value, currency, reversible, expected_benefit,
              benefit_lower, tail_loss, probability_better, data_as_of, idempotency_key, fingerprint, proposed_by,
              on_behalf_of, expires_at)
   ON proposal TO quartermaster_agent;
ALTER TABLE proposal ADD CONSTRAINT proposal_ends_within_a_day CHECK (expires_at <= created_at + interval '24 hours');
-- Nor choose a key under which another's document stands at the target.
ALTER TABLE proposal ADD CONSTRAINT proposal_key_is_its_own
    CHECK (starts_with(idempotency_key, tenant || ':' || proposal_id::text || ':'));
-- Nor may an answer be dated by who gives it.
REVOKE INSERT ON approval FROM quartermaster_operator;
GRANT INSERT (tenant, proposal_id, role, verdict, person, reason, fingerprint) ON approval TO quartermaster_operator;

-- The queue: everybody may ask for work, and change only what is the own process's to do. 'execute' is the executor's
-- queue, every other the agent's; the operator's processes work none. What a foreign key does to a row, it does as the
-- owner, so a worker that is forgotten still frees its jobs.
REVOKE UPDATE, DELETE ON procrastinate_jobs, procrastinate_workers, procrastinate_periodic_defers
  FROM quartermaster_operator;
REVOKE UPDATE, DELETE ON procrastinate_events
  FROM quartermaster_agent, quartermaster_operator, quartermaster_executor;
CREATE FUNCTION guard_job() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    refused boolean := false;
BEGIN
    IF current_user IN ('quartermaster_agent', 'quartermaster_executor') THEN
        IF TG_OP = 'INSERT' THEN
            refused := current_user = 'quartermaster_agent' AND NEW.queue_name = 'execute'
                       AND NEW.task_name <> 'actions.decide';
        ELSE
            refused := (OLD.queue_name = 'execute') <> (current_user = 'quartermaster_executor')
                       OR (TG_OP = 'UPDATE' AND (NEW.queue_name, NEW.task_name, NEW.args) IS DISTINCT FROM
                                                (OLD.queue_name, OLD.task_name, OLD.args));
        END IF;
    END IF;
    IF refused THEN
        RAISE EXCEPTION '% may not % job % of queue %', current_user, lower(TG_OP),
            CASE TG_OP WHEN 'INSERT' THEN NEW.task_name ELSE OLD.task_name END,
            CASE TG_OP WHEN 'INSERT' THEN NEW.queue_name ELSE OLD.queue_name END
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER guard_job BEFORE INSERT OR UPDATE OR DELETE ON procrastinate_jobs
    FOR EACH ROW EXECUTE FUNCTION guard_job();
