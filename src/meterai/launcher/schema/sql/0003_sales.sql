-- Events, prices, orders, payments, refunds.

CREATE SCHEMA sales;

-- Face value of a stamp from a day on (UU 10/2020 article 5: Rp10.000 from 1 January 2021).
CREATE TABLE sales.tariff (
    valid_from date PRIMARY KEY,
    face_value bigint NOT NULL CHECK (face_value > 0),
    law text NOT NULL
);
INSERT INTO sales.tariff VALUES ('2021-01-01', 10000, 'UU 10/2020 Pasal 5');

CREATE TABLE sales.event (
    slug text PRIMARY KEY,
    name text NOT NULL,
    agency text NOT NULL,
    opens_at timestamptz NOT NULL,
    closes_at timestamptz NOT NULL CHECK (closes_at > opens_at),
    zone text NOT NULL CHECK (zone IN ('Asia/Jakarta', 'Asia/Makassar', 'Asia/Jayapura')),
    required_documents jsonb NOT NULL,     -- [{"kind": ..., "name_id": ..., "name_en": ...}]
    output_bytes_max bigint NOT NULL CHECK (output_bytes_max > 0),
    pdf_version_min text NOT NULL,
    active boolean NOT NULL
);

-- Plural because ORDER is a word of SQL.
CREATE TABLE sales.orders (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    submit_id text NOT NULL UNIQUE,        -- made by the form: a double click is the same order (I14)
    token_digest bytea NOT NULL UNIQUE,    -- of the permanent link
    organisation_id uuid NOT NULL REFERENCES customers.organisation,
    customer_id uuid REFERENCES customers.customer,
    event_slug text REFERENCES sales.event,
    flow text NOT NULL CHECK (flow IN ('stamp', 'quota')),
    state text NOT NULL CHECK (state IN
        ('draft', 'awaiting_payment', 'paid', 'completed', 'expired', 'cancelled')),
    language text NOT NULL CHECK (language IN ('id', 'en')),
    contact_kind text,                     -- where news of this order go; verified when customer_id is set
    contact_value text,
    quantity bigint NOT NULL DEFAULT 0,
    face_value bigint NOT NULL DEFAULT 0,  -- all sums for the whole order, in rupiah
    fee bigint NOT NULL DEFAULT 0,         -- VAT included
    vat bigint NOT NULL DEFAULT 0,         -- the part of the fee that is VAT
    total bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    placed_at timestamptz,
    paid_at timestamptz,
    closed_at timestamptz,                 -- completed, expired or cancelled
    link_sent_at timestamptz,              -- to the order's own contact, on request
    CONSTRAINT order_adds_up CHECK (total = face_value + fee AND vat <= fee)
) WITH (fillfactor = 80);
CREATE INDEX order_by_customer ON sales.orders (customer_id, created_at DESC);
CREATE INDEX order_open ON sales.orders (expires_at) WHERE state = 'awaiting_payment';
CREATE INDEX order_paid ON sales.orders (paid_at) WHERE state = 'paid';

CREATE TABLE sales.item (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES sales.orders,
    position integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('stamp', 'quota')),
    document_id uuid,                      -- stamping.document, for kind stamp
    document_kind text,                    -- which of the event's required documents
    quantity bigint NOT NULL CHECK (quantity > 0),
    state text NOT NULL CHECK (state IN
        ('waiting', 'stamping', 'done', 'refused', 'refunding', 'refunded')),
    refusal_code text,
    lot_account_id uuid,                   -- the quota lot this item bought
    unit_face_value bigint NOT NULL,
    unit_fee bigint NOT NULL,
    unit_vat bigint NOT NULL,
    refunded_quantity bigint NOT NULL DEFAULT 0,
    done_at timestamptz,
    UNIQUE (order_id, position),
    CONSTRAINT item_refunds_at_most_all CHECK (refunded_quantity BETWEEN 0 AND quantity)
) WITH (fillfactor = 80);
CREATE INDEX item_by_lot ON sales.item (lot_account_id);
CREATE UNIQUE INDEX item_by_document ON sales.item (document_id) WHERE document_id IS NOT NULL AND state <> 'refused';

