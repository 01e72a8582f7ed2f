-- Six joined tables for the benchmark of PostgreSQL stores. A person of `rows` rows stands among others with twice as
-- many, whose rows lie between theirs on disk. `:rows` stands for the number.
CREATE TABLE accounts (
    account_id text PRIMARY KEY,
    phone text NOT NULL UNIQUE,
    name text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE TABLE orders (
    order_id uuid NOT NULL,
    account_id text NOT NULL,
    status text NOT NULL,
    total numeric(12, 2) NOT NULL,
    currency text NOT NULL,
    note text,
    placed_at timestamptz NOT NULL
);
CREATE TABLE order_items (
    order_item_id bigint NOT NULL,
    order_id uuid NOT NULL,
    product text NOT NULL,
    quantity int NOT NULL,
    unit_price numeric(12, 2) NOT NULL,
    discount numeric(5, 4) NOT NULL,
    gift boolean NOT NULL,
    added_at timestamptz NOT NULL
);
CREATE TABLE payments (
    payment_id uuid NOT NULL,
    order_id uuid NOT NULL,
    method text NOT NULL,
    card_handle text,
    amount numeric(12, 2) NOT NULL,
    currency text NOT NULL,
    paid_at timestamptz NOT NULL
);
CREATE TABLE shipments (
    shipment_id bigint NOT NULL,
    order_id uuid NOT NULL,
    carrier text NOT NULL,
    address text NOT NULL,
    phone text NOT NULL,
    sent_on date NOT NULL
);
CREATE TABLE parcels (
    parcel_id bigint NOT NULL,
    shipment_id bigint NOT NULL,
    tracking text NOT NULL,
    grams int NOT NULL,
    seen_at timestamptz NOT NULL
);
SET work_mem = '64MB';
SET maintenance_work_mem = '128MB';
INSERT INTO accounts SELECT 'acc-' || n, '+8551' || lpad(n::text, 8, '0'), 'Somebody ' || n, '2020-01-01'::timestamptz + n * interval '1 minute'
FROM generate_series(0, GREATEST(:rows / 10000, 1) * 40) n;
CREATE TEMP TABLE drawn AS SELECT n, gen_random_uuid() AS order_id, CASE WHEN n % 3 = 0 THEN 'acc-0' ELSE 'acc-' || 1 + (hashint4(n) & 2147483647) % (GREATEST(:rows / 10000, 1) * 40) END AS account_id
FROM generate_series(0, :rows * 3 / 6 - 1) n;
INSERT INTO orders SELECT order_id, account_id, (ARRAY['new', 'paid', 'sent', 'delivered'])[1 + n % 4], (n % 100000) / 100.0, 'USD',
    CASE WHEN n % 5 = 0 THEN 'Please ring twice. ' || n END, '2015-01-01'::timestamptz + n * interval '61.25 seconds' FROM drawn;
INSERT INTO order_items SELECT d.n * 2::bigint + k, d.order_id, 'Product number ' || (d.n * 7 + k) % 5000, 1 + d.n % 3, (d.n % 9999) / 100.0, (d.n % 1000) / 10000.0,
    d.n % 7 = 0, '2015-01-01'::timestamptz + d.n * interval '61.25 seconds' FROM drawn d, generate_series(0, 1) k;
INSERT INTO payments SELECT gen_random_uuid(), order_id, 'card', CASE WHEN n % 2 = 0 THEN 'tok_' || md5(n::text) END, (n % 100000) / 100.0, 'USD',
    '2015-01-01'::timestamptz + n * interval '61.25 seconds' FROM drawn;
INSERT INTO shipments SELECT n, order_id, 'CPES', 'House ' || n % 300 || ', Street ' || n % 271 || ', Phnom Penh', '+85512' || lpad((n % 1000000)::text, 6, '0'),
    '2015-01-02'::date + n / 1400 FROM drawn;
INSERT INTO parcels SELECT n, n, 'CP' || lpad(n::text, 9, '0') || 'KH', 100 + n % 5000, '2015-01-02'::timestamptz + n * interval '61.25 seconds' FROM drawn;
ALTER TABLE orders ADD PRIMARY KEY (order_id), ADD FOREIGN KEY (account_id) REFERENCES accounts;
ALTER TABLE order_items ADD PRIMARY KEY (order_item_id), ADD FOREIGN KEY (order_id) REFERENCES orders;
ALTER TABLE payments ADD PRIMARY KEY (payment_id), ADD FOREIGN KEY (order_id) REFERENCES orders;
ALTER TABLE shipments ADD PRIMARY KEY (shipment_id), ADD FOREIGN KEY (order_id) REFERENCES orders;
ALTER TABLE parcels ADD PRIMARY KEY (parcel_id), ADD FOREIGN KEY (shipment_id) REFERENCES shipments;
CREATE INDEX ON orders (account_id);
CREATE INDEX ON order_items (order_id);
CREATE INDEX ON payments (order_id);
CREATE INDEX ON shipments (order_id);
CREATE INDEX ON parcels (shipment_id);
