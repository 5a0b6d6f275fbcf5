-- The warehouse network as it was told to us: master data, stock, orders, demand. Natural keys, one tenant a row set.
-- Every imported row names its batch and its row in the file; the batch names the file's hash.

CREATE TABLE import_batch (
    tenant       text NOT NULL,
    batch_id     uuid NOT NULL DEFAULT gen_random_uuid(),
    source       text NOT NULL,                     -- 'contract' or 'uci-online-retail'
    content_hash text NOT NULL,                     -- over all files; the same content is imported once
    as_of        timestamptz NOT NULL,              -- the moment the data describe
    files        jsonb NOT NULL,                    -- [{"table", "name", "sha256", "rows", "quarantined"}]
    provenance   text NOT NULL CHECK (provenance IN ('measured', 'simulated')),
    rules        jsonb NOT NULL DEFAULT '[]',       -- documented rules by which missing parts were derived
    imported_at  timestamptz NOT NULL DEFAULT now(),
    imported_by  text NOT NULL,
    PRIMARY KEY (tenant, batch_id),
    UNIQUE (tenant, content_hash)
);

CREATE TABLE quarantined_row (
    tenant      text NOT NULL,
    row_id      bigint GENERATED ALWAYS AS IDENTITY,
    batch_id    uuid NOT NULL,
    file        text NOT NULL,
    row_number  integer NOT NULL,                   -- 1 is the first row after the header
    reason      text NOT NULL,
    record      jsonb NOT NULL,                     -- the row as it was read
    replayed_at timestamptz,
    PRIMARY KEY (tenant, row_id),
    FOREIGN KEY (tenant, batch_id) REFERENCES import_batch
);

CREATE TABLE site (
    tenant            text NOT NULL,
    site              text NOT NULL,
    name              text NOT NULL,
    kind              text NOT NULL CHECK (kind IN ('dc', 'warehouse', 'store', '3pl')),
    country           char(2) NOT NULL,
    timezone          text NOT NULL,
    gln               text,
    cold_capacity     numeric CHECK (cold_capacity >= 0),   -- m³; null: no cold room
    batch_id          uuid NOT NULL,
    source_row        integer,
    PRIMARY KEY (tenant, site)
);

CREATE TABLE supplier (
    tenant              text NOT NULL,
    supplier            text NOT NULL,
    name                text NOT NULL,
    country             char(2) NOT NULL,
    minimum_order_value numeric NOT NULL DEFAULT 0 CHECK (minimum_order_value >= 0),
    currency            char(3) NOT NULL,
    batch_id            uuid NOT NULL,
    source_row          integer,
    PRIMARY KEY (tenant, supplier)
);

CREATE TABLE customer (
    tenant     text NOT NULL,
    customer   text NOT NULL,
    name       text NOT NULL,
    tier       text NOT NULL CHECK (tier IN ('gold', 'silver', 'bronze')),
    batch_id   uuid NOT NULL,
    source_row integer,
    PRIMARY KEY (tenant, customer)
);

CREATE TABLE item (
    tenant          text NOT NULL,
    sku             text NOT NULL,
    name            text NOT NULL,
    gtin            text,
    category        text,
    unit            text NOT NULL,                   -- UN/ECE Recommendation 20 code of the base unit, 'EA' mostly
    unit_cost       numeric NOT NULL CHECK (unit_cost >= 0),
    unit_price      numeric NOT NULL CHECK (unit_price >= 0),
    currency        char(3) NOT NULL,
    storage_class   text NOT NULL CHECK (storage_class IN ('ambient', 'chilled', 'frozen')),
    shelf_life_days integer CHECK (shelf_life_days > 0),
    unit_volume     numeric NOT NULL CHECK (unit_volume > 0),   -- m³
    batch_id        uuid NOT NULL,
    source_row      integer,
    PRIMARY KEY (tenant, sku)
);

CREATE TABLE item_pack (
    tenant     text NOT NULL,
    sku        text NOT NULL,
    unit       text NOT NULL,                        -- 'CS' case, 'PF' pallet, …
    factor     numeric NOT NULL CHECK (factor > 0),  -- base units in one
    batch_id   uuid NOT NULL,
    source_row integer,
    PRIMARY KEY (tenant, sku, unit),
    FOREIGN KEY (tenant, sku) REFERENCES item
);

CREATE TABLE item_alias (
    tenant     text NOT NULL,
    alias      text NOT NULL,
    sku        text NOT NULL,
    batch_id   uuid NOT NULL,
    source_row integer,
    PRIMARY KEY (tenant, alias, sku),
    FOREIGN KEY (tenant, sku) REFERENCES item
);

