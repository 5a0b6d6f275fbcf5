-- How people and programs prove who they are. Nothing here can be used by whoever reads it: tokens and secrets are kept
-- as hashes, and a token names its tenant, so that it is looked up inside that tenant and nowhere else.

-- What a program calls with. A key is a service's: it can never approve, whatever its scopes.
CREATE TABLE api_key (
    tenant       text NOT NULL,
    key_id       text NOT NULL,                      -- the readable part of the key, 'demo-k7f3a9x2'
    name         text NOT NULL CHECK (name <> ''),   -- what uses it, in a person's words
    scopes       text[] NOT NULL CHECK (cardinality(scopes) > 0),
    secret_hash  bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
    made_by      text NOT NULL,
    made_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at   timestamptz NOT NULL,
    revoked_at   timestamptz,
    last_used_at timestamptz,                        -- to the minute
    PRIMARY KEY (tenant, key_id)
);

CREATE TABLE person_password (
    tenant text NOT NULL,
    person text NOT NULL,
    hash   text NOT NULL CHECK (hash LIKE '$argon2id$%'),
    set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, person),
    FOREIGN KEY (tenant, person) REFERENCES person
);

CREATE TABLE person_session (
    tenant     text NOT NULL,
    token_hash bytea NOT NULL CHECK (octet_length(token_hash) = 32),
    person     text NOT NULL,
    how        text NOT NULL CHECK (how IN ('password', 'link')),
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at    timestamptz NOT NULL DEFAULT clock_timestamp(),   -- to the minute
    expires_at timestamptz NOT NULL,                 -- the latest end, however busy
    ended_at   timestamptz,
    PRIMARY KEY (tenant, token_hash),
    FOREIGN KEY (tenant, person) REFERENCES person
);
CREATE INDEX session_of_person ON person_session (tenant, person) WHERE ended_at IS NULL;

CREATE TABLE sign_in_link (
    tenant     text NOT NULL,
    token_hash bytea NOT NULL CHECK (octet_length(token_hash) = 32),
    person     text NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    PRIMARY KEY (tenant, token_hash),
    FOREIGN KEY (tenant, person) REFERENCES person
);

-- Attempts to sign in since the last success, for a name (there may be nobody of that name) and for an address.
CREATE TABLE sign_in_attempt (
    tenant   text NOT NULL,
    subject  text NOT NULL CHECK (subject ~ '^(person|address):'),
    attempts integer NOT NULL CHECK (attempts >= 0),
    last_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, subject)
);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['api_key', 'person_password', 'person_session', 'sign_in_link', 'sign_in_attempt'] LOOP
        PERFORM isolate_tenant(name::regclass);
        EXECUTE format('GRANT SELECT ON %I TO quartermaster_operator', name);
    END LOOP;
END $$;

-- The operator's role alone, which the API and the command line have. The agent's and the executor's see nothing of it.
GRANT INSERT, UPDATE (revoked_at, last_used_at) ON api_key TO quartermaster_operator;
GRANT INSERT, UPDATE (hash, set_at) ON person_password TO quartermaster_operator;
GRANT INSERT, UPDATE (seen_at, ended_at), DELETE ON person_session TO quartermaster_operator;
GRANT INSERT, UPDATE (used_at), DELETE ON sign_in_link TO quartermaster_operator;
GRANT INSERT, UPDATE, DELETE ON sign_in_attempt TO quartermaster_operator;
