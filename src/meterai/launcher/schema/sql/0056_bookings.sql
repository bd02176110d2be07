-- The transfers of each step of an order, made from its rows (docs/money.md). A caller names an order, a payment or a
-- refund. Accounts, amounts and codes follow from the rows: no process chooses them. Arrows read debit -> credit.
--
-- The functions without SECURITY DEFINER run inside the others only: nobody else may execute them.

-- An id made from what it names, as `derived_id` of meterai/kernel/ids.py makes it (a test compares).
CREATE FUNCTION ledger.derived_id(VARIADIC parts text[]) RETURNS uuid LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    digest bytea := substr(sha256(convert_to(array_to_string(parts, E'\x1f'), 'UTF8')), 1, 16);
BEGIN
    digest := set_byte(digest, 6, get_byte(digest, 6) & 15 | 128);
    RETURN encode(set_byte(digest, 8, get_byte(digest, 8) & 63 | 128), 'hex')::uuid;
END $$;

CREATE FUNCTION ledger.organisation(role text) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT ledger.derived_id('organisation', role) $$;

-- The one account of a kind. Lots are many: ledger.lot.
CREATE FUNCTION ledger.house(kind text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT ledger.derived_id('account', kind, ledger.organisation(CASE
        WHEN kind = 'issuance' THEN 'issuer'
        WHEN kind IN ('distributor_stock', 'treasury_prepaid', 'distributor_funds') THEN 'distributor'
        ELSE 'seller' END)::text)
$$;

-- The account of the stamps that an order's item buys.
CREATE FUNCTION ledger.lot(item uuid) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT ledger.derived_id('lot', item::text) $$;

CREATE TYPE ledger.line AS (
    id uuid, kind text, pending_id uuid, code text, debit uuid, credit uuid, amount bigint, reference_id uuid,
    organisation_id uuid, expires_at timestamptz);

-- A line that moves an amount at once. `name` and `settled` make its id: the same step done twice books once.
CREATE FUNCTION ledger.moves(
    name text, settled uuid, code text, debit uuid, credit uuid, amount bigint, reference uuid
) RETURNS ledger.line LANGUAGE sql IMMUTABLE AS $$
    SELECT ROW(ledger.derived_id(name, settled::text), 'single', NULL, code, debit, credit, amount, reference,
        ledger.organisation('seller'), NULL)::ledger.line
$$;

-- Posts lines in one batch. A line of amount 0 moves nothing.
CREATE FUNCTION ledger.post_lines(lines ledger.line[], at timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    new integer;
BEGIN
    SELECT ledger.post_transfers(array_agg(l.id), array_agg(l.kind), array_agg(l.pending_id), array_agg(l.debit),
            array_agg(l.credit), array_agg(l.amount), array_agg(l.code), array_agg(l.reference_id),
            array_agg(l.organisation_id), array_agg(l.expires_at), at)
        INTO new FROM unnest(lines) AS l WHERE l.amount IS DISTINCT FROM 0 HAVING count(*) > 0;
    RETURN coalesce(new, 0);
END $$;

-- Opens the accounts that every installation has. Doing it again changes nothing.
CREATE FUNCTION ledger.open_books(at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM ledger.open_accounts(array_agg(ledger.house(p.kind)), array_agg(p.unit), array_agg(p.kind),
            array_agg(ledger.organisation(p.owner)), array_agg(NULL::uuid), array_agg(p.side), at)
        FROM (VALUES
            ('issuance', 'STAMP', 'none', 'issuer'), ('distributor_stock', 'STAMP', 'credit', 'distributor'),
            ('seller_stock', 'STAMP', 'credit', 'seller'), ('used', 'STAMP', 'credit', 'seller'),
            ('treasury_prepaid', 'IDR', 'debit', 'distributor'), ('distributor_funds', 'IDR', 'none', 'distributor'),
            ('gateway_clearing', 'IDR', 'none', 'seller'), ('suspense', 'IDR', 'credit', 'seller'),
            ('face_value_payable', 'IDR', 'credit', 'seller'), ('fee_income', 'IDR', 'credit', 'seller'),
            ('vat_payable', 'IDR', 'credit', 'seller'), ('gateway_cost', 'IDR', 'none', 'seller'),
            ('refund_payable', 'IDR', 'credit', 'seller'), ('receivable', 'IDR', 'debit', 'seller'),
            ('payout_cash', 'IDR', 'none', 'seller')) AS p(kind, unit, side, owner);
END $$;

-- Ends a call that its rows do not allow. Use cases look first and refuse with a code; this stops whoever does not.
CREATE FUNCTION sales.not_allowed(what text, of uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: not allowed for %', what, of USING ERRCODE = 'SL003';
END $$;

-- The lock of an order, for functions that write it or what belongs to it.
CREATE FUNCTION sales.hold(of_order uuid) RETURNS sales.orders LANGUAGE sql AS
$$ SELECT o FROM sales.orders o WHERE o.id = of_order FOR NO KEY UPDATE $$;

-- ---------------------------------------------------------------------------------------------------------- placing

-- Places a draft: its stamps are held (stock -> lots) and its first attempt to pay is written. The price is that of the
-- items. They must be at today's tariff, and the order's sums must be theirs.
-- Refusals: those of ledger.post_transfers and sales.limit_unpaid.
CREATE FUNCTION sales.place_order(
    of_order uuid, of_payment uuid, of_gateway text, by_channel text, until timestamptz, held_until timestamptz,
    polled_from timestamptz, customer_max bigint, at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o sales.orders := sales.hold(of_order);
BEGIN
    IF o.state IS DISTINCT FROM 'draft' OR o.customer_id IS NULL OR o.contact_value IS NULL OR o.quantity = 0
        OR (o.quantity, o.face_value, o.fee, o.vat) IS DISTINCT FROM (
            SELECT (sum(i.quantity)::bigint, sum(i.quantity * i.unit_face_value)::bigint,
                sum(i.quantity * i.unit_fee)::bigint, sum(i.quantity * i.unit_vat)::bigint)
            FROM sales.item i WHERE i.order_id = of_order)
        OR EXISTS (SELECT FROM sales.item i WHERE i.order_id = of_order AND (i.state <> 'waiting'
            OR i.unit_fee < i.unit_vat OR i.unit_vat < 0 OR i.unit_face_value IS DISTINCT FROM (
                SELECT t.face_value FROM sales.tariff t
                WHERE t.valid_from <= (at AT TIME ZONE 'Asia/Jakarta')::date ORDER BY t.valid_from DESC LIMIT 1)))
    THEN PERFORM sales.not_allowed('place', of_order); END IF;
    UPDATE sales.orders SET state = 'awaiting_payment', placed_at = at, expires_at = until WHERE id = of_order;
    UPDATE sales.item i SET lot_account_id = ledger.lot(i.id) WHERE i.order_id = of_order;
    INSERT INTO sales.payment
            (id, order_id, gateway, channel, reference, amount, state, created_at, expires_at, poll_at)
        VALUES (of_payment, of_order, of_gateway, by_channel, o.number || '-1', o.total, 'creating', at, until,
            polled_from);
    PERFORM ledger.open_accounts(array_agg(i.lot_account_id), array_agg('STAMP'::text), array_agg('lot'::text),
            array_agg(ledger.organisation('seller')), array_agg(o.customer_id), array_agg('credit'::text), at),
        ledger.post_lines(array_agg(ROW(ledger.derived_id('reserve-sale', i.id::text), 'pending', NULL, 'reserve_sale',
            ledger.house('seller_stock'), i.lot_account_id, i.quantity, of_order, ledger.organisation('seller'),
            held_until)::ledger.line), at)
        FROM sales.item i WHERE i.order_id = of_order;
    PERFORM sales.limit_unpaid(of_order, ledger.house('seller_stock'), customer_max);
END $$;

-- One more attempt to pay a placed order; the open one ends. The order can be paid until `until`, while its stamps are
-- held.
CREATE FUNCTION sales.add_attempt(
    of_order uuid, of_payment uuid, of_gateway text, by_channel text, until timestamptz, polled_from timestamptz,
    look_at timestamptz, at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o sales.orders := sales.hold(of_order);
BEGIN
    IF o.state IS DISTINCT FROM 'awaiting_payment' OR EXISTS (
        SELECT FROM ledger.transfer t WHERE t.reference_id = of_order AND t.code = 'reserve_sale' AND t.expires_at < until
    ) THEN PERFORM sales.not_allowed('add attempt', of_order); END IF;
    UPDATE sales.payment SET state = 'cancelled', poll_at = look_at, lease_until = NULL
        WHERE order_id = of_order AND state IN ('creating', 'pending');
    INSERT INTO sales.payment
            (id, order_id, gateway, channel, reference, amount, state, created_at, expires_at, poll_at)
        SELECT of_payment, of_order, of_gateway, by_channel, o.number || '-' || count(*) + 1, o.total, 'creating', at,
            until, polled_from
        FROM sales.payment WHERE order_id = of_order;
    UPDATE sales.orders SET expires_at = until WHERE id = of_order;
END $$;

-- Ends an order that is not paid, its open attempt too, and frees its stamps.
CREATE FUNCTION sales.end_unpaid(o sales.orders, becomes text, look_at timestamptz, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE sales.orders SET state = becomes, closed_at = at WHERE id = o.id;
    IF o.state = 'draft' THEN RETURN; END IF;
    UPDATE sales.payment SET state = becomes, poll_at = look_at, lease_until = NULL
        WHERE order_id = o.id AND state IN ('creating', 'pending');
    PERFORM ledger.post_lines(array_agg(ROW(ledger.derived_id('release-sale', i.id::text), 'void',
            ledger.derived_id('reserve-sale', i.id::text), 'release_sale', NULL, NULL, NULL, o.id,
            ledger.organisation('seller'), NULL)::ledger.line), at)
        FROM sales.item i WHERE i.order_id = o.id;
END $$;
CREATE FUNCTION sales.cancel_order(of_order uuid, look_at timestamptz, at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o sales.orders := sales.hold(of_order);
BEGIN
    IF (o.state IN ('draft', 'awaiting_payment')) IS NOT TRUE THEN PERFORM sales.not_allowed('cancel', of_order); END IF;
    PERFORM sales.end_unpaid(o, 'cancelled', look_at, at);
END $$;
CREATE FUNCTION sales.expire_order(of_order uuid, look_at timestamptz, at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o sales.orders := sales.hold(of_order);
BEGIN
    IF (o.state = 'awaiting_payment' AND o.expires_at <= at) IS NOT TRUE THEN
        PERFORM sales.not_allowed('expire', of_order);
    END IF;
    PERFORM sales.end_unpaid(o, 'expired', look_at, at);
END $$;

-- What the payer of an attempt needs. One that has ended meanwhile is left as it is. Nobody waits for the disk: should
-- a crash of the database forget it, the poller asks again under the same reference.
CREATE FUNCTION sales.store_charge(
    of_reference text, gateway_id text, qr text, va text, page text, polled_from timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    UPDATE sales.payment SET state = 'pending', transaction_id = gateway_id, qr_text = nullif(qr, ''),
            va_number = nullif(va, ''), page_url = nullif(page, ''), poll_at = polled_from
        WHERE reference = of_reference AND state || '' = 'creating';
END $$;

-- Ends an open attempt without money. It is still polled for a while: money may come late.
CREATE FUNCTION sales.close_attempt(of_reference text, becomes text, look_at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (becomes IN ('expired', 'cancelled', 'failed')) IS NOT TRUE THEN
        PERFORM sales.not_allowed('close as ' || becomes, NULL);
    END IF;
    UPDATE sales.payment SET state = becomes, poll_at = look_at, lease_until = NULL
        WHERE reference = of_reference AND state || '' IN ('creating', 'pending');
END $$;

-- --------------------------------------------------------------------------------------------------------- settling

-- Books money that came for a payment (clearing -> suspense) and what it is for. Credited: a sale. Else it is owed back
-- (suspense -> owed). `booked_as` must fit order and payment; the order's lock is held until the end.
-- The payment is written before its notices are read: who stores one has locked it too. So either the notice is seen
-- here, or the time is at which it has the payment asked for.
CREATE FUNCTION sales.settle_payment(
    of_payment uuid, gateway_id text, paid bigint, booked_as text, cost bigint, asked_at timestamptz, at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o sales.orders := sales.hold((SELECT order_id FROM sales.payment WHERE id = of_payment));
    p sales.payment;
    lines ledger.line[];
BEGIN
    SELECT * INTO p FROM sales.payment WHERE id = of_payment FOR NO KEY UPDATE;
    IF (p.state NOT IN ('settled', 'reversed') AND paid > 0 AND cost BETWEEN 0 AND paid AND CASE booked_as
            WHEN 'credited' THEN paid = p.amount AND p.amount = o.total AND o.state IN ('awaiting_payment', 'expired')
            WHEN 'refunded_amount' THEN paid <> p.amount
            WHEN 'refunded_double' THEN o.state IN ('paid', 'completed')
            WHEN 'refunded_late' THEN o.state IN ('cancelled', 'expired') END) IS NOT TRUE
    THEN PERFORM sales.not_allowed('settle as ' || booked_as, of_payment); END IF;
    lines := ARRAY[
        ledger.moves('payment', p.id, 'payment', ledger.house('gateway_clearing'), ledger.house('suspense'), paid, o.id),
        ledger.moves('gateway-cost', p.id, 'gateway_cost', ledger.house('gateway_cost'),
            ledger.house('gateway_clearing'), cost, o.id)];
    IF booked_as = 'credited' THEN
        lines := lines || sales.credit(o, p, at);
    ELSE
        PERFORM sales.owe_back(p, booked_as, paid, at);
        lines := lines || ledger.moves('refund-suspense', p.id, 'refund_suspense', ledger.house('suspense'),
            ledger.house('refund_payable'), paid, o.id);
    END IF;
    UPDATE sales.payment SET state = 'settled', settled_at = at, poll_at = NULL, lease_until = NULL,
            transaction_id = coalesce(nullif(gateway_id, ''), transaction_id), paid_amount = paid,
            outcome = booked_as, gateway_cost = cost
        WHERE id = p.id;
    UPDATE sales.notice SET processed_at = at
        WHERE reference = p.reference AND processed_at IS NULL AND received_at <= asked_at;
    UPDATE sales.payment SET poll_at = at WHERE id = p.id
        AND EXISTS (SELECT FROM sales.notice WHERE reference = p.reference AND processed_at IS NULL);
    PERFORM ledger.post_lines(lines, at);
END $$;

-- Writes an order as paid, its items as work or as quota that is ready, and its other attempts as cancelled: they are
-- polled at once, so that the gateway closes them. Gives the lines of the sale: suspense -> face value, fee, VAT; the
-- stamps that are held or, for an expired order, that are left.
CREATE FUNCTION sales.credit(o sales.orders, p sales.payment, at timestamptz) RETURNS ledger.line[]
LANGUAGE plpgsql AS $$
DECLARE
    stamps ledger.line[];
    works boolean;
BEGIN
    UPDATE sales.payment SET state = 'cancelled', poll_at = at
        WHERE order_id = o.id AND id <> p.id AND state IN ('creating', 'pending');
    UPDATE sales.item SET state = CASE WHEN document_id IS NULL THEN 'done' ELSE 'stamping' END,
            done_at = CASE WHEN document_id IS NULL THEN at END
        WHERE order_id = o.id;
    SELECT bool_or(i.document_id IS NOT NULL), array_agg(CASE WHEN o.state = 'expired'
            THEN ledger.moves('late-sale', i.id, 'sale', ledger.house('seller_stock'), i.lot_account_id, i.quantity, o.id)
            ELSE ROW(ledger.derived_id('sale', i.id::text), 'post', ledger.derived_id('reserve-sale', i.id::text),
                'sale', NULL, NULL, NULL, o.id, ledger.organisation('seller'), NULL)::ledger.line END)
        INTO works, stamps FROM sales.item i WHERE i.order_id = o.id;
    UPDATE sales.orders SET state = CASE WHEN works THEN 'paid' ELSE 'completed' END, paid_at = at,
            closed_at = CASE WHEN works THEN NULL ELSE at END
        WHERE id = o.id;
    RETURN stamps || ARRAY[
        ledger.moves('sale-face', o.id, 'sale_face_value', ledger.house('suspense'), ledger.house('face_value_payable'),
            o.face_value, o.id),
        ledger.moves('sale-fee', o.id, 'sale_fee', ledger.house('suspense'), ledger.house('fee_income'), o.fee - o.vat, o.id),
        ledger.moves('sale-vat', o.id, 'sale_vat', ledger.house('suspense'), ledger.house('vat_payable'), o.vat, o.id)];
END $$;

-- The way on which money of a payment goes back: bank transfers can't be returned by the gateway.
CREATE FUNCTION sales.way_back(p sales.payment) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE p.channel WHEN 'qris' THEN 'gateway' ELSE 'payout' END $$;

-- Writes that money which bought nothing is owed to its payer.
CREATE FUNCTION sales.owe_back(p sales.payment, booked_as text, paid bigint, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO sales.refund (id, order_id, payment_id, quantity, amount, reason, channel, state, next_attempt_at,
            created_at)
        SELECT ledger.derived_id('refund', p.id::text), p.order_id, p.id, 0, paid,
            CASE booked_as WHEN 'refunded_amount' THEN 'wrong_amount' WHEN 'refunded_double' THEN 'double' ELSE 'late' END,
            way, CASE way WHEN 'gateway' THEN 'payable' ELSE 'needs_account' END,
            CASE way WHEN 'gateway' THEN at END, at
        FROM sales.way_back(p) AS way;
END $$;

-- --------------------------------------------------------------------------------------------------------- reversing

-- Writes an item as refunded when the last of its refunds is paid.
CREATE FUNCTION sales.finish_item(of_item uuid) RETURNS void LANGUAGE sql AS $$
    UPDATE sales.item SET state = 'refunded', refusal_code = NULL
        WHERE id = of_item AND state = 'refunding'
            AND NOT EXISTS (SELECT FROM sales.refund WHERE item_id = of_item AND state <> 'paid')
$$;

-- Writes an open refund as paid by what the bank took back; gives its line: owed by us -> owed to us.
CREATE FUNCTION sales.set_off(r sales.refund, at timestamptz) RETURNS ledger.line LANGUAGE plpgsql AS $$
BEGIN
    UPDATE sales.refund SET state = 'paid', paid_at = at, next_attempt_at = NULL, failure_code = NULL,
            reference = (SELECT p.reference FROM sales.payment p WHERE p.id = r.payment_id)
        WHERE id = r.id;
    PERFORM sales.finish_item(r.item_id);
    RETURN ledger.moves('refund-set-off', r.id, 'refund_paid', ledger.house('refund_payable'), ledger.house('receivable'),
        r.amount, r.order_id);
END $$;

-- The lines of pieces given back: lot -> stock; their whole price, fee and VAT included -> owed to the customer.
CREATE FUNCTION sales.pieces_back(i sales.item, of_refund uuid, pieces bigint) RETURNS ledger.line[] LANGUAGE sql AS $$
    SELECT ARRAY[
        ledger.moves('refund-quota', of_refund, 'refund_quota', i.lot_account_id, ledger.house('seller_stock'), pieces,
            i.order_id),
        ledger.moves('refund-face', of_refund, 'refund_face_value', ledger.house('face_value_payable'), owed,
            i.unit_face_value * pieces, i.order_id),
        ledger.moves('refund-fee', of_refund, 'refund_fee', ledger.house('fee_income'), owed,
            (i.unit_fee - i.unit_vat) * pieces, i.order_id),
        ledger.moves('refund-vat', of_refund, 'refund_vat', ledger.house('vat_payable'), owed, i.unit_vat * pieces,
            i.order_id)]
    FROM ledger.house('refund_payable') AS owed
$$;

-- Counts pieces of an item as given back. Its last ones end it.
CREATE FUNCTION sales.count_refunded(of_item uuid, pieces bigint) RETURNS void LANGUAGE sql AS $$
    UPDATE sales.item SET refunded_quantity = refunded_quantity + pieces,
            state = CASE WHEN refunded_quantity + pieces = quantity THEN 'refunding' ELSE state END
        WHERE id = of_item
$$;

-- Takes back every unused stamp of a payment that the bank took back; gives the lines. Documents may take some before
-- the lines are posted: the ledger refuses then, and the caller counts again.
CREATE FUNCTION sales.take_unused(p sales.payment, at timestamptz) RETURNS ledger.line[] LANGUAGE plpgsql AS $$
DECLARE
    i sales.item;
    r sales.refund;
    unused bigint;
    lines ledger.line[] := '{}';
BEGIN
    FOR i IN SELECT * FROM sales.item WHERE order_id = p.order_id AND state IN ('done', 'refused') ORDER BY position LOOP
        SELECT credits_posted - debits_posted - debits_pending INTO unused FROM ledger.account WHERE id = i.lot_account_id;
        CONTINUE WHEN (unused > 0) IS NOT TRUE;
        INSERT INTO sales.refund (id, order_id, item_id, payment_id, quantity, amount, reason, channel, state, created_at)
            VALUES (ledger.derived_id('refund', 'reversal', p.id::text, i.id::text, i.refunded_quantity::text), p.order_id,
                i.id, p.id, unused, (i.unit_face_value + i.unit_fee) * unused, 'reversed', 'gateway', 'payable', at)
            RETURNING * INTO r;
        PERFORM sales.count_refunded(i.id, unused);
        lines := lines || sales.pieces_back(i, r.id, unused) || sales.set_off(r, at);
    END LOOP;
    RETURN lines;
END $$;

-- Books that the bank took a payment back (owed to us -> clearing). What we owe for it is set off: refunds that have not
-- gone out, and stamps that are unused. All goes in one batch: a second one could deadlock with a settlement.
CREATE FUNCTION sales.reverse_payment(of_payment uuid, at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o sales.orders := sales.hold((SELECT order_id FROM sales.payment WHERE id = of_payment));
    p sales.payment;
    r sales.refund;
    lines ledger.line[];
BEGIN
    UPDATE sales.payment SET state = 'reversed', reversed_at = at WHERE id = of_payment AND state = 'settled'
        RETURNING * INTO p;
    IF NOT FOUND THEN PERFORM sales.not_allowed('reverse', of_payment); END IF;
    PERFORM ledger.open_books(at);  -- older installations have no receivable yet
    lines := ARRAY[ledger.moves('reversal', p.id, 'reversal', ledger.house('receivable'), ledger.house('gateway_clearing'),
        p.paid_amount, o.id)];
    FOR r IN SELECT * FROM sales.refund
        WHERE payment_id = p.id AND state IN ('needs_account', 'payable') ORDER BY created_at, id
    LOOP
        lines := lines || sales.set_off(r, at);
    END LOOP;
    IF p.outcome = 'credited' THEN lines := lines || sales.take_unused(p, at); END IF;
    PERFORM ledger.post_lines(lines, at);
END $$;

-- Takes back stamps that were held for a document when the bank took their payment back, and are free now.
CREATE FUNCTION sales.take_back_freed(of_order uuid, at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o sales.orders := sales.hold(of_order);
    p sales.payment;
BEGIN
    SELECT * INTO p FROM sales.payment WHERE order_id = o.id AND outcome = 'credited' AND state = 'reversed';
    IF FOUND THEN PERFORM ledger.post_lines(sales.take_unused(p, at), at); END IF;
END $$;

-- ---------------------------------------------------------------------------------------------------------- refunds

-- Gives unused pieces of an item back: their price is owed to the customer. The refund's id is made from how many were
-- given back before, so that asking twice at the same number asks once. Refusals: those of ledger.post_transfers.
CREATE FUNCTION sales.give_back(
    of_item uuid, pieces bigint, given_back bigint, to_bank text, to_number text, to_holder text, at timestamptz
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o sales.orders := sales.hold((SELECT order_id FROM sales.item WHERE id = of_item));
    i sales.item;
    p sales.payment;
    r sales.refund;
BEGIN
    SELECT * INTO i FROM sales.item WHERE id = of_item;
    SELECT * INTO p FROM sales.payment WHERE order_id = o.id AND outcome = 'credited' AND state = 'settled';
    IF (p.id IS NOT NULL AND i.state IN ('done', 'refused') AND i.refunded_quantity = given_back
            AND pieces BETWEEN 1 AND i.quantity - given_back AND (i.state = 'done' OR pieces = i.quantity)) IS NOT TRUE
    THEN PERFORM sales.not_allowed('give back', of_item); END IF;
    r.id := ledger.derived_id('refund', i.id::text, given_back::text);
    r.channel := sales.way_back(p);
    r.state := CASE WHEN r.channel = 'payout' AND to_number IS NULL THEN 'needs_account' ELSE 'payable' END;
    INSERT INTO sales.refund (id, order_id, item_id, payment_id, quantity, amount, reason, channel, state,
            bank, account_number, account_holder, round, next_attempt_at, created_at)
        VALUES (r.id, o.id, i.id, p.id, pieces, (i.unit_face_value + i.unit_fee) * pieces,
            CASE i.state WHEN 'refused' THEN 'refused' ELSE 'customer' END, r.channel, r.state,
            to_bank, to_number, to_holder, CASE WHEN to_number IS NULL THEN 0 ELSE 1 END,
            CASE r.state WHEN 'payable' THEN at END, at);
    PERFORM sales.count_refunded(i.id, pieces);
    PERFORM ledger.post_lines(sales.pieces_back(i, r.id, pieces), at);
    RETURN r.state;
END $$;

-- The account to which a refund goes that waits for one; it is payable now, as a payout of its own.
CREATE FUNCTION sales.name_account(
    of_refund uuid, to_bank text, to_number text, to_holder text, at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o sales.orders := sales.hold((SELECT order_id FROM sales.refund WHERE id = of_refund));
BEGIN
    UPDATE sales.refund SET state = 'payable', channel = 'payout', bank = to_bank, account_number = to_number,
            account_holder = to_holder, round = round + 1, reference = NULL, failure_code = NULL, attempts = 0,
            asked_since = NULL, next_attempt_at = at
        WHERE id = of_refund AND state = 'needs_account' AND to_bank <> '' AND to_number <> '' AND to_holder <> '';
    IF NOT FOUND THEN PERFORM sales.not_allowed('name account', of_refund); END IF;
END $$;

-- The payout provider has a refund; it is asked how it went at `ask_at`.
CREATE FUNCTION sales.send_refund(of_refund uuid, of_reference text, ask_at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o sales.orders := sales.hold((SELECT order_id FROM sales.refund WHERE id = of_refund));
BEGIN
    UPDATE sales.refund SET state = 'sent', reference = of_reference, next_attempt_at = ask_at, attempts = 0,
            failure_code = NULL
        WHERE id = of_refund AND state = 'payable' AND channel = 'payout';
    IF NOT FOUND THEN PERFORM sales.not_allowed('send', of_refund); END IF;
END $$;

-- Books a refund as paid: owed -> the gateway's clearing, or the payout account. Once for each account that was tried.
-- `look_at`: when the payout provider is asked whether it came back.
CREATE FUNCTION sales.book_paid(r sales.refund, of_reference text, look_at timestamptz, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF (r.state IN ('payable', 'sent')) IS NOT TRUE THEN PERFORM sales.not_allowed('pay', r.id); END IF;
    UPDATE sales.refund SET state = 'paid', reference = of_reference, paid_at = at, next_attempt_at = look_at,
            failure_code = NULL
        WHERE id = r.id;
    PERFORM sales.finish_item(r.item_id);
    PERFORM ledger.post_lines(ARRAY[ledger.moves('refund-paid-' || r.round, r.id, 'refund_paid',
        ledger.house('refund_payable'),
        ledger.house(CASE r.channel WHEN 'gateway' THEN 'gateway_clearing' ELSE 'payout_cash' END), r.amount, r.order_id)],
        at);
END $$;
CREATE FUNCTION sales.held_refund(of_refund uuid) RETURNS sales.refund LANGUAGE plpgsql AS $$
DECLARE
    o sales.orders := sales.hold((SELECT order_id FROM sales.refund WHERE id = of_refund));
    r sales.refund;
BEGIN
    SELECT * INTO r FROM sales.refund WHERE id = of_refund;
    RETURN r;
END $$;
CREATE FUNCTION sales.pay_refund(
    of_refund uuid, of_reference text, look_at timestamptz, at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM sales.book_paid(sales.held_refund(of_refund), of_reference, look_at, at);
END $$;

-- An officer's word that a refund in doubt went out, in whatever way. `of_reference`: the id under which it would go.
CREATE FUNCTION sales.end_refund(of_refund uuid, of_reference text, at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    r sales.refund := sales.held_refund(of_refund);
BEGIN
    IF (r.failure_code IN ('gateway.refund_mismatch', 'payout.mismatch', 'payout.unsure', 'payout.missing',
        'payout.uncovered')) IS NOT TRUE
    THEN PERFORM sales.not_allowed('end', of_refund); END IF;
    PERFORM sales.book_paid(r, of_reference, NULL, at);
END $$;

-- A refund is payable once more, to the same account, as a payout of its own. Or, when the bank took its payment back,
-- it is set off: false then.
CREATE FUNCTION sales.pay_again(r sales.refund, why text, next_at timestamptz, at timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    IF (r.state IN ('payable', 'sent')) IS NOT TRUE THEN PERFORM sales.not_allowed('pay again', r.id); END IF;
    IF EXISTS (SELECT FROM sales.payment WHERE id = r.payment_id AND state = 'reversed') THEN
        PERFORM ledger.post_lines(ARRAY[sales.set_off(r, at)], at);
        RETURN false;
    END IF;
    UPDATE sales.refund SET state = 'payable', round = round + 1, reference = NULL, failure_code = why, attempts = 0,
            asked_since = NULL, next_attempt_at = next_at
        WHERE id = r.id;
    RETURN true;
END $$;

-- An officer's word that the provider never had a payout, or the worker's that it fell through there.
CREATE FUNCTION sales.order_again(of_refund uuid, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    r sales.refund := sales.held_refund(of_refund);
BEGIN
    IF (r.failure_code IN ('payout.unsure', 'payout.missing')) IS NOT TRUE THEN
        PERFORM sales.not_allowed('order again', of_refund);
    END IF;
    RETURN sales.pay_again(r, NULL, at, at);
END $$;
CREATE FUNCTION sales.retry_refund(of_refund uuid, why text, next_at timestamptz, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN sales.pay_again(sales.held_refund(of_refund), why, next_at, at);
END $$;

-- Gateway or bank refused a refund for good, or sent back what had arrived (the payout account -> owed, as before): the
-- customer names an account. Or, when the bank took its payment back, it is set off: false then.
CREATE FUNCTION sales.refuse_refund(of_refund uuid, why text, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    r sales.refund := sales.held_refund(of_refund);
    p sales.payment;
    lines ledger.line[] := '{}';
BEGIN
    SELECT * INTO p FROM sales.payment WHERE id = r.payment_id;
    IF r.state = 'paid' AND r.channel = 'payout' AND r.reference IS DISTINCT FROM p.reference THEN
        lines := ARRAY[ledger.moves('refund-returned-' || r.round, r.id, 'refund_returned', ledger.house('payout_cash'),
            ledger.house('refund_payable'), r.amount, r.order_id)];
    ELSIF (r.state IN ('payable', 'sent')) IS NOT TRUE THEN
        PERFORM sales.not_allowed('refuse', of_refund);
    END IF;
    IF p.state = 'reversed' THEN
        PERFORM ledger.post_lines(lines || sales.set_off(r, at), at);
        RETURN false;
    END IF;
    UPDATE sales.item SET state = 'refunding', refusal_code = NULL WHERE id = r.item_id AND state = 'refunded';
    UPDATE sales.refund SET state = 'needs_account', channel = 'payout', failure_code = why, bank = NULL,
            account_number = NULL, account_holder = NULL, next_attempt_at = NULL, paid_at = NULL
        WHERE id = of_refund;
    PERFORM ledger.post_lines(lines, at);
    RETURN true;
END $$;

-- ------------------------------------------------------------------------------------------------------------ stock

-- Books a deposit at the treasury and the stamps that it pays for, at the tariff of the day on which it was first booked;
-- gives their face value, and whether anything is new. A deposit with the same number of pieces is booked once.
CREATE FUNCTION sales.issue_stock(
    deposit uuid, pieces bigint, at timestamptz, OUT face_value bigint, OUT is_new boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    day date := coalesce((SELECT min(t.business_date) FROM ledger.transfer t WHERE t.reference_id = deposit),
        (at AT TIME ZONE 'Asia/Jakarta')::date);
BEGIN
    IF (pieces BETWEEN 1 AND 100000000) IS NOT TRUE THEN PERFORM sales.not_allowed('issue', deposit); END IF;
    SELECT t.face_value INTO face_value FROM sales.tariff t WHERE t.valid_from <= day ORDER BY t.valid_from DESC LIMIT 1;
    PERFORM ledger.open_books(at);
    is_new := ledger.post_lines(ARRAY[
        ROW(ledger.derived_id('deposit-paid', deposit::text), 'single', NULL, 'deposit', ledger.house('treasury_prepaid'),
            ledger.house('distributor_funds'), pieces * face_value, deposit, ledger.organisation('distributor'),
            NULL)::ledger.line,
        ROW(ledger.derived_id('deposit-issue', deposit::text), 'single', NULL, 'issue', ledger.house('issuance'),
            ledger.house('distributor_stock'), pieces, deposit, ledger.organisation('distributor'), NULL)::ledger.line,
        ROW(ledger.derived_id('deposit-supply', deposit::text), 'single', NULL, 'supply',
            ledger.house('distributor_stock'), ledger.house('seller_stock'), pieces, deposit,
            ledger.organisation('seller'), NULL)::ledger.line], at) > 0;
END $$;

REVOKE ALL ON FUNCTION ledger.derived_id, ledger.organisation, ledger.house, ledger.lot, ledger.moves, ledger.post_lines,
    ledger.open_books, sales.not_allowed, sales.hold, sales.place_order, sales.add_attempt, sales.end_unpaid,
    sales.cancel_order, sales.expire_order, sales.store_charge, sales.close_attempt, sales.settle_payment, sales.credit,
    sales.way_back, sales.owe_back, sales.finish_item, sales.set_off, sales.pieces_back, sales.count_refunded,
    sales.take_unused, sales.reverse_payment, sales.take_back_freed, sales.give_back, sales.name_account,
    sales.send_refund, sales.book_paid, sales.held_refund, sales.pay_refund, sales.end_refund, sales.pay_again,
    sales.order_again, sales.retry_refund, sales.refuse_refund, sales.issue_stock FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.open_books, sales.place_order, sales.add_attempt, sales.cancel_order,
    sales.expire_order, sales.store_charge, sales.close_attempt, sales.settle_payment, sales.reverse_payment,
    sales.take_back_freed, sales.give_back, sales.name_account, sales.send_refund, sales.pay_refund, sales.end_refund,
    sales.order_again, sales.retry_refund, sales.refuse_refund, sales.issue_stock TO meterai_app;

-- What these replace: an order's settlement, whose states the caller chose.
DROP FUNCTION sales.write_settled;