CREATE TABLE item_supplier (
    tenant                 text NOT NULL,
    sku                    text NOT NULL,
    supplier               text NOT NULL,
    unit_cost              numeric NOT NULL CHECK (unit_cost >= 0),
    lead_time_days         numeric NOT NULL CHECK (lead_time_days >= 0),
    lead_time_sd_days      numeric NOT NULL CHECK (lead_time_sd_days >= 0),
    minimum_order_quantity numeric NOT NULL DEFAULT 0 CHECK (minimum_order_quantity >= 0),
    order_multiple         numeric NOT NULL DEFAULT 1 CHECK (order_multiple > 0),
    preferred              boolean NOT NULL DEFAULT true,
    provenance             text NOT NULL DEFAULT 'measured' CHECK (provenance IN ('measured', 'simulated', 'derived')),
    batch_id               uuid NOT NULL,
    source_row             integer,
    PRIMARY KEY (tenant, sku, supplier),
    FOREIGN KEY (tenant, sku) REFERENCES item,
    FOREIGN KEY (tenant, supplier) REFERENCES supplier
);

CREATE TABLE item_site (
    tenant        text NOT NULL,
    sku           text NOT NULL,
    site          text NOT NULL,
    listed_on     date NOT NULL,                     -- a day without a demand row from here on is a day of zero demand
    reorder_point numeric CHECK (reorder_point >= 0),
    order_up_to   numeric CHECK (order_up_to >= 0),
    safety_stock  numeric CHECK (safety_stock >= 0),
    service_level numeric CHECK (service_level > 0 AND service_level < 1),
    supply_from   text,                              -- the site that feeds this one; null: straight from the supplier
    planner       text,
    provenance    text NOT NULL DEFAULT 'measured' CHECK (provenance IN ('measured', 'simulated', 'derived')),
    batch_id      uuid NOT NULL,
    source_row    integer,
    PRIMARY KEY (tenant, sku, site),
    FOREIGN KEY (tenant, sku) REFERENCES item,
    FOREIGN KEY (tenant, site) REFERENCES site
);

CREATE TABLE stock (
    tenant     text NOT NULL,
    sku        text NOT NULL,
    site       text NOT NULL,
    lot        text NOT NULL DEFAULT '',             -- '' : not kept by lot
    state      text NOT NULL CHECK (state IN ('available', 'reserved', 'quarantined', 'damaged')),
    quantity   numeric NOT NULL CHECK (quantity >= 0),
    expires_on date,
    counted_at timestamptz NOT NULL,
    provenance text NOT NULL DEFAULT 'measured' CHECK (provenance IN ('measured', 'simulated', 'derived')),
    batch_id   uuid NOT NULL,
    source_row integer,
    PRIMARY KEY (tenant, sku, site, lot, state),
    FOREIGN KEY (tenant, sku, site) REFERENCES item_site
);

CREATE TABLE demand (
    tenant      text NOT NULL,
    sku         text NOT NULL,
    site        text NOT NULL,
    day         date NOT NULL,
    quantity    numeric NOT NULL,                    -- net of returns; may be negative on a day of returns
    unit_price  numeric,
    stocked_out boolean NOT NULL DEFAULT false,      -- demand was censored: what was sold is not what was wanted
    batch_id    uuid NOT NULL,
    source_row  integer,
    PRIMARY KEY (tenant, sku, site, day)
);

CREATE TABLE promotion (
    tenant     text NOT NULL,
    promotion  text NOT NULL,
    sku        text NOT NULL,
    site       text NOT NULL,                        -- '*': everywhere
    starts_on  date NOT NULL,
    ends_on    date NOT NULL CHECK (ends_on >= starts_on),
    discount   numeric NOT NULL CHECK (discount >= 0 AND discount < 1),
    known_on   date NOT NULL,                        -- nobody could plan with it before this day
    batch_id   uuid NOT NULL,
    source_row integer,
    PRIMARY KEY (tenant, promotion, sku, site)
);

CREATE TABLE purchase_order_line (
    tenant      text NOT NULL,
    order_no    text NOT NULL,
    line_no     integer NOT NULL,
    supplier    text NOT NULL,
    sku         text NOT NULL,
    site        text NOT NULL,
    quantity    numeric NOT NULL CHECK (quantity > 0),
    received    numeric NOT NULL DEFAULT 0 CHECK (received >= 0),
    unit_cost   numeric NOT NULL CHECK (unit_cost >= 0),
    ordered_on  date NOT NULL,
    due_on      date NOT NULL,                       -- as first agreed
    promised_on date,                                -- the supplier's latest word
    received_on date,                                -- null while open
    batch_id    uuid NOT NULL,
    source_row  integer,
    PRIMARY KEY (tenant, order_no, line_no)
);

