-- Who may ask money back, and when it is paid out. Two functions give stamps back and name accounts. Both use up the
-- proof of a fresh code (customers.proof). Payouts to a named account wait and can be stopped. Above a limit, two
-- officers release them.

ALTER TABLE sales.refund
    ADD COLUMN proof_id uuid,                        -- with which it was asked for, or its account was named
    ADD COLUMN namings integer NOT NULL DEFAULT 0,   -- how often an account was named; a link stops one naming
    ADD COLUMN named_at timestamptz,
    ADD COLUMN pays_from timestamptz,                -- the payout waits until then
    ADD COLUMN needs_release boolean,                -- whether two officers must release it; null: not judged yet
    ADD COLUMN release_id bigint,                    -- their request
    ADD COLUMN released_at timestamptz,
    ADD CONSTRAINT account_is_short CHECK (
        length(bank) <= 20 AND account_number ~ '^[0-9]{6,20}$' AND length(account_holder) <= 100) NOT VALID;
UPDATE sales.refund SET needs_release = false WHERE account_number IS NOT NULL;
CREATE INDEX refund_to_judge ON sales.refund (named_at)
    WHERE state = 'payable' AND account_number IS NOT NULL AND released_at IS NULL AND needs_release IS NOT FALSE;

-- A message to each proven contact of a customer about a refund. The worker writes the words, so that no site can
-- leave them out.
CREATE FUNCTION sales.tell_contacts(refund sales.refund, customer uuid, news text, at timestamptz) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, sales, pg_temp AS $$
    INSERT INTO jobs.outbox (topic, payload, available_at, created_at)
    SELECT 'sales.order_news', jsonb_build_object('order_id', (refund).order_id, 'news', news,
            'refund_id', (refund).id, 'naming', (refund).namings, 'contact_id', c.id), at, at
    FROM customers.contact c WHERE c.customer_id = customer AND c.replaced_at IS NULL ORDER BY c.verified_at, c.id
$$;

-- Into the audit trail, with the account as values that can be erased.
CREATE FUNCTION sales.note_naming(r sales.refund, o sales.orders, at timestamptz) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, sales, pg_temp AS $$
    SELECT operations.write_audit('customer', 'refund.name_account', (r).id::text, jsonb_build_object(
            'order', (o).number, 'amount', (r).amount, 'bank', (r).bank, 'naming', (r).namings, 'proof', (r).proof_id),
        at, (o).customer_id::text, jsonb_build_object('account', (r).account_number, 'holder', (r).account_holder))
$$;

