-- A refund by hand: two officers of finance give unused stamps of a paid order back (docs/money.md). From its row on it is
-- like a refund that its customer asked for.
INSERT INTO operations.act VALUES ('refund.give', '{finance}', 2);

ALTER TABLE sales.refund DROP CONSTRAINT refund_reason_check, ADD CONSTRAINT refund_reason_check CHECK (
    reason IN ('customer', 'given', 'refused', 'late', 'wrong_amount', 'double', 'reversed')) NOT VALID;

-- An item of an order as an officer takes it in hand, the `place`-th one from 1 on. It locks the order. `unused`: pieces
-- that the lot still holds and that no stamping has reserved. `way_back`: null unless its payment is credited and settled.
CREATE FUNCTION sales.item_in_hand(
    of_number text, place integer, OUT order_id uuid, OUT customer_id uuid, OUT item_id uuid, OUT state text,
    OUT quantity bigint, OUT given_back bigint, OUT unused bigint, OUT price bigint, OUT way_back text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    SELECT o.id, o.customer_id INTO order_id, customer_id FROM sales.orders o WHERE o.number = of_number
        FOR NO KEY UPDATE;
    SELECT i.id, i.state, i.quantity, i.refunded_quantity, i.unit_face_value + i.unit_fee,
            coalesce(a.credits_posted - a.debits_posted - a.debits_pending, 0)
        INTO item_id, state, quantity, given_back, price, unused
        FROM sales.item i LEFT JOIN ledger.account a ON a.id = i.lot_account_id
        WHERE i.order_id = item_in_hand.order_id ORDER BY i.position OFFSET greatest(place, 1) - 1 LIMIT 1;
    SELECT sales.way_back(p) INTO way_back FROM sales.payment p
        WHERE p.order_id = item_in_hand.order_id AND p.outcome = 'credited' AND p.state = 'settled';
END $$;

-- Gives unused stamps back and owes their price, once two officers have released exactly this. `facts` name order and item,
-- pieces, how many of the item were given back before, sum and reason; for a payout that they send to an account, also
-- `bank`, `account` and `holder`. The refund's id is made from item and `given_back_before`: no release gives twice.
-- OF007: they have not · SL003: the facts are not those of the order. Other refusals: those of sales.give_back.
CREATE FUNCTION operations.give_refund(of_refund uuid, facts jsonb, at timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    pieces bigint := facts ->> 'pieces';
    before bigint := facts ->> 'given_back_before';
    named boolean := facts ? 'account';
    i record;
    r sales.refund;
BEGIN
    at := customers.checked_time(at);
    IF NOT operations.use_release('refund.give', of_refund::text, facts) THEN
        RAISE EXCEPTION 'two officers have not released this' USING ERRCODE = 'OF007';
    END IF;
    i := sales.item_in_hand(facts ->> 'order', (facts ->> 'item')::integer);
    IF (of_refund = ledger.derived_id('refund', i.item_id::text, before::text)
        AND (facts ->> 'amount')::bigint = pieces * i.price
        AND (NOT named OR (i.way_back = 'payout' AND facts ->> 'bank' <> '' AND facts ->> 'account' <> ''
            AND facts ->> 'holder' <> ''))) IS NOT TRUE
    THEN PERFORM sales.not_allowed('give back by hand', of_refund); END IF;
    PERFORM sales.give_back(i.item_id, pieces, before, facts ->> 'bank', facts ->> 'account', facts ->> 'holder', at);
    UPDATE sales.refund SET reason = CASE reason WHEN 'customer' THEN 'given' ELSE reason END,
            namings = named::integer, named_at = CASE WHEN named THEN at END,
            release_id = CASE WHEN named THEN (SELECT max(q.id) FROM operations.release_request q
                WHERE q.kind = 'refund.give' AND q.subject = of_refund::text AND q.done_at IS NOT NULL) END
        WHERE id = of_refund RETURNING * INTO r;
    PERFORM sales.tell_contacts(r, i.customer_id, CASE WHEN named THEN 'refund_given_named'
        WHEN r.channel = 'gateway' THEN 'refund_given_by_gateway' ELSE 'refund_given' END, at);
    RETURN r.state;
END $$;

-- As before, but an account that two officers have named needs no second release: it has theirs. It waits like others.
CREATE OR REPLACE FUNCTION sales.judge_payouts(above bigint, wait interval, at timestamptz) RETURNS integer
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
            UPDATE sales.refund SET needs_release = together > above AND operations.is_checked() AND release_id IS NULL,
                    pays_from = greatest(pays_from, named_at + wait),
                    next_attempt_at = greatest(next_attempt_at, named_at + wait)
                WHERE id = r.id RETURNING needs_release INTO r.needs_release;
        END IF;
        CONTINUE WHEN NOT r.needs_release;
        IF operations.use_release('refund', r.id::text, sales.release_facts(r)) THEN
            UPDATE sales.refund SET released_at = at WHERE id = r.id;
            PERFORM operations.write_audit('officers', 'refund', r.id::text, jsonb_build_object(
                'amount', r.amount, 'bank', r.bank), at, owner::text, jsonb_build_object(
                'account', r.account_number, 'holder', r.account_holder), r.release_id);
        ELSE
            UPDATE sales.refund SET release_id = operations.ask_release('refund', r.id::text, sales.release_facts(r),
                interval '31 days', owner::text) WHERE id = r.id;
            waiting := waiting + 1;
        END IF;
    END LOOP;
    RETURN waiting;
END $$;

-- As before, and the accounts that officers have named. A release that names none stays: it is nobody's value.
CREATE OR REPLACE FUNCTION operations.forget_accounts(refunds text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF cardinality(refunds) = 0 THEN RETURN; END IF;
    UPDATE operations.audit_value v SET key = NULL, value = NULL, erased_at = clock_timestamp()
        FROM operations.audit_entry e
        WHERE e.id = v.entry_id AND e.action IN ('refund', 'refund.name_account', 'refund.give')
            AND e.subject = ANY (refunds) AND v.erased_at IS NULL;
    UPDATE operations.officer_signature s SET signed_text = '' FROM operations.release_request r
        WHERE s.request_id = r.id AND r.subject = ANY (refunds)
            AND (r.kind = 'refund' OR r.kind = 'refund.give' AND r.person IS NOT NULL);
    UPDATE operations.release_request SET facts = '{}' WHERE subject = ANY (refunds)
        AND (kind = 'refund' OR kind = 'refund.give' AND person IS NOT NULL);
END $$;

REVOKE ALL ON FUNCTION sales.item_in_hand, operations.give_refund FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sales.item_in_hand, operations.give_refund TO meterai_operator;