-- One attempt to pay. `reference` is our own order id at the gateway.
CREATE TABLE sales.payment (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES sales.orders,
    gateway text NOT NULL,
    channel text NOT NULL CHECK (channel IN ('qris', 'va_bni')),
    reference text NOT NULL UNIQUE,
    amount bigint NOT NULL CHECK (amount > 0),
    state text NOT NULL CHECK (state IN
        ('creating', 'pending', 'settled', 'expired', 'cancelled', 'failed', 'reversed')),
    transaction_id text,
    qr_text text,
    va_number text,
    page_url text,                         -- a page on which a person pays; the sandbox has one
    paid_amount bigint,
    outcome text CHECK (outcome IN ('credited', 'refunded_late', 'refunded_amount', 'refunded_double')),
    gateway_cost bigint,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    settled_at timestamptz,
    reversed_at timestamptz,
    poll_at timestamptz,                   -- when the status is fetched next, notice or not
    polls integer NOT NULL DEFAULT 0,
    lease_until timestamptz
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX payment_one_open ON sales.payment (order_id) WHERE state IN ('creating', 'pending');
CREATE INDEX payment_by_order ON sales.payment (order_id);
CREATE INDEX payment_by_transaction ON sales.payment (transaction_id);
CREATE INDEX payment_to_poll ON sales.payment (poll_at) WHERE poll_at IS NOT NULL;

-- The inbox of notices: stored raw before anything is believed.
CREATE TABLE sales.notice (
    id uuid PRIMARY KEY,
    gateway text NOT NULL,
    event_key text NOT NULL,
    reference text NOT NULL,
    raw bytea NOT NULL,
    received_at timestamptz NOT NULL,
    processed_at timestamptz,
    UNIQUE (gateway, event_key)
);
CREATE INDEX notice_waiting ON sales.notice (reference) WHERE processed_at IS NULL;

CREATE TABLE sales.refund (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES sales.orders,
    item_id uuid REFERENCES sales.item,    -- null: money that bought nothing
    payment_id uuid NOT NULL REFERENCES sales.payment,
    quantity bigint NOT NULL CHECK (quantity >= 0),
    amount bigint NOT NULL CHECK (amount > 0),
    reason text NOT NULL CHECK (reason IN ('customer', 'refused', 'late', 'wrong_amount', 'double', 'reversed')),
    channel text NOT NULL CHECK (channel IN ('gateway', 'payout')),
    state text NOT NULL CHECK (state IN ('needs_account', 'payable', 'sent', 'paid')),
    bank text,
    account_number text,
    account_holder text,
    reference text,                        -- the gateway's or the payout provider's
    round integer NOT NULL DEFAULT 0,      -- which account is tried: a new one is a new payout
    failure_code text,                     -- why the last account or channel was refused
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    created_at timestamptz NOT NULL,
    paid_at timestamptz
);
CREATE INDEX refund_by_order ON sales.refund (order_id);
CREATE INDEX refund_to_pay ON sales.refund (next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- An order with everything that belongs to it, as one text: a page or a use case reads it in one round trip.
CREATE FUNCTION sales.order_json(wanted uuid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'id', o.id, 'number', o.number, 'customer_id', o.customer_id, 'event_slug', o.event_slug,
        'flow', o.flow, 'state', o.state, 'language', o.language,
        'contact_kind', o.contact_kind, 'contact_value', o.contact_value,
        'quantity', o.quantity, 'face_value', o.face_value, 'fee', o.fee, 'vat', o.vat, 'total', o.total,
        'created_at', o.created_at, 'expires_at', o.expires_at, 'placed_at', o.placed_at,
        'paid_at', o.paid_at, 'closed_at', o.closed_at,
        'items', (SELECT coalesce(json_agg(json_build_object(
            'id', i.id, 'position', i.position, 'kind', i.kind, 'document_id', i.document_id,
            'document_kind', i.document_kind, 'quantity', i.quantity, 'state', i.state,
            'refusal_code', i.refusal_code, 'lot_account_id', i.lot_account_id,
            'unit_face_value', i.unit_face_value, 'unit_fee', i.unit_fee, 'unit_vat', i.unit_vat,
            'refunded_quantity', i.refunded_quantity, 'done_at', i.done_at) ORDER BY i.position), '[]')
            FROM sales.item i WHERE i.order_id = o.id),
        'payments', (SELECT coalesce(json_agg(json_build_object(
            'id', p.id, 'gateway', p.gateway, 'channel', p.channel, 'reference', p.reference,
            'amount', p.amount, 'state', p.state, 'transaction_id', p.transaction_id,
            'qr_text', p.qr_text, 'va_number', p.va_number, 'page_url', p.page_url,
            'paid_amount', p.paid_amount, 'outcome', p.outcome, 'created_at', p.created_at,
            'expires_at', p.expires_at, 'settled_at', p.settled_at, 'reversed_at', p.reversed_at)
            ORDER BY p.created_at, length(p.reference), p.reference), '[]')
            FROM sales.payment p WHERE p.order_id = o.id),
        'refunds', (SELECT coalesce(json_agg(json_build_object(
            'id', r.id, 'item_id', r.item_id, 'payment_id', r.payment_id, 'quantity', r.quantity,
            'amount', r.amount, 'reason', r.reason, 'channel', r.channel, 'state', r.state,
            'bank', r.bank, 'account_tail', right(r.account_number, 4), 'round', r.round,
            'failure_code', r.failure_code, 'created_at', r.created_at, 'paid_at', r.paid_at)
            ORDER BY r.created_at, r.id), '[]')
            FROM sales.refund r WHERE r.order_id = o.id)
    )::text FROM sales.orders o WHERE o.id = wanted
$$;
-- The same, with the order locked first. Whoever writes to an order or to what belongs to it holds this lock.
-- Two statements of a volatile function: the second one sees what the lock's last holder committed.
CREATE FUNCTION sales.locked_order(wanted uuid) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM 1 FROM sales.orders WHERE id = wanted FOR NO KEY UPDATE;
    RETURN sales.order_json(wanted);
END $$;

GRANT USAGE ON SCHEMA sales TO meterai_app, meterai_reader;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA sales TO meterai_app;
REVOKE UPDATE ON sales.tariff FROM meterai_app;
GRANT DELETE ON sales.orders, sales.item TO meterai_app;
GRANT SELECT ON ALL TABLES IN SCHEMA sales TO meterai_reader;
