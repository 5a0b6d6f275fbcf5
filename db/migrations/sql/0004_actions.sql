-- The life of a case and of an action. What is decided is inserted, never changed; only `case_file`, `proposal_state`
-- and `outbox` move, and each move is an audit event in the same transaction.

CREATE TABLE event (
    tenant      text NOT NULL,
    source      text NOT NULL,
    event_id    text NOT NULL,                       -- the sender's; the same event twice is one event
    type        text NOT NULL,
    occurred_at timestamptz NOT NULL,
    payload     jsonb NOT NULL,
    fingerprint text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, source, event_id)
);

CREATE TABLE case_file (
    tenant        text NOT NULL,
    case_id       text NOT NULL,                     -- 'C-00042', counted within the tenant
    kind          text NOT NULL CHECK (kind IN
                    ('stockout_risk', 'overstock', 'late_supply', 'expiry_risk', 'demand_anomaly', 'cold_chain')),
    sku           text,
    site          text,
    subject       text NOT NULL,                     -- what it is about, for de-duplication: 'stockout_risk:SKU:SITE'
    status        text NOT NULL CHECK (status IN ('open', 'triaged', 'closed')),
    severity      text NOT NULL CHECK (severity IN ('low', 'medium', 'high')),
    money_at_risk numeric NOT NULL CHECK (money_at_risk >= 0),
    currency      char(3) NOT NULL,
    tier          text CHECK (tier IN ('gold', 'silver', 'bronze')),     -- the highest tier of an order in danger
    at_risk_on    date,                              -- when it is too late
    summary       text NOT NULL,
    opened_at     timestamptz NOT NULL DEFAULT now(),
    closed_at     timestamptz,
    event_source  text,
    event_id      text,
    PRIMARY KEY (tenant, case_id),
    FOREIGN KEY (tenant, event_source, event_id) REFERENCES event
);
CREATE UNIQUE INDEX case_open_once ON case_file (tenant, subject) WHERE status <> 'closed';

CREATE TABLE evidence (
    tenant      text NOT NULL,
    evidence_id uuid NOT NULL DEFAULT gen_random_uuid(),
    case_id     text,
    tool        text NOT NULL,
    arguments   jsonb NOT NULL,
    status      text NOT NULL CHECK (status IN ('success', 'error', 'no_data', 'denied')),
    result      jsonb NOT NULL,
    as_of       timestamptz NOT NULL,
    versions    jsonb NOT NULL,
    fingerprint text NOT NULL,
    actor       text NOT NULL,
    trace_id    text NOT NULL,
    duration_ms float8 NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, evidence_id),
    FOREIGN KEY (tenant, case_id) REFERENCES case_file
);
CREATE INDEX evidence_of_case ON evidence (tenant, case_id, created_at);

CREATE TABLE proposal (
    tenant             text NOT NULL,
    proposal_id        uuid NOT NULL DEFAULT gen_random_uuid(),
    case_id            text NOT NULL,
    kind               text NOT NULL CHECK (kind IN ('transfer', 'purchase')),
    payload            jsonb NOT NULL,               -- actions.port.TransferOrder or PurchaseOrder
    sku                text NOT NULL GENERATED ALWAYS AS (payload ->> 'sku') STORED,
    evidence_id        uuid NOT NULL,                -- the comparison it stands on
    value              numeric NOT NULL CHECK (value >= 0),
    currency           char(3) NOT NULL,
    reversible         boolean NOT NULL,
    expected_benefit   numeric NOT NULL,
    benefit_lower      numeric NOT NULL,
    tail_loss          numeric NOT NULL,             -- mean of the worst decile of the benefit; negative is a loss
    probability_better numeric NOT NULL CHECK (probability_better BETWEEN 0 AND 1),
    data_as_of         timestamptz NOT NULL,
    idempotency_key    text NOT NULL,                -- made once, here
    fingerprint        text NOT NULL,                -- over everything above
    proposed_by        text NOT NULL,
    on_behalf_of       text,                         -- the person who asked, when there was one
    created_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at         timestamptz NOT NULL,
    PRIMARY KEY (tenant, proposal_id),
    UNIQUE (tenant, idempotency_key),
    FOREIGN KEY (tenant, case_id) REFERENCES case_file,
    FOREIGN KEY (tenant, evidence_id) REFERENCES evidence
);
CREATE INDEX proposal_of_case ON proposal (tenant, case_id);
CREATE INDEX proposal_of_item ON proposal (tenant, sku);      -- what else is under way for the same goods

