-- Placing and settling an order, each as one call. The caller read the order without a lock and worked out what
-- follows; here it is locked, compared with what was read, and only then written. False: it changed meanwhile,
-- nothing was written, and the caller goes the long way, with the lock first.

-- A payment that is settled, its notices, and, when it was credited, the order and its items. The caller holds
-- the order's lock.
CREATE FUNCTION sales.write_settled(
    of_order uuid, of_payment uuid, of_reference text, gateway_id text, paid bigint, booked_as text, cost bigint,
    order_becomes text, items uuid[], item_states text[], at timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF booked_as = 'credited' THEN
        UPDATE sales.payment SET state = 'cancelled', poll_at = at
            WHERE order_id = of_order AND id <> of_payment AND state IN ('creating', 'pending');
        UPDATE sales.orders SET state = order_becomes, paid_at = at,
                closed_at = CASE WHEN order_becomes = 'completed' THEN at END
            WHERE id = of_order;
    END IF;
    UPDATE sales.notice SET processed_at = at WHERE reference = of_reference AND processed_at IS NULL;
    UPDATE sales.item i SET state = s.state, done_at = CASE WHEN s.state = 'done' THEN at END
        FROM unnest(items, item_states) AS s(item_id, state) WHERE i.id = s.item_id;
    UPDATE sales.payment SET state = 'settled', settled_at = at, poll_at = NULL, lease_until = NULL,
            transaction_id = coalesce(nullif(gateway_id, ''), transaction_id), paid_amount = paid,
            outcome = booked_as, gateway_cost = cost
        WHERE id = of_payment;
END $$;

CREATE FUNCTION sales.settle_as_read(
    was text, of_order uuid, of_payment uuid, of_reference text, gateway_id text, paid bigint, cost bigint,
    order_becomes text, items uuid[], item_states text[],
    topics text[], payloads jsonb[], dues timestamptz[],
    ids uuid[], kinds text[], pendings uuid[], debits uuid[], credits uuid[], amounts bigint[], codes text[],
    refs uuid[], organisations uuid[], expiries timestamptz[], at timestamptz
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF sales.locked_order(of_order) IS DISTINCT FROM was THEN RETURN false; END IF;
    PERFORM sales.write_settled(of_order, of_payment, of_reference, gateway_id, paid, 'credited', cost,
        order_becomes, items, item_states, at);
    INSERT INTO jobs.outbox (topic, payload, available_at, created_at)
        SELECT w.topic, w.payload, w.due, at FROM unnest(topics, payloads, dues) AS w(topic, payload, due);
    PERFORM ledger.post_transfers(ids, kinds, pendings, debits, credits, amounts, codes, refs, organisations,
        expiries, at);
    RETURN true;
END $$;

CREATE FUNCTION sales.place_as_read(
    was text, of_order uuid, of_payment uuid, of_gateway text, by_channel text, of_reference text, price bigint,
    until timestamptz, polled_from timestamptz, items uuid[], lots uuid[],
    units text[], account_kinds text[], owners uuid[], customers uuid[], sides text[],
    ids uuid[], kinds text[], pendings uuid[], debits uuid[], credits uuid[], amounts bigint[], codes text[],
    refs uuid[], organisations uuid[], expiries timestamptz[], at timestamptz
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF sales.locked_order(of_order) IS DISTINCT FROM was THEN RETURN false; END IF;
    UPDATE sales.orders SET state = 'awaiting_payment', placed_at = at, expires_at = until WHERE id = of_order;
    UPDATE sales.item i SET lot_account_id = l.account_id
        FROM unnest(items, lots) AS l(item_id, account_id) WHERE i.id = l.item_id;
    INSERT INTO sales.payment
            (id, order_id, gateway, channel, reference, amount, state, created_at, expires_at, poll_at)
        VALUES (of_payment, of_order, of_gateway, by_channel, of_reference, price, 'creating', at, until,
            polled_from);
    PERFORM ledger.open_accounts(lots, units, account_kinds, owners, customers, sides, at);
    PERFORM ledger.post_transfers(ids, kinds, pendings, debits, credits, amounts, codes, refs, organisations,
        expiries, at);
    RETURN true;
END $$;
