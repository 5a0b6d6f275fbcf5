-- The audit store. Writers append events in the transaction of the change they record; the sealer, and nobody else,
-- orders them into one RFC 6962 tree a tenant. docs/audit.md says what is hashed and what can and cannot be proved.
-- The schema exists already (db/roles.py).

-- Types and columns are hashed as text: changing one changes what auditors recompute. Add a new MAGIC in audit/entry.py
-- with any change here.
CREATE TABLE audit.event (
    transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),  -- what tells the sealer that nothing older can appear
    position       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant         text NOT NULL CHECK (tenant <> ''),
    event_id       uuid NOT NULL,
    at             timestamptz NOT NULL DEFAULT clock_timestamp(),
    writer         text NOT NULL DEFAULT current_user,          -- the database role, so that no writer can pose as another
    action         text NOT NULL CHECK (action ~ '^[a-z][a-z_]*\.[a-z][a-z_]*$'),
    actor_kind     text NOT NULL CHECK (actor_kind IN ('person', 'agent', 'service')),
    actor_id       text NOT NULL CHECK (actor_id <> ''),
    actor_version  text NOT NULL,
    actor_roles    text NOT NULL,                               -- sorted, a space between
    subject        text NOT NULL CHECK (subject ~ '^[a-z_]+:.'),-- 'case:C-00042', 'proposal:…', 'import:…'
    trace_id       text NOT NULL,
    body           bytea NOT NULL,                              -- RFC 8785 bytes as they were hashed
    UNIQUE (tenant, event_id)
);
CREATE INDEX event_by_transaction ON audit.event (transaction_id);
CREATE INDEX event_by_subject ON audit.event (tenant, subject, position);

-- One row a pass of the sealer. Everything below `horizon` was finished then, and is sealed. `cluster` says on which
-- database server: after dump and restore transaction ids start again, and the sealer looks at everything once.
CREATE TABLE audit.sealing (
    number  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    horizon xid8 NOT NULL,
    cluster text NOT NULL,
    at      timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- No foreign key to the event: it would cost more than all the hashing, and the verifier reports a missing event.
CREATE TABLE audit.leaf (
    tenant     text NOT NULL,
    leaf_index bigint NOT NULL CHECK (leaf_index >= 0),
    position   bigint NOT NULL UNIQUE,
    leaf_hash  bytea NOT NULL CHECK (octet_length(leaf_hash) = 32),
    PRIMARY KEY (tenant, leaf_index)
);

CREATE TABLE audit.checkpoint (
    tenant   text NOT NULL,
    size     bigint NOT NULL CHECK (size > 0),
    root     bytea NOT NULL CHECK (octet_length(root) = 32),
    frontier bytea NOT NULL,                                    -- roots of the complete subtrees, largest first
    note     text NOT NULL,                                     -- C2SP signed note
    sealing  bigint NOT NULL REFERENCES audit.sealing,
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, size)
);
CREATE INDEX checkpoint_by_sealing ON audit.checkpoint (sealing);

-- Append-only, for the owner too, and under session_replication_role = replica. A superuser can still disable a trigger:
-- that is what checkpoints outside the database are for.
CREATE FUNCTION audit.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: the audit store is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['event', 'sealing', 'leaf', 'checkpoint'] LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.%I
                        FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()', name);
        EXECUTE format('ALTER TABLE audit.%I ENABLE ALWAYS TRIGGER append_only', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['event', 'leaf', 'checkpoint'] LOOP
        EXECUTE format('ALTER TABLE audit.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE audit.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant_reads ON audit.%I FOR SELECT
                        TO quartermaster_agent, quartermaster_operator, quartermaster_executor
                        USING (tenant = current_setting(''quartermaster.tenant'', true))', name);
        EXECUTE format('CREATE POLICY sealer_reads ON audit.%I FOR SELECT TO quartermaster_sealer USING (true)', name);
    END LOOP;
END $$;

CREATE POLICY tenant_writes ON audit.event FOR INSERT
    TO quartermaster_agent, quartermaster_operator, quartermaster_executor, quartermaster_sealer
    WITH CHECK (tenant = current_setting('quartermaster.tenant', true));
-- What the agent's process says is its own doing. Decisions, approvals and writes are recorded by those who make them.
CREATE POLICY agent_writes ON audit.event AS RESTRICTIVE FOR INSERT TO quartermaster_agent
    WITH CHECK (split_part(action, '.', 1) IN ('tool', 'model', 'case', 'proposal', 'access'));
CREATE POLICY sealer_writes ON audit.leaf FOR INSERT TO quartermaster_sealer WITH CHECK (true);
CREATE POLICY sealer_writes ON audit.checkpoint FOR INSERT TO quartermaster_sealer WITH CHECK (true);

GRANT SELECT ON audit.event
    TO quartermaster_agent, quartermaster_operator, quartermaster_executor, quartermaster_sealer;
-- Column grants: position, transaction, time and writer are the database's to set.
GRANT INSERT (tenant, event_id, action, actor_kind, actor_id, actor_version, actor_roles, subject, trace_id, body)
    ON audit.event TO quartermaster_agent, quartermaster_operator, quartermaster_executor, quartermaster_sealer;
GRANT SELECT ON audit.leaf, audit.checkpoint, audit.sealing TO quartermaster_operator, quartermaster_sealer;
GRANT INSERT (horizon, cluster) ON audit.sealing TO quartermaster_sealer;
GRANT INSERT ON audit.leaf TO quartermaster_sealer;
GRANT INSERT (tenant, size, root, frontier, note, sealing) ON audit.checkpoint TO quartermaster_sealer;
