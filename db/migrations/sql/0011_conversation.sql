-- Threads of conversations, and what the graph remembers of each. The agent's role alone reads and writes them.

CREATE TABLE thread (
    tenant     text NOT NULL,
    thread_id  text NOT NULL CHECK (thread_id <> '' AND length(thread_id) <= 120),   -- the surface's name for it
    person     text NOT NULL,                        -- whose it is, for good
    memory     uuid NOT NULL DEFAULT gen_random_uuid(),   -- the saver's key: no tenant can name another's
    case_id    text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    used_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    busy_until timestamptz,                          -- a turn is under way; a killed one lets go by itself
    PRIMARY KEY (tenant, thread_id),
    UNIQUE (memory),
    FOREIGN KEY (tenant, case_id) REFERENCES case_file
);
CREATE INDEX thread_of_person ON thread (tenant, person, used_at DESC);
SELECT isolate_tenant('thread');
GRANT SELECT ON thread TO quartermaster_agent, quartermaster_operator;
GRANT INSERT (tenant, thread_id, person, case_id), UPDATE (case_id, used_at, busy_until) ON thread
   TO quartermaster_agent;

-- The tables of langgraph-checkpoint-postgres as its setup() would make them (ten migrations, the last adds task_path),
-- made here because they are kept apart by tenant: the saver never names the column, its default does.
-- A test compares them with the installed library's own.
CREATE TABLE checkpoints (
    tenant               text NOT NULL,
    thread_id            text NOT NULL,
    checkpoint_ns        text NOT NULL DEFAULT '',
    checkpoint_id        text NOT NULL,
    parent_checkpoint_id text,
    type                 text,
    checkpoint           jsonb NOT NULL,
    metadata             jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id)
);
CREATE TABLE checkpoint_blobs (
    tenant        text NOT NULL,
    thread_id     text NOT NULL,
    checkpoint_ns text NOT NULL DEFAULT '',
    channel       text NOT NULL,
    version       text NOT NULL,
    type          text NOT NULL,
    blob          bytea,
    PRIMARY KEY (thread_id, checkpoint_ns, channel, version)
);
CREATE TABLE checkpoint_writes (
    tenant        text NOT NULL,
    thread_id     text NOT NULL,
    checkpoint_ns text NOT NULL DEFAULT '',
    checkpoint_id text NOT NULL,
    task_id       text NOT NULL,
    idx           integer NOT NULL,
    channel       text NOT NULL,
    type          text,
    blob          bytea NOT NULL,
    task_path     text NOT NULL DEFAULT '',
    PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['checkpoints', 'checkpoint_blobs', 'checkpoint_writes'] LOOP
        PERFORM isolate_tenant(name::regclass);
        -- DELETE: what a newer checkpoint of the same thread replaces is not kept.
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO quartermaster_agent', name);
    END LOOP;
END $$;

-- The agent records what it was asked and answered.
ALTER POLICY agent_writes ON audit.event
    WITH CHECK (split_part(action, '.', 1) IN ('tool', 'model', 'case', 'proposal', 'access', 'question'));
