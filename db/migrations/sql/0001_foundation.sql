-- Tenants and what keeps them apart, and the grants on the job queue. The schemas `quartermaster` and `audit`, the
-- roles and the extension exist already: an administrator makes them (db/roles.py), the owner role runs this.

GRANT USAGE ON SCHEMA quartermaster, audit
   TO quartermaster_agent, quartermaster_operator, quartermaster_executor, quartermaster_sealer;

-- Every process compares the revision with its own before it starts.
GRANT SELECT ON alembic_version
   TO quartermaster_agent, quartermaster_operator, quartermaster_executor, quartermaster_sealer;

-- Call this for every table of ours, which needs a column `tenant text NOT NULL`. After it a session sees and writes the
-- rows of the tenant in `quartermaster.tenant` only; without the setting none at all. FORCE: the owner is held to it too.
CREATE FUNCTION isolate_tenant(name regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ALTER COLUMN tenant SET DEFAULT nullif(current_setting(''quartermaster.tenant'', true), '''')', name);
    EXECUTE format('ALTER TABLE %s ALTER COLUMN tenant SET NOT NULL', name);
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
        'CREATE POLICY tenant_isolation ON %s USING (tenant = current_setting(''quartermaster.tenant'', true)) '
        'WITH CHECK (tenant = current_setting(''quartermaster.tenant'', true))', name);
END $$;
REVOKE ALL ON FUNCTION isolate_tenant(regclass) FROM PUBLIC;

CREATE TABLE tenant (
    tenant     text PRIMARY KEY CHECK (tenant ~ '^[a-z][a-z0-9]*(-[a-z0-9]+)*$' AND length(tenant) <= 63),
    name       text NOT NULL CHECK (name <> ''),
    currency   char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    origin     text NOT NULL CHECK (origin IN ('simulated', 'imported')),
    clock_at   timestamptz,                          -- the frozen clock of simulated or historical data; null: the real one
    created_at timestamptz NOT NULL DEFAULT now()
);
SELECT isolate_tenant('tenant');

GRANT SELECT ON tenant TO quartermaster_agent, quartermaster_operator, quartermaster_executor, quartermaster_sealer;
-- Who imports or simulates a network makes its tenant and moves its clock; its slug, currency and origin never change.
GRANT INSERT, UPDATE (name, clock_at) ON tenant TO quartermaster_operator;

-- A worker has to know for which tenants to work. The function shows their slugs and nothing else; the second policy
-- opens the table to the owner inside the function alone.
CREATE POLICY tenant_listing ON tenant FOR SELECT TO quartermaster_owner
    USING (current_setting('quartermaster.listing', true) = 'on');
CREATE FUNCTION tenant_names() RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = quartermaster, pg_temp AS $$
BEGIN
    PERFORM set_config('quartermaster.listing', 'on', true);
    RETURN QUERY SELECT t.tenant FROM tenant t ORDER BY t.tenant;
    PERFORM set_config('quartermaster.listing', 'off', true);
END $$;
REVOKE ALL ON FUNCTION tenant_names() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenant_names()
   TO quartermaster_agent, quartermaster_operator, quartermaster_executor, quartermaster_sealer;

-- The queue carries ids only, so its tables are not kept apart by tenant. Its functions run with the caller's rights.
GRANT SELECT, INSERT, UPDATE, DELETE
   ON procrastinate_jobs, procrastinate_events, procrastinate_workers, procrastinate_periodic_defers
   TO quartermaster_agent, quartermaster_operator, quartermaster_executor;
GRANT USAGE ON SEQUENCE procrastinate_jobs_id_seq, procrastinate_events_id_seq, procrastinate_periodic_defers_id_seq
   TO quartermaster_agent, quartermaster_operator, quartermaster_executor;
