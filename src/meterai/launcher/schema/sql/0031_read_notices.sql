-- What the gateway says of a payment answers the notices that came before it was asked. One that came since is news
-- that nobody has read, also while the payment is being booked: the payment is asked for again.

DROP FUNCTION sales.settle_as_read;
DROP FUNCTION sales.write_settled;

-- A payment that is settled, its notices, and, when it was credited, the order and its items. The caller holds
-- the order's lock. The payment comes before its notices: who stores one has locked it too, so that either the
-- notice is seen here or the time is, at which it has the payment asked for.
CREATE FUNCTION sales.write_settled(
    of_order uuid, of_payment uuid, of_reference text, gateway_id text, paid bigint, booked_as text, cost bigint,
    order_becomes text, items uuid[], item_states text[], asked_at timestamptz, at timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF booked_as = 'credited' THEN
        UPDATE sales.payment SET state = 'cancelled', poll_at = at
            WHERE order_id = of_order AND id <> of_payment AND state IN ('creating', 'pending');
        UPDATE sales.orders SET state = order_becomes, paid_at = at,
                closed_at = CASE WHEN order_becomes = 'completed' THEN at END
            WHERE id = of_order;
    END IF;
    UPDATE sales.item i SET state = s.state, done_at = CASE WHEN s.state = 'done' THEN at END
        FROM unnest(items, item_states) AS s(item_id, state) WHERE i.id = s.item_id;
    UPDATE sales.payment SET state = 'settled', settled_at = at, poll_at = NULL, lease_until = NULL,
            transaction_id = coalesce(nullif(gateway_id, ''), transaction_id), paid_amount = paid,
            outcome = booked_as, gateway_cost = cost
        WHERE id = of_payment;
    UPDATE sales.notice SET processed_at = at
        WHERE reference = of_reference AND processed_at IS NULL AND received_at <= asked_at;
    UPDATE sales.payment SET poll_at = at WHERE id = of_payment
        AND EXISTS (SELECT FROM sales.notice WHERE reference = of_reference AND processed_at IS NULL);
END $$;

CREATE FUNCTION sales.settle_as_read(
    was text, of_order uuid, of_payment uuid, of_reference text, gateway_id text, paid bigint, cost bigint,
    order_becomes text, items uuid[], item_states text[],
    topics text[], payloads jsonb[], dues timestamptz[],
    ids uuid[], kinds text[], pendings uuid[], debits uuid[], credits uuid[], amounts bigint[], codes text[],
    refs uuid[], organisations uuid[], expiries timestamptz[], asked_at timestamptz, at timestamptz
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF sales.locked_order(of_order) IS DISTINCT FROM was THEN RETURN false; END IF;
    PERFORM sales.write_settled(of_order, of_payment, of_reference, gateway_id, paid, 'credited', cost,
        order_becomes, items, item_states, asked_at, at);
    INSERT INTO jobs.outbox (topic, payload, available_at, created_at)
        SELECT w.topic, w.payload, w.due, at FROM unnest(topics, payloads, dues) AS w(topic, payload, due);
    PERFORM ledger.post_transfers(ids, kinds, pendings, debits, credits, amounts, codes, refs, organisations,
        expiries, at);
    RETURN true;
END $$;

UPDATE sales.payment p SET poll_at = now() WHERE poll_at IS NULL
    AND EXISTS (SELECT FROM sales.notice n WHERE n.reference = p.reference AND n.processed_at IS NULL);