CREATE TABLE transfer_order_line (
    tenant      text NOT NULL,
    order_no    text NOT NULL,
    line_no     integer NOT NULL,
    sku         text NOT NULL,
    source      text NOT NULL,
    destination text NOT NULL,
    lot         text NOT NULL DEFAULT '',
    quantity    numeric NOT NULL CHECK (quantity > 0),
    shipped_on  date,
    due_on      date NOT NULL,
    received_on date,
    batch_id    uuid NOT NULL,
    source_row  integer,
    PRIMARY KEY (tenant, order_no, line_no)
);

CREATE TABLE customer_order_line (
    tenant     text NOT NULL,
    order_no   text NOT NULL,
    line_no    integer NOT NULL,
    customer   text NOT NULL,
    sku        text NOT NULL,
    site       text NOT NULL,
    quantity   numeric NOT NULL CHECK (quantity > 0),
    ordered_on date NOT NULL,
    due_on     date NOT NULL,
    shipped_on date,
    batch_id   uuid NOT NULL,
    source_row integer,
    PRIMARY KEY (tenant, order_no, line_no)
);

CREATE TABLE lane (
    tenant         text NOT NULL,
    source         text NOT NULL,
    destination    text NOT NULL,
    lead_time_days integer NOT NULL CHECK (lead_time_days >= 0),
    fixed_cost     numeric NOT NULL CHECK (fixed_cost >= 0),        -- a truck
    cost_per_m3    numeric NOT NULL CHECK (cost_per_m3 >= 0),
    capacity_m3    numeric NOT NULL CHECK (capacity_m3 >= 0),       -- a truck
    chilled        boolean NOT NULL DEFAULT false,
    currency       char(3) NOT NULL,
    provenance     text NOT NULL DEFAULT 'measured' CHECK (provenance IN ('measured', 'simulated', 'derived')),
    batch_id       uuid NOT NULL,
    source_row     integer,
    PRIMARY KEY (tenant, source, destination),
    CHECK (source <> destination),
    FOREIGN KEY (tenant, source) REFERENCES site,
    FOREIGN KEY (tenant, destination) REFERENCES site
);

CREATE INDEX purchase_order_open ON purchase_order_line (tenant, sku, site) WHERE received_on IS NULL;
CREATE INDEX transfer_order_open ON transfer_order_line (tenant, sku) WHERE received_on IS NULL;
CREATE INDEX customer_order_open ON customer_order_line (tenant, sku, site) WHERE shipped_on IS NULL;
CREATE INDEX stock_by_site ON stock (tenant, site);
CREATE INDEX demand_by_day ON demand (tenant, day);

-- Forecasts: one row an item × site and model version; arrays over days after origin_day.
CREATE TABLE model_version (
    tenant        text NOT NULL,
    model_id      uuid NOT NULL DEFAULT gen_random_uuid(),
    name          text NOT NULL,                     -- 'demand'
    version       integer NOT NULL,
    batch_id      uuid NOT NULL,
    artefact_hash text NOT NULL,
    parameters    jsonb NOT NULL,
    metrics       jsonb NOT NULL,
    trained_at    timestamptz NOT NULL DEFAULT now(),
    trained_by    text NOT NULL,
    PRIMARY KEY (tenant, model_id),
    UNIQUE (tenant, name, version)
);

CREATE TABLE forecast (
    tenant           text NOT NULL,
    model_id         uuid NOT NULL,
    sku              text NOT NULL,
    site             text NOT NULL,
    origin_day       date NOT NULL,                  -- the first forecast day is origin_day itself
    mean             float8[] NOT NULL,              -- units a day
    levels           float8[] NOT NULL,
    quantiles        float8[] NOT NULL,              -- days × levels
    rank_correlation float8 NOT NULL,
    method           text NOT NULL,
    reason           text NOT NULL,
    coverage80       float8,
    PRIMARY KEY (tenant, model_id, sku, site),
    FOREIGN KEY (tenant, model_id) REFERENCES model_version
);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['import_batch', 'quarantined_row', 'site', 'supplier', 'customer', 'item', 'item_pack',
        'item_alias', 'item_supplier', 'item_site', 'stock', 'demand', 'promotion', 'purchase_order_line',
        'transfer_order_line', 'customer_order_line', 'lane', 'model_version', 'forecast']
    LOOP
        PERFORM isolate_tenant(name::regclass);
        EXECUTE format('GRANT SELECT ON %I TO quartermaster_agent, quartermaster_operator, quartermaster_executor', name);
        -- Imports and training are a signed-in person's or their scheduled job's: the operator role.
        EXECUTE format('GRANT INSERT, UPDATE, DELETE ON %I TO quartermaster_operator', name);
    END LOOP;
END $$;
