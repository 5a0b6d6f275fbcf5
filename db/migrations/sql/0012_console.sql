-- The console's threads: what a person was shown and said, for display only. Proposals, decisions and approvals are rows
-- elsewhere; nothing is decided by what stands here but which proposal, with which fingerprint, a card showed to whom.

CREATE TABLE console_thread (
    tenant     text NOT NULL,
    thread_id  uuid NOT NULL,
    person     text NOT NULL,
    name       text NOT NULL DEFAULT '' CHECK (length(name) <= 200),
    case_id    text,                                  -- the case opened last in it
    metadata   jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, thread_id),
    FOREIGN KEY (tenant, person) REFERENCES person
);
CREATE INDEX console_thread_of_person ON console_thread (tenant, person, changed_at DESC);

CREATE TABLE console_step (
    tenant     text NOT NULL,
    step_id    uuid NOT NULL,
    thread_id  uuid NOT NULL,
    shown_at   timestamptz NOT NULL,
    body       jsonb NOT NULL CHECK (pg_column_size(body) <= 1000000),
    PRIMARY KEY (tenant, step_id),
    FOREIGN KEY (tenant, thread_id) REFERENCES console_thread ON DELETE CASCADE
);
CREATE INDEX console_step_of_thread ON console_step (tenant, thread_id, shown_at);

CREATE TABLE console_element (
    tenant     text NOT NULL,
    element_id uuid NOT NULL,
    thread_id  uuid NOT NULL,
    body       jsonb NOT NULL CHECK (pg_column_size(body) <= 1000000),
    PRIMARY KEY (tenant, element_id),
    FOREIGN KEY (tenant, thread_id) REFERENCES console_thread ON DELETE CASCADE
);
CREATE INDEX console_element_of_thread ON console_element (tenant, thread_id);

-- A case as it was shown to a person. Buttons carry the card's id and nothing else.
CREATE TABLE console_card (
    tenant      text NOT NULL,
    card_id     uuid NOT NULL,
    thread_id   uuid NOT NULL,
    person      text NOT NULL,
    case_id     text NOT NULL,
    proposal_id uuid,
    fingerprint text NOT NULL DEFAULT '',
    told        text[] NOT NULL DEFAULT '{}',         -- what has been said in the thread of the proposal's life
    shown_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, card_id),
    FOREIGN KEY (tenant, thread_id) REFERENCES console_thread ON DELETE CASCADE,
    FOREIGN KEY (tenant, case_id) REFERENCES case_file
);
CREATE INDEX console_card_of_thread ON console_card (tenant, thread_id);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['console_thread', 'console_step', 'console_element', 'console_card'] LOOP
        PERFORM isolate_tenant(name::regclass);
        EXECUTE format('GRANT SELECT, INSERT, DELETE ON %I TO quartermaster_operator', name);
    END LOOP;
END $$;

GRANT UPDATE (name, case_id, metadata, changed_at) ON console_thread TO quartermaster_operator;
GRANT UPDATE (body) ON console_step, console_element TO quartermaster_operator;
GRANT UPDATE (told) ON console_card TO quartermaster_operator;
