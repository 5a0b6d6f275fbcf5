-- The life of a case beyond its first triage: what it was last worked on, and since when its finding is gone. And when
-- a tenant's network was last looked at, so that workers take turns.

ALTER TABLE case_file
    ADD note            text NOT NULL DEFAULT '',    -- what there is to say about it now
    ADD reopened_at     timestamptz,                 -- what was proposed before belongs to an earlier round
    ADD worked_at       timestamptz,                 -- the end of the last round, and the facts that it stood on:
    ADD worked_batch    uuid,
    ADD worked_model    uuid,
    ADD worked_money    numeric,
    ADD worked_severity text,
    ADD gone_since      timestamptz;                 -- a sweep could tell that its finding is gone; null: it stands
GRANT UPDATE (note, reopened_at, worked_at, worked_batch, worked_model, worked_money, worked_severity, gone_since)
   ON case_file TO quartermaster_agent;
-- Only what looks at the network moves a case, and that is the agent's: an answer or a write moves its proposal.
REVOKE UPDATE (status, closed_at, summary) ON case_file FROM quartermaster_operator, quartermaster_executor;

CREATE TABLE last_sweep (
    tenant   text PRIMARY KEY,
    swept_at timestamptz NOT NULL,
    batch_id uuid,                                   -- the newest import then; null: none
    model_id uuid,                                   -- the newest demand model then; null: none
    pairs    integer NOT NULL,                       -- item × sites that were looked at
    findings integer NOT NULL,
    opened   integer NOT NULL,
    reopened integer NOT NULL,
    closed   integer NOT NULL,
    seconds  float8 NOT NULL
);
SELECT isolate_tenant('last_sweep');
GRANT SELECT ON last_sweep TO quartermaster_agent, quartermaster_operator;
GRANT INSERT, UPDATE ON last_sweep TO quartermaster_agent;
