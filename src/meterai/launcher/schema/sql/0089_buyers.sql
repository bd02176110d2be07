-- The buyer on an order's receipt, and large orders of quota for buyers with an NPWP.

-- As the person typed it, with the order and nowhere else. The site shows it to people who may open the order; no other
-- process reads it. It goes with a draft that is deleted.
CREATE TABLE sales.buyer (
    order_id uuid PRIMARY KEY REFERENCES sales.orders ON DELETE CASCADE,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    npwp text CHECK (npwp ~ '^([0-9]{15}|[0-9]{16}|[0-9]{22})$'),
    given_at timestamptz NOT NULL
);

-- One taxpayer's number however it was typed: 15 digits are the older form of 16, and 22 name a place of business too.
CREATE FUNCTION sales.taxpayer(npwp text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE length(npwp) WHEN 15 THEN '0' || npwp ELSE left(npwp, 16) END $$;
CREATE INDEX buyer_by_taxpayer ON sales.buyer (sales.taxpayer(npwp)) WHERE npwp IS NOT NULL;

-- Writes the buyer of a draft, or takes it off (no name). A paid order without a buyer gets one once. Gives whether it did.
CREATE FUNCTION sales.name_buyer(of_order uuid, buyer_name text, buyer_npwp text, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o sales.orders := sales.hold(of_order);
BEGIN
    IF o.state = 'draft' THEN
        DELETE FROM sales.buyer b WHERE b.order_id = of_order;
    ELSIF o.paid_at IS NULL THEN
        RETURN false;
    END IF;
    IF buyer_name IS NULL THEN RETURN o.state = 'draft'; END IF;
    INSERT INTO sales.buyer (order_id, name, npwp, given_at) VALUES (of_order, buyer_name, buyer_npwp, at)
        ON CONFLICT DO NOTHING;
    RETURN FOUND;
END $$;

-- Refuses an order beyond what may be held unpaid. Called when its stamps are held, with the stock locked, so no other
-- order is placed at the same time. An order of at most `customer_max` stamps is an ordinary one, for everybody:
-- SL001 the customer's ordinary orders would hold more than that; SL002 it is of quota, and other ordinary orders of quota
-- are unpaid, and together they hold more than what is left.
-- A large order: SL005 it names no NPWP; SL006 a large one of this customer or taxpayer is unpaid; SL002 the unpaid large
-- orders hold more than what is left, so they never take more than half of the stock.
CREATE OR REPLACE FUNCTION sales.limit_unpaid(of_order uuid, stock uuid, customer_max bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    o sales.orders;
    held bigint;
    placed bigint;
BEGIN
    SELECT * INTO o FROM sales.orders WHERE id = of_order;
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
CREATE FUNCTION sales.left_over(stock uuid) RETURNS bigint LANGUAGE sql AS
$$ SELECT credits_posted - debits_posted - debits_pending FROM ledger.account WHERE id = stock $$;
CREATE FUNCTION sales.limit_large(o sales.orders, left_over bigint, customer_max bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    payer text := (SELECT sales.taxpayer(b.npwp) FROM sales.buyer b WHERE b.order_id = o.id);
    held bigint;
BEGIN
    IF o.flow <> 'quota' OR o.quantity > 10000 OR EXISTS (SELECT FROM sales.payment p
        WHERE p.order_id = o.id AND p.channel NOT LIKE 'va@_%' ESCAPE '@')
    THEN PERFORM sales.not_allowed('place', o.id); END IF;
    IF payer IS NULL THEN RAISE EXCEPTION 'a large order needs an NPWP' USING ERRCODE = 'SL005'; END IF;
    IF EXISTS (SELECT FROM sales.orders u LEFT JOIN sales.buyer b ON b.order_id = u.id
        WHERE u.state = 'awaiting_payment' AND u.quantity > customer_max AND u.id <> o.id
            AND (u.customer_id = o.customer_id OR sales.taxpayer(b.npwp) = payer))
    THEN RAISE EXCEPTION 'another large order is unpaid' USING ERRCODE = 'SL006'; END IF;
    SELECT sum(u.quantity) INTO held FROM sales.orders u
        WHERE u.state = 'awaiting_payment' AND u.quantity > customer_max;
    IF held > left_over THEN RAISE EXCEPTION 'unpaid large orders hold %', held USING ERRCODE = 'SL002'; END IF;
END $$;

REVOKE ALL ON FUNCTION sales.taxpayer, sales.name_buyer, sales.left_over, sales.limit_large FROM PUBLIC;
GRANT SELECT ON sales.buyer TO meterai_site;
GRANT EXECUTE ON FUNCTION sales.name_buyer TO meterai_site;
