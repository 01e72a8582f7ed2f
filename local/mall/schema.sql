-- The sample mall's PostgreSQL: orders and support tickets.
CREATE TABLE orders (
    order_id   text PRIMARY KEY,
    account_id text NOT NULL,
    status     text NOT NULL,
    total      numeric(12, 2) NOT NULL,
    currency   char(3) NOT NULL,
    placed_at  timestamptz NOT NULL
);
CREATE INDEX orders_by_account ON orders (account_id);

CREATE TABLE order_items (
    order_item_id bigint PRIMARY KEY,
    order_id      text NOT NULL REFERENCES orders,
    product       text NOT NULL,
    quantity      integer NOT NULL CHECK (quantity > 0),
    unit_price    numeric(12, 2) NOT NULL,
    placed_at     timestamptz NOT NULL
);
CREATE INDEX order_items_by_order ON order_items (order_id);

CREATE TABLE consignees (
    consignee_id bigint PRIMARY KEY,
    order_id     text NOT NULL REFERENCES orders,
    name         text NOT NULL,
    phone        text,
    address      text,
    province     text NOT NULL,
    placed_at    timestamptz NOT NULL
);
CREATE INDEX consignees_by_order ON consignees (order_id);
CREATE INDEX consignees_by_phone ON consignees (phone);

CREATE TABLE payments (
    payment_id  bigint PRIMARY KEY,
    order_id    text NOT NULL REFERENCES orders,
    method      text NOT NULL,
    card_handle text,
    amount      numeric(12, 2) NOT NULL,
    currency    char(3) NOT NULL,
    paid_at     timestamptz NOT NULL,
    placed_at   timestamptz NOT NULL
);
CREATE INDEX payments_by_order ON payments (order_id);

-- A case may outlive its order: an open dispute is kept even when the order's own term has ended.
CREATE TABLE after_sales (
    after_sale_id bigint PRIMARY KEY,
    order_id      text REFERENCES orders ON DELETE SET NULL,
    account_id    text NOT NULL,
    kind          text NOT NULL,
    description   text NOT NULL,
    status        text NOT NULL,
    opened_at     timestamptz NOT NULL
);
CREATE INDEX after_sales_by_account ON after_sales (account_id);
CREATE INDEX after_sales_by_order ON after_sales (order_id);

CREATE TABLE tickets (
    ticket_id     bigint PRIMARY KEY,
    account_id    text NOT NULL,
    customer_name text NOT NULL,
    subject       text NOT NULL,
    body          text NOT NULL,
    answer        text,
    status        text NOT NULL,
    opened_at     timestamptz NOT NULL
);
CREATE INDEX tickets_by_account ON tickets (account_id);

-- What the rights system may do, and no more: it adds nothing and changes no structure.
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mall_rights') THEN
        CREATE ROLE mall_rights LOGIN;
    END IF;
END $$;
GRANT SELECT, UPDATE, DELETE ON orders, order_items, consignees, payments, after_sales, tickets TO mall_rights;
