-- The model registry: what serves, since when, by whose word and why, and how it does. Before this the newest served.

ALTER TABLE model_version
    ADD COLUMN state         text NOT NULL DEFAULT 'candidate'
                             CHECK (state IN ('candidate', 'serving', 'retired', 'rejected')),
    ADD COLUMN owner         text NOT NULL DEFAULT '',            -- the person who answers for it
    ADD COLUMN features      text[] NOT NULL DEFAULT '{}',
    ADD COLUMN features_hash text NOT NULL DEFAULT '',
    ADD COLUMN code          text NOT NULL DEFAULT '',            -- the program's version and a digest of the forecasting code
    ADD COLUMN libraries     jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN sources       text[] NOT NULL DEFAULT '{}',        -- what it was permitted to learn from, table:provenance
    ADD COLUMN standing      jsonb NOT NULL DEFAULT '{}',         -- the back-test of what serves, all series together
    ADD COLUMN inputs        jsonb NOT NULL DEFAULT '{}',         -- how demand was distributed while it learned
    ADD COLUMN gate          jsonb NOT NULL DEFAULT '{}';         -- the checks before promotion, each with its limit

-- The owner is held to row-level security, and a migration speaks for no tenant: for this one statement it is not.
ALTER TABLE model_version NO FORCE ROW LEVEL SECURITY;
UPDATE model_version AS m SET owner = trained_by,
       state = CASE WHEN EXISTS (SELECT FROM model_version AS newer
                                  WHERE newer.tenant = m.tenant AND newer.name = m.name AND newer.version > m.version)
                    THEN 'retired' ELSE 'serving' END;
ALTER TABLE model_version FORCE ROW LEVEL SECURITY;

CREATE UNIQUE INDEX one_serving_version ON model_version (tenant, name) WHERE state = 'serving';

-- What a version is never changes, only what it is used for. Nothing is taken back but old forecasts.
REVOKE UPDATE, DELETE ON model_version FROM quartermaster_operator;
GRANT UPDATE (state) ON model_version TO quartermaster_operator;
REVOKE UPDATE ON forecast FROM quartermaster_operator;

-- A version may forecast again from a later day; the newest origin serves, earlier ones are what its errors are told by.
ALTER TABLE forecast DROP CONSTRAINT forecast_pkey, ADD PRIMARY KEY (tenant, model_id, origin_day, sku, site);

-- Every change of a version's state, in order.
CREATE TABLE model_move (
    tenant   text NOT NULL,
    move_id  bigint GENERATED ALWAYS AS IDENTITY,
    model_id uuid NOT NULL,
    state    text NOT NULL CHECK (state IN ('candidate', 'serving', 'retired', 'rejected')),
    moved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    moved_by text NOT NULL,
    kind     text NOT NULL CHECK (kind IN ('person', 'service')),
    reason   text NOT NULL CHECK (reason <> '' AND length(reason) <= 500),
    PRIMARY KEY (tenant, move_id),
    FOREIGN KEY (tenant, model_id) REFERENCES model_version
);
CREATE INDEX model_move_of_version ON model_move (tenant, model_id, move_id DESC);

-- Each look at how the serving version does on the data of one import.
CREATE TABLE model_watch (
    tenant     text NOT NULL,
    watch_id   bigint GENERATED ALWAYS AS IDENTITY,
    model_id   uuid NOT NULL,
    batch_id   uuid NOT NULL,
    watched_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    drifted    boolean NOT NULL,
    checks     jsonb NOT NULL,
    PRIMARY KEY (tenant, watch_id),
    FOREIGN KEY (tenant, model_id) REFERENCES model_version
);
CREATE INDEX model_watch_of_version ON model_watch (tenant, model_id, watch_id DESC);

SELECT isolate_tenant('model_move');
SELECT isolate_tenant('model_watch');
GRANT SELECT ON model_move, model_watch TO quartermaster_agent, quartermaster_operator, quartermaster_executor;
GRANT INSERT ON model_move, model_watch TO quartermaster_operator;

-- What drives a forecast, in units a day that add up to its mean: told when it is made, the artefact is not asked again.
ALTER TABLE forecast ADD COLUMN drivers jsonb NOT NULL DEFAULT '{}';
