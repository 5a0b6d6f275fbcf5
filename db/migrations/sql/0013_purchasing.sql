-- What suppliers allow and what we allow ourselves: order days, price breaks, capacity, who may deliver what to whom,
-- budgets, and which item follows another. Each is told anew as a whole by an import: what is no longer in the file has
-- ended, or nobody could ever be taken off a list.

ALTER TABLE supplier
    ADD COLUMN minimum_order_volume numeric NOT NULL DEFAULT 0 CHECK (minimum_order_volume >= 0),   -- m³ an order
    ADD COLUMN container_volume     numeric CHECK (container_volume > 0),    -- m³; null: not delivered by the container
    ADD COLUMN order_cost           numeric NOT NULL DEFAULT 0 CHECK (order_cost >= 0);   -- what one order costs us

CREATE TABLE supplier_calendar (
    tenant      text NOT NULL,
    supplier    text NOT NULL,
    site        text NOT NULL,                       -- '*': every site without a row of its own
    order_days  text NOT NULL,                       -- 'mon wed fri'
    cut_off     time,                                -- orders after it are those of the next order day; null: midnight
    timezone    text,                                -- of the cut-off; null: the receiving site's
    frozen_days integer NOT NULL DEFAULT 0 CHECK (frozen_days >= 0),   -- nothing is added or changed for these days
    provenance  text NOT NULL DEFAULT 'measured' CHECK (provenance IN ('measured', 'simulated', 'derived')),
    batch_id    uuid NOT NULL,
    source_row  integer,
    PRIMARY KEY (tenant, supplier, site),
    FOREIGN KEY (tenant, supplier) REFERENCES supplier
);

CREATE TABLE supplier_capacity (
    tenant     text NOT NULL,
    supplier   text NOT NULL,
    sku        text NOT NULL,                        -- '*': all its items together
    starts_on  date NOT NULL,
    ends_on    date NOT NULL CHECK (ends_on >= starts_on),
    measure    text NOT NULL CHECK (measure IN ('units', 'value', 'volume')),
    amount     numeric NOT NULL CHECK (amount >= 0),  -- of orders placed in the period
    provenance text NOT NULL DEFAULT 'measured' CHECK (provenance IN ('measured', 'simulated', 'derived')),
    batch_id   uuid NOT NULL,
    source_row integer,
    PRIMARY KEY (tenant, supplier, sku, starts_on, measure),
    FOREIGN KEY (tenant, supplier) REFERENCES supplier
);

CREATE TABLE price_break (
    tenant        text NOT NULL,
    sku           text NOT NULL,
    supplier      text NOT NULL,
    from_quantity numeric NOT NULL CHECK (from_quantity > 0),
    unit_cost     numeric NOT NULL CHECK (unit_cost >= 0),   -- of all units of an order of at least from_quantity
    provenance    text NOT NULL DEFAULT 'measured' CHECK (provenance IN ('measured', 'simulated', 'derived')),
    batch_id      uuid NOT NULL,
    source_row    integer,
    PRIMARY KEY (tenant, sku, supplier, from_quantity),
    FOREIGN KEY (tenant, sku, supplier) REFERENCES item_supplier
);

-- Who is in `item_supplier` may deliver, but who is excluded here; and where anybody is named as qualified for an item
-- (and a customer), only who is.
CREATE TABLE qualification (
    tenant     text NOT NULL,
    supplier   text NOT NULL,
    sku        text NOT NULL,                        -- '*': every item
    customer   text NOT NULL,                        -- '*': whoever it is for
    standing   text NOT NULL CHECK (standing IN ('qualified', 'excluded')),
    ends_on    date,                                 -- its last day; null: until further notice
    reason     text,
    provenance text NOT NULL DEFAULT 'measured' CHECK (provenance IN ('measured', 'simulated', 'derived')),
    batch_id   uuid NOT NULL,
    source_row integer,
    PRIMARY KEY (tenant, supplier, sku, customer, standing),
    FOREIGN KEY (tenant, supplier) REFERENCES supplier
);

CREATE TABLE budget (
    tenant     text NOT NULL,
    budget     text NOT NULL,
    starts_on  date NOT NULL,
    ends_on    date NOT NULL CHECK (ends_on >= starts_on),
    supplier   text NOT NULL,                        -- '*': any, as for the next two
    category   text NOT NULL,
    site       text NOT NULL,
    amount     numeric NOT NULL CHECK (amount >= 0),
    currency   char(3) NOT NULL,
    provenance text NOT NULL DEFAULT 'measured' CHECK (provenance IN ('measured', 'simulated', 'derived')),
    batch_id   uuid NOT NULL,
    source_row integer,
    PRIMARY KEY (tenant, budget, starts_on)
);

CREATE TABLE supersession (
    tenant     text NOT NULL,
    sku        text NOT NULL,
    successor  text NOT NULL,
    starts_on  date NOT NULL,                        -- from this day on the successor is bought and not the item
    provenance text NOT NULL DEFAULT 'measured' CHECK (provenance IN ('measured', 'simulated', 'derived')),
    batch_id   uuid NOT NULL,
    source_row integer,
    PRIMARY KEY (tenant, sku),
    CHECK (sku <> successor),
    FOREIGN KEY (tenant, sku) REFERENCES item,
    FOREIGN KEY (tenant, successor) REFERENCES item (tenant, sku)
);

-- A supplier's record is read from its received lines; a budget's use from the lines of its period.
CREATE INDEX purchase_order_record ON purchase_order_line (tenant, supplier, received_on) WHERE received_on IS NOT NULL;
CREATE INDEX purchase_order_placed ON purchase_order_line (tenant, ordered_on);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['supplier_calendar', 'supplier_capacity', 'price_break', 'qualification', 'budget',
        'supersession']
    LOOP
        PERFORM isolate_tenant(name::regclass);
        EXECUTE format('GRANT SELECT ON %I TO quartermaster_agent, quartermaster_operator, quartermaster_executor', name);
        EXECUTE format('GRANT INSERT, UPDATE, DELETE ON %I TO quartermaster_operator', name);
    END LOOP;
END $$;