-- Gives unused stamps of an item back and owes their price (sales.give_back). An account that is named with it is named
-- as by sales.name_refund_account; what the gateway can return goes to no account.
-- CU001: no fresh proof of the order's customer. Other refusals: those of sales.give_back.
CREATE FUNCTION sales.ask_refund(
    of_item uuid, pieces bigint, given_back bigint, to_bank text, to_number text, to_holder text, proof uuid,
    wait interval, at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o sales.orders := sales.hold((SELECT order_id FROM sales.item WHERE id = of_item));
    r sales.refund;
    named boolean := to_number IS NOT NULL AND NOT EXISTS (SELECT FROM sales.payment p WHERE p.order_id = o.id
        AND p.outcome = 'credited' AND sales.way_back(p) = 'gateway');
BEGIN
    at := customers.checked_time(at);  -- or a caller could skip the wait
    PERFORM customers.use_proof(proof, o.customer_id, 'order_act', o.id::text, at);
    IF named THEN
        PERFORM sales.give_back(of_item, pieces, given_back, to_bank, to_number, to_holder, at);
    ELSE
        PERFORM sales.give_back(of_item, pieces, given_back, NULL, NULL, NULL, at);
    END IF;
    UPDATE sales.refund SET proof_id = proof, namings = named::integer, named_at = CASE WHEN named THEN at END,
            pays_from = CASE WHEN named THEN at + wait END,
            next_attempt_at = CASE WHEN named THEN at + wait ELSE next_attempt_at END
        WHERE id = ledger.derived_id('refund', of_item::text, given_back::text) RETURNING * INTO r;
    PERFORM sales.tell_contacts(r, o.customer_id, CASE WHEN named THEN 'refund_named'
        WHEN r.channel = 'gateway' THEN 'refund_by_gateway' ELSE 'refund_asked' END, at);
    IF named THEN PERFORM sales.note_naming(r, o, at); END IF;
END $$;

-- Names the account of a payout, or another one while nothing of it was ordered. The wait begins again.
-- SL003: the refund needs no account, or its payout may be under way; CU001: no fresh proof of the order's customer.
CREATE FUNCTION sales.name_refund_account(
    of_refund uuid, to_bank text, to_number text, to_holder text, proof uuid, wait interval, at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o sales.orders := sales.hold((SELECT order_id FROM sales.refund WHERE id = of_refund));
    r sales.refund;
BEGIN
    at := customers.checked_time(at);  -- or a caller could skip the wait
    PERFORM customers.use_proof(proof, o.customer_id, 'order_act', o.id::text, at);
    UPDATE sales.refund SET state = 'payable', channel = 'payout', bank = to_bank, account_number = to_number,
            account_holder = to_holder, round = round + 1, reference = NULL, failure_code = NULL, attempts = 0,
            asked_since = NULL, proof_id = proof, namings = namings + 1, named_at = at, pays_from = at + wait,
            next_attempt_at = at + wait, needs_release = NULL, release_id = NULL, released_at = NULL
        WHERE id = of_refund AND to_bank <> '' AND to_number <> '' AND to_holder <> ''
            AND (state = 'needs_account'
                OR state = 'payable' AND account_number IS NOT NULL AND asked_since IS NULL)
        RETURNING * INTO r;
    IF NOT FOUND THEN PERFORM sales.not_allowed('name account', of_refund); END IF;
    PERFORM sales.tell_contacts(r, o.customer_id, 'refund_named', at);
    PERFORM sales.note_naming(r, o, at);
END $$;

-- Stops a payout whose account was named for the `naming`-th time, unless it may be under way: it needs an account
-- again. Gives 'stopped', or else why nothing was done: 'renamed', or the refund's state; null: no such refund.
CREATE FUNCTION sales.stop_refund(wanted_refund uuid, naming integer, at timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, sales, pg_temp AS $$
DECLARE
    o sales.orders := sales.hold((SELECT order_id FROM sales.refund WHERE id = wanted_refund));
    r sales.refund;
BEGIN
    SELECT * INTO r FROM sales.refund WHERE id = wanted_refund FOR NO KEY UPDATE;
    IF NOT FOUND THEN RETURN NULL; END IF;
    IF r.namings <> naming THEN RETURN 'renamed'; END IF;
    IF r.state <> 'payable' OR r.account_number IS NULL OR r.asked_since IS NOT NULL THEN RETURN r.state; END IF;
    UPDATE sales.refund SET state = 'needs_account', failure_code = 'refund.stopped', bank = NULL,
            account_number = NULL, account_holder = NULL, next_attempt_at = NULL, pays_from = NULL,
            needs_release = NULL, release_id = NULL, released_at = NULL
        WHERE id = r.id;
    PERFORM sales.tell_contacts(r, o.customer_id, 'refund_stopped', at);
    PERFORM operations.write_audit('link', 'refund.stop', r.id::text, jsonb_build_object(
        'order', o.number, 'amount', r.amount, 'bank', r.bank, 'naming', naming), at);
    RETURN 'stopped';
END $$;

-- What two officers decide about.
CREATE FUNCTION sales.release_facts(r sales.refund) RETURNS jsonb LANGUAGE sql STABLE
SET search_path = pg_catalog, sales, pg_temp AS $$
    SELECT jsonb_build_object('order', o.number, 'amount', r.amount, 'bank', r.bank, 'account', r.account_number,
        'holder', r.account_holder, 'naming', r.namings, 'named_at', r.named_at)
    FROM sales.orders o WHERE o.id = r.order_id
$$;

-- Judges payouts whose account was just named. Each waits for `wait` at least. It needs two officers if the accounts
-- that its customer named in the 24 hours before get more than `above` rupiah. Then looks whether officers have
-- released those that need it. Gives how many wait for officers.
CREATE FUNCTION sales.judge_payouts(above bigint, wait interval, at timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, sales, pg_temp AS $$
DECLARE
    r sales.refund;
    owner uuid;
    together bigint;
    waiting integer := 0;
BEGIN
    FOR r IN SELECT * FROM sales.refund
        WHERE state = 'payable' AND account_number IS NOT NULL AND released_at IS NULL AND needs_release IS NOT FALSE
        ORDER BY named_at FOR NO KEY UPDATE SKIP LOCKED
    LOOP
        SELECT customer_id INTO owner FROM sales.orders WHERE id = r.order_id;
        IF r.needs_release IS NULL THEN
            SELECT sum(n.amount) INTO together FROM sales.refund n JOIN sales.orders o ON o.id = n.order_id
                WHERE o.customer_id = owner AND n.account_number IS NOT NULL
                    AND n.named_at BETWEEN r.named_at - interval '24 hours' AND r.named_at;
            UPDATE sales.refund SET needs_release = together > above AND operations.is_checked(),
                    pays_from = greatest(pays_from, named_at + wait),
                    next_attempt_at = greatest(next_attempt_at, named_at + wait)
                WHERE id = r.id RETURNING needs_release INTO r.needs_release;
        END IF;
        CONTINUE WHEN NOT r.needs_release;
        IF operations.use_release('refund', r.id::text, sales.release_facts(r)) THEN
            UPDATE sales.refund SET released_at = at WHERE id = r.id;
            PERFORM operations.write_audit('officers', 'refund', r.id::text, jsonb_build_object(
                'amount', r.amount, 'bank', r.bank), at, a_request => r.release_id);
        ELSE
            UPDATE sales.refund SET release_id = operations.ask_release('refund', r.id::text, sales.release_facts(r),
                interval '31 days', owner::text) WHERE id = r.id;
            waiting := waiting + 1;
        END IF;
    END LOOP;
    RETURN waiting;
END $$;

DROP FUNCTION sales.name_account;  -- named without a proof
REVOKE ALL ON FUNCTION sales.give_back FROM meterai_site;
REVOKE ALL ON FUNCTION sales.tell_contacts, sales.note_naming, sales.ask_refund, sales.name_refund_account,
    sales.stop_refund, sales.release_facts, sales.judge_payouts FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sales.ask_refund, sales.name_refund_account, sales.stop_refund TO meterai_site;
GRANT EXECUTE ON FUNCTION sales.judge_payouts TO meterai_worker;

-- A placed order stays its customer's: to become its customer would be to prove its acts.
CREATE FUNCTION sales.refuse_other_customer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'order % is not a draft: its customer stays', OLD.number USING ERRCODE = 'SL003';
END $$;
CREATE TRIGGER order_keeps_customer BEFORE UPDATE OF customer_id ON sales.orders FOR EACH ROW
    WHEN (OLD.state <> 'draft' AND OLD.customer_id IS DISTINCT FROM NEW.customer_id)
    EXECUTE FUNCTION sales.refuse_other_customer();

-- With what a page says of the wait: until when, and whether officers look at it.
CREATE OR REPLACE FUNCTION sales.order_json(wanted uuid) RETURNS text LANGUAGE sql STABLE AS $$
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
            'failure_code', r.failure_code, 'created_at', r.created_at, 'paid_at', r.paid_at,
            'pays_from', r.pays_from, 'is_being_checked', coalesce(r.needs_release AND r.released_at IS NULL, false),
            'is_stoppable', r.state = 'payable' AND r.account_number IS NOT NULL AND r.asked_since IS NULL,
            'is_set_off', r.state = 'paid' AND coalesce(
                r.reference = (SELECT p.reference FROM sales.payment p WHERE p.id = r.payment_id), false))
            ORDER BY r.created_at, r.id), '[]')
            FROM sales.refund r WHERE r.order_id = o.id)
    )::text FROM sales.orders o WHERE o.id = wanted
$$;