CREATE TABLE decision (
    tenant         text NOT NULL,
    decision_id    uuid NOT NULL DEFAULT gen_random_uuid(),
    proposal_id    uuid NOT NULL,
    stage          text NOT NULL CHECK (stage IN ('proposal', 'before_write')),
    outcome        text NOT NULL CHECK (outcome IN ('automatic', 'approval', 'denied', 'observed')),
    reasons        jsonb NOT NULL,                   -- [{"policy", "reason"}] that determined it
    approver_roles text[] NOT NULL,
    policy_hash    text NOT NULL,                    -- '' when no policy could be loaded
    engine         text NOT NULL,
    input          jsonb NOT NULL,                   -- everything the gate saw, so that it can be replayed
    decided_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, decision_id),
    FOREIGN KEY (tenant, proposal_id) REFERENCES proposal
);
CREATE INDEX decision_of_proposal ON decision (tenant, proposal_id, decided_at);
CREATE INDEX decision_automatic ON decision (tenant, decided_at) WHERE stage = 'proposal' AND outcome = 'automatic';
CREATE UNIQUE INDEX decision_first_once ON decision (tenant, proposal_id) WHERE stage = 'proposal';

CREATE TABLE approval (
    tenant      text NOT NULL,
    proposal_id uuid NOT NULL,
    role        text NOT NULL,                       -- the role in which this person answered
    verdict     text NOT NULL CHECK (verdict IN ('approved', 'rejected')),
    person      text NOT NULL,
    reason      text NOT NULL DEFAULT '',
    fingerprint text NOT NULL,                       -- of the proposal as the person saw it
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, proposal_id, role),
    FOREIGN KEY (tenant, proposal_id) REFERENCES proposal
);

CREATE TABLE proposal_state (
    tenant      text NOT NULL,
    proposal_id uuid NOT NULL,
    state       text NOT NULL CHECK (state IN ('pending', 'observed', 'denied', 'waiting', 'approved', 'rejected',
                    'expired', 'sent', 'unknown', 'confirmed', 'conflict', 'failed')),
    changed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, proposal_id),
    FOREIGN KEY (tenant, proposal_id) REFERENCES proposal
);

CREATE TABLE outbox (
    tenant          text NOT NULL,
    outbox_id       uuid NOT NULL DEFAULT gen_random_uuid(),
    proposal_id     uuid NOT NULL,
    target          text NOT NULL,                   -- 'tryton'
    idempotency_key text NOT NULL,
    request         jsonb NOT NULL,                  -- actions.port.WriteRequest
    state           text NOT NULL CHECK (state IN
                      ('pending', 'sending', 'confirmed', 'unknown', 'conflict', 'failed')),
    attempts        integer NOT NULL DEFAULT 0,
    document        jsonb,                           -- actions.port.Document as read back
    last_error      text NOT NULL DEFAULT '',
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, outbox_id),
    UNIQUE (tenant, proposal_id),                    -- one write a proposal
    UNIQUE (tenant, idempotency_key),
    FOREIGN KEY (tenant, proposal_id) REFERENCES proposal
);
CREATE INDEX outbox_unfinished ON outbox (tenant, created_at) WHERE state IN ('pending', 'sending', 'unknown');

