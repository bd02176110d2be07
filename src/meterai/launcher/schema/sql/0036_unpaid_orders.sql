-- Stamps are held for an order before it is paid. How many unpaid orders may hold has a limit.

CREATE INDEX order_open_of_customer ON sales.orders (customer_id) WHERE state = 'awaiting_payment';
CREATE INDEX order_open_quota ON sales.orders (expires_at) WHERE state = 'awaiting_payment' AND flow = 'quota';

-- Refuses an order that was written as placed a moment ago, when too much is held unpaid with it. Refusals (SQLSTATE):
-- SL001 more than `customer_max` stamps for its customer · SL002 it is of quota and not the only one, and unpaid quota
-- holds more than is left in `stock`. To be called behind the ledger, whose lock of the stock lets one order after the
-- other get there.
CREATE FUNCTION sales.limit_unpaid(of_order uuid, stock uuid, customer_max bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    kind text;
    held bigint;
    placed bigint;
BEGIN
    SELECT o.flow, (SELECT sum(u.quantity) FROM sales.orders u
                    WHERE u.customer_id = o.customer_id AND u.state = 'awaiting_payment')
        INTO kind, held FROM sales.orders o WHERE o.id = of_order;
    IF held > customer_max THEN
        RAISE EXCEPTION 'unpaid orders of one customer hold %', held USING ERRCODE = 'SL001';
    END IF;
    IF kind = 'quota' THEN
        SELECT sum(quantity), count(*) INTO held, placed FROM sales.orders
            WHERE state = 'awaiting_payment' AND flow = 'quota';
        IF placed > 1 AND held > (SELECT credits_posted - debits_posted - debits_pending FROM ledger.account WHERE id = stock) THEN
            RAISE EXCEPTION 'unpaid orders of quota hold %', held USING ERRCODE = 'SL002';
        END IF;
    END IF;
END $$;

DROP FUNCTION sales.place_as_read;
CREATE FUNCTION sales.place_as_read(
    was text, of_order uuid, of_payment uuid, of_gateway text, by_channel text, of_reference text, price bigint,
    until timestamptz, polled_from timestamptz, items uuid[], lots uuid[],
    units text[], account_kinds text[], owners uuid[], customers uuid[], sides text[],
    ids uuid[], kinds text[], pendings uuid[], debits uuid[], credits uuid[], amounts bigint[], codes text[],
    refs uuid[], organisations uuid[], expiries timestamptz[], stock uuid, customer_max bigint, at timestamptz
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
    PERFORM sales.limit_unpaid(of_order, stock, customer_max);
    RETURN true;
END $$;
