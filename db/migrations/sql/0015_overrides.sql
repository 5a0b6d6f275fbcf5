-- Planners' overrides of a forecast. They are ended, never deleted or changed: what was said stays on record, and what it
-- was worth is measured afterwards against the forecast that it replaced (`base`).

CREATE TABLE forecast_override (
    tenant        text NOT NULL,
    override_id   uuid NOT NULL DEFAULT gen_random_uuid(),
    sku           text NOT NULL,
    site          text NOT NULL,
    starts_on     date NOT NULL,
    ends_on       date NOT NULL,                     -- the last day it holds for: it expires with it
    multiplied_by float8 CHECK (multiplied_by >= 0 AND multiplied_by < 'Infinity'),
    set_to        float8 CHECK (set_to >= 0 AND set_to < 'Infinity'),   -- units a day, on average over its days
    reason        text NOT NULL CHECK (reason <> '' AND length(reason) <= 500),
    person        text NOT NULL,
    made_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    model         text NOT NULL,                     -- whose forecast was replaced
    base          float8[] NOT NULL,                 -- expected units on each of its days, without it
    PRIMARY KEY (tenant, override_id),
    CHECK (starts_on <= ends_on),
    CHECK (cardinality(base) = ends_on - starts_on + 1),
    CHECK ((multiplied_by IS NULL) <> (set_to IS NULL)),
    FOREIGN KEY (tenant, person) REFERENCES person
);
CREATE INDEX forecast_override_of_series ON forecast_override (tenant, ends_on, sku, site);

CREATE TABLE forecast_override_end (
    tenant      text NOT NULL,
    override_id uuid NOT NULL,
    ended_on    date NOT NULL,                       -- the first day it no longer holds for
    ended_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_by    text NOT NULL,
    reason      text NOT NULL CHECK (reason <> '' AND length(reason) <= 500),
    PRIMARY KEY (tenant, override_id),
    FOREIGN KEY (tenant, override_id) REFERENCES forecast_override,
    FOREIGN KEY (tenant, ended_by) REFERENCES person
);

SELECT isolate_tenant('forecast_override');
SELECT isolate_tenant('forecast_override_end');
GRANT SELECT ON forecast_override, forecast_override_end
   TO quartermaster_agent, quartermaster_operator, quartermaster_executor;
GRANT INSERT ON forecast_override, forecast_override_end TO quartermaster_operator;