-- People who may sign in; roles and limits are master data, set by the owner, read by the gate.
CREATE TABLE person (
    tenant         text NOT NULL,
    person         text NOT NULL,
    name           text NOT NULL,
    roles          text[] NOT NULL,                  -- planner, supervisor, procurement_manager, quality, auditor
    approval_limit numeric NOT NULL DEFAULT 0,       -- highest value this person may approve, tenant currency
    active         boolean NOT NULL DEFAULT true,
    PRIMARY KEY (tenant, person)
);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['person', 'event', 'case_file', 'evidence', 'proposal', 'decision', 'approval', 'proposal_state', 'outbox']
    LOOP
        PERFORM isolate_tenant(name::regclass);
        EXECUTE format('GRANT SELECT ON %I TO quartermaster_agent, quartermaster_operator, quartermaster_executor', name);
    END LOOP;
END $$;

-- The agent opens cases, keeps evidence, proposes. It cannot decide, approve or enqueue a write.
GRANT INSERT ON event, case_file, evidence, proposal TO quartermaster_agent;
GRANT UPDATE (status, severity, money_at_risk, at_risk_on, summary, closed_at) ON case_file TO quartermaster_agent;
-- The operator role is a signed-in person: events in, approvals.
GRANT INSERT ON event, case_file, evidence, approval TO quartermaster_operator;
GRANT UPDATE (status, closed_at, summary) ON case_file TO quartermaster_operator;
GRANT INSERT ON outbox TO quartermaster_operator;     -- an approval enqueues its write; the guard below checks it
GRANT UPDATE (state, changed_at) ON proposal_state TO quartermaster_operator;
-- The executor decides and writes; it cannot make a proposal or an approval.
GRANT INSERT ON decision, outbox TO quartermaster_executor;
GRANT UPDATE (state, changed_at) ON proposal_state TO quartermaster_executor;
GRANT UPDATE (state, attempts, document, last_error, changed_at) ON outbox TO quartermaster_executor;
GRANT UPDATE (status, closed_at, summary) ON case_file TO quartermaster_executor;

-- A proposal starts pending in the same transaction; the agent cannot choose another state.
CREATE FUNCTION start_proposal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = quartermaster, pg_temp AS $$
BEGIN
    INSERT INTO proposal_state (tenant, proposal_id, state) VALUES (NEW.tenant, NEW.proposal_id, 'pending');
    RETURN NULL;
END $$;
CREATE TRIGGER start_proposal AFTER INSERT ON proposal FOR EACH ROW EXECUTE FUNCTION start_proposal();

-- No write without its gate: an outbox row needs an automatic decision, or an approval from every role that was named.
CREATE FUNCTION guard_outbox() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = quartermaster, pg_temp AS $$
DECLARE
    made decision%ROWTYPE;
    hash text;
BEGIN
    SELECT * INTO made FROM decision d
     WHERE d.tenant = NEW.tenant AND d.proposal_id = NEW.proposal_id AND d.stage = 'proposal';
    IF NOT FOUND OR made.outcome NOT IN ('automatic', 'approval') THEN
        RAISE EXCEPTION 'proposal % has no decision that permits a write', NEW.proposal_id;
    END IF;
    IF made.outcome = 'approval' THEN
        SELECT fingerprint INTO hash FROM proposal p WHERE p.tenant = NEW.tenant AND p.proposal_id = NEW.proposal_id;
        IF cardinality(made.approver_roles) = 0 OR EXISTS (
            SELECT FROM unnest(made.approver_roles) AS needed(role)
             WHERE NOT EXISTS (SELECT FROM approval a WHERE a.tenant = NEW.tenant AND a.proposal_id = NEW.proposal_id
                                  AND a.role = needed.role AND a.verdict = 'approved' AND a.fingerprint = hash)
        ) OR EXISTS (
            SELECT FROM approval a WHERE a.tenant = NEW.tenant AND a.proposal_id = NEW.proposal_id AND a.verdict = 'rejected'
        ) THEN
            RAISE EXCEPTION 'proposal % lacks an approval that its decision asks for', NEW.proposal_id;
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_outbox BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION guard_outbox();
