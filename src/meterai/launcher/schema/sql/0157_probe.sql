-- The probe: the status page plays a purchase again and again (docs/news.md#the-probe). Its account is made here, and its
-- orders are marked, so that no figure counts them.

-- Accounts of the probe: the one that is on, and former ones. `reach`: an order ends before a payment, or goes through to the
-- stamp, which needs a gateway without real money.
CREATE TABLE customers.probe (
    customer_id uuid PRIMARY KEY REFERENCES customers.customer,
    reach text NOT NULL CHECK (reach IN ('unpaid', 'stamped')),
    is_on boolean NOT NULL
);
CREATE UNIQUE INDEX only_one_probe ON customers.probe (is_on) WHERE is_on;

-- Turns the probe on for a contact of its own, or off (no contact). False, and off: the contact is a person's.
CREATE FUNCTION customers.set_probe(
    of_kind text, of_contact text, of_reach text, new_customer uuid, new_contact uuid, at timestamptz
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    account uuid := (SELECT c.customer_id FROM customers.contact c
        WHERE c.kind = of_kind AND c.value = of_contact AND c.replaced_at IS NULL);
BEGIN
    LOCK TABLE customers.probe IN SHARE ROW EXCLUSIVE MODE;
    UPDATE customers.probe SET is_on = false WHERE is_on AND customer_id IS DISTINCT FROM account;
    IF of_contact IS NULL THEN RETURN true; END IF;
    IF account IS NULL THEN
        account := new_customer;
        INSERT INTO customers.customer (id, organisation_id, language, created_at)
            VALUES (account, ledger.organisation('seller'), 'id', customers.checked_time(at));
        INSERT INTO customers.contact (id, customer_id, kind, value, verified_at)
            VALUES (new_contact, account, of_kind, of_contact, customers.checked_time(at));
        INSERT INTO customers.probe VALUES (account, of_reach, true);
        RETURN true;
    END IF;
    UPDATE customers.probe SET is_on = true, reach = of_reach WHERE customer_id = account;
    RETURN FOUND;
END $$;

-- Opens a session of 15 minutes for the account of the probe, instead of the one before. It proves no contact, so it changes
-- none. Says how long the probe must wait for its next order, and which of its orders can still be paid. NULL: it is off.
CREATE FUNCTION customers.open_probe_session(
    session_digest bytea, at timestamptz,
    OUT of_customer uuid, OUT session_until timestamptz, OUT free_at timestamptz, OUT open_order text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    believed timestamptz := customers.checked_time(at);
BEGIN
    SELECT p.customer_id INTO of_customer FROM customers.probe p WHERE p.is_on FOR NO KEY UPDATE;
    IF NOT FOUND THEN RETURN; END IF;
    DELETE FROM customers.session s WHERE s.customer_id = of_customer AND s.contact_id IS NULL;
    session_until := believed + interval '15 minutes';
    INSERT INTO customers.session (token_digest, customer_id, created_at, expires_at)
        VALUES (session_digest, of_customer, believed, session_until);
    free_at := sales.probe_free_at(NULL);
    open_order := (SELECT o.number FROM sales.orders o WHERE o.customer_id = of_customer AND o.state = 'awaiting_payment'
        ORDER BY o.placed_at LIMIT 1);
END $$;

-- ------------------------------------------------------------------------------------------------------------ orders

ALTER TABLE sales.orders ADD COLUMN probe text CHECK (probe IN ('unpaid', 'stamped'));  -- null: a person's
CREATE INDEX order_of_probe ON sales.orders (greatest(created_at, placed_at)) WHERE probe IS NOT NULL;
CREATE INDEX order_of_probe_stamped ON sales.orders (state) WHERE probe = 'stamped';
GRANT SELECT (probe) ON sales.orders TO meterai_console;

-- From when on the probe may open or place one more order: a minute after the last one, but for this one.
CREATE FUNCTION sales.probe_free_at(but_for uuid) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT greatest(o.created_at, o.placed_at) + interval '1 minute' FROM sales.orders o
    WHERE o.probe IS NOT NULL AND o.id IS DISTINCT FROM but_for
    ORDER BY greatest(o.created_at, o.placed_at) DESC LIMIT 1
$$;

-- Marks orders of the probe's account for good. They never become a person's, so nobody passes the line by one.
-- SL007: it opened one less than a minute ago. The row of the account lets one after the other get there.
CREATE FUNCTION sales.mark_probe() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.probe IS NOT NULL THEN
        IF NEW.customer_id <> OLD.customer_id THEN PERFORM sales.not_allowed('give away', OLD.id); END IF;
        RETURN NEW;
    END IF;
    IF NEW.customer_id IS NULL OR OLD.state <> 'draft' THEN RETURN NEW; END IF;
    SELECT p.reach INTO NEW.probe FROM customers.probe p WHERE p.customer_id = NEW.customer_id FOR NO KEY UPDATE;
    IF NEW.probe IS NOT NULL AND TG_OP = 'INSERT' AND NEW.created_at < sales.probe_free_at(NULL)
        AND NOT EXISTS (SELECT FROM sales.orders o WHERE o.submit_id = NEW.submit_id)
    THEN RAISE EXCEPTION 'the probe opened an order a moment ago' USING ERRCODE = 'SL007'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER marks_probe BEFORE INSERT OR UPDATE OF customer_id ON sales.orders
    FOR EACH ROW EXECUTE FUNCTION sales.mark_probe();

-- Refuses an order of the probe that asks for more than one stamp, beside another one that can be paid, or too soon (SL007).
CREATE FUNCTION sales.limit_probe(o sales.orders) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF o.flow <> 'stamp' OR o.quantity > 1 OR o.placed_at < sales.probe_free_at(o.id)
        OR EXISTS (SELECT FROM sales.orders u
            WHERE u.customer_id = o.customer_id AND u.state = 'awaiting_payment' AND u.id <> o.id)
    THEN RAISE EXCEPTION 'more than the probe may order' USING ERRCODE = 'SL007'; END IF;
END $$;

-- As before (0089), with the limit of the probe.
CREATE OR REPLACE FUNCTION sales.limit_unpaid(of_order uuid, stock uuid, customer_max bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    o sales.orders;
    held bigint;
    placed bigint;
BEGIN
    SELECT * INTO o FROM sales.orders WHERE id = of_order;
    IF o.probe IS NOT NULL THEN PERFORM sales.limit_probe(o); END IF;
    IF o.quantity > customer_max THEN
        PERFORM sales.limit_large(o, sales.left_over(stock), customer_max);
        RETURN;
    END IF;
    SELECT sum(u.quantity) INTO held FROM sales.orders u
        WHERE u.customer_id = o.customer_id AND u.state = 'awaiting_payment' AND u.quantity <= customer_max;
    IF held > customer_max THEN
        RAISE EXCEPTION 'unpaid orders of one customer hold %', held USING ERRCODE = 'SL001';
    END IF;
    IF o.flow = 'quota' THEN
        SELECT sum(quantity), count(*) INTO held, placed FROM sales.orders
            WHERE state = 'awaiting_payment' AND flow = 'quota' AND quantity <= customer_max;
        IF placed > 1 AND held > sales.left_over(stock) THEN
            RAISE EXCEPTION 'unpaid orders of quota hold %', held USING ERRCODE = 'SL002';
        END IF;
    END IF;
END $$;

-- As before (0125), with the mark of the probe.
CREATE OR REPLACE FUNCTION sales.order_json(wanted uuid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'id', o.id, 'number', o.number, 'customer_id', o.customer_id, 'event_slug', o.event_slug,
        'flow', o.flow, 'state', o.state, 'language', o.language,
        'contact_kind', o.contact_kind, 'contact_value', o.contact_value,
        'quantity', o.quantity, 'face_value', o.face_value, 'fee', o.fee, 'vat', o.vat, 'total', o.total,
        'created_at', o.created_at, 'expires_at', o.expires_at, 'placed_at', o.placed_at,
        'paid_at', o.paid_at, 'closed_at', o.closed_at, 'probe', o.probe,
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
            'qr_text', p.qr_text, 'va_number', p.va_number, 'biller_code', p.biller_code, 'pay_url', p.pay_url,
            'page_url', p.page_url,
            'paid_amount', p.paid_amount, 'outcome', p.outcome, 'created_at', p.created_at,
            'expires_at', p.expires_at, 'settled_at', p.settled_at, 'reversed_at', p.reversed_at)
            ORDER BY p.created_at, length(p.reference), p.reference), '[]')
            FROM sales.payment p WHERE p.order_id = o.id),
        'refunds', (SELECT coalesce(json_agg(json_build_object(
            'id', r.id, 'item_id', r.item_id, 'payment_id', r.payment_id, 'quantity', r.quantity,
            'amount', r.amount, 'reason', r.reason, 'channel', r.channel, 'state', r.state,
            'bank', r.bank, 'account_tail', right(r.account_number, 4), 'round', r.round,
            'failure_code', r.failure_code, 'created_at', r.created_at, 'paid_at', r.paid_at,
            'pays_from', r.pays_from, 'is_being_checked', coalesce(r.needs_release AND r.released_at IS NULL, false),
            'is_stoppable', r.state = 'payable' AND r.account_number IS NOT NULL AND r.asked_since IS NULL,
            'is_set_off', r.state = 'paid' AND coalesce(
                r.reference = (SELECT p.reference FROM sales.payment p WHERE p.id = r.payment_id), false))
            ORDER BY r.created_at, r.id), '[]')
            FROM sales.refund r WHERE r.order_id = o.id)
    )::text FROM sales.orders o WHERE o.id = wanted
$$;

-- As before (0137), without orders of the probe.
CREATE OR REPLACE FUNCTION news.touched_orders(of_incident integer, at timestamptz) RETURNS SETOF sales.orders
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT o.* FROM news.incident i JOIN sales.orders o ON o.state <> 'draft' AND o.placed_at < coalesce(i.ended_at, at)
    WHERE i.number = of_incident AND o.probe IS NULL AND (
        i.components && ARRAY['site', 'payment', 'line'] AND coalesce(o.paid_at, o.closed_at, 'infinity') >= i.started_at
        OR i.components && ARRAY['stamping'] AND o.paid_at < coalesce(i.ended_at, at)
            AND (o.state = 'paid' OR coalesce(o.closed_at, 'infinity') >= i.started_at))
$$;

REVOKE ALL ON FUNCTION customers.set_probe, customers.open_probe_session, sales.probe_free_at, sales.mark_probe,
    sales.limit_probe FROM PUBLIC;
GRANT EXECUTE ON FUNCTION customers.set_probe TO meterai_worker;
GRANT EXECUTE ON FUNCTION customers.open_probe_session TO meterai_site;
