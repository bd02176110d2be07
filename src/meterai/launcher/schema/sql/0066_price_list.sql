-- What is added to the face value, for each stamp. A worker records it when it starts; the site sells at no other price.
CREATE TABLE sales.price_list (
    is_kept boolean PRIMARY KEY DEFAULT true CHECK (is_kept),
    unit_fee bigint NOT NULL,               -- VAT included
    unit_vat bigint NOT NULL,
    since timestamptz NOT NULL,
    CONSTRAINT price_adds_up CHECK (0 <= unit_vat AND unit_vat <= unit_fee)
);
GRANT SELECT ON sales.price_list TO meterai_site, meterai_worker, meterai_operator, meterai_reader;

CREATE FUNCTION sales.set_price_list(fee bigint, tax bigint, at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO sales.price_list AS l (unit_fee, unit_vat, since) VALUES (fee, tax, at)
        ON CONFLICT (is_kept) DO UPDATE SET unit_fee = fee, unit_vat = tax, since = at
        WHERE (l.unit_fee, l.unit_vat) <> (fee, tax)
$$;
REVOKE ALL ON FUNCTION sales.set_price_list FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sales.set_price_list TO meterai_worker;

-- Places a draft: its stamps are held (stock -> lots) and its first attempt to pay is written. The price is that of the
-- items. They must be at today's tariff and at the price list, and the order's sums must be theirs.
-- Refusals: those of ledger.post_transfers and sales.limit_unpaid; SL004 another price list than the site's.
CREATE OR REPLACE FUNCTION sales.place_order(
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
            OR i.unit_fee < i.unit_vat OR i.unit_vat < 0
            OR i.unit_face_value IS DISTINCT FROM sales.tariff_at(at)))
    THEN PERFORM sales.not_allowed('place', of_order); END IF;
    IF EXISTS (SELECT FROM sales.item i, sales.price_list l
        WHERE i.order_id = of_order AND (i.unit_fee, i.unit_vat) <> (l.unit_fee, l.unit_vat))
    THEN RAISE EXCEPTION 'not at the price list' USING ERRCODE = 'SL004'; END IF;
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
