-- Dated prices: what is added to the face value of each stamp from a business date on (docs/money.md, "Another price").
INSERT INTO operations.act VALUES ('price.set', '{finance}', 2);
INSERT INTO operations.audit_writer (role, kind) VALUES ('meterai_operator', 'price'), ('meterai_console', 'price');

-- The row before all dates holds what the settings say; a worker writes it at its start. Officers enter the others.
CREATE TABLE sales.price (
    valid_from date PRIMARY KEY,
    unit_fee bigint NOT NULL CHECK (unit_fee >= 0),  -- VAT included
    vat_basis_points integer NOT NULL CHECK (vat_basis_points BETWEEN 0 AND 10000),
    -- Rounded half up, as sales/prices.py does.
    unit_vat bigint NOT NULL GENERATED ALWAYS AS (
        (2 * unit_fee * vat_basis_points + 10000 + vat_basis_points) / (2 * (10000 + vat_basis_points))
    ) STORED,
    entered_at timestamptz NOT NULL
);
-- The list before had no rate. The next start of a worker writes the one of the settings.
INSERT INTO sales.price (valid_from, unit_fee, vat_basis_points, entered_at)
    SELECT '-infinity', unit_fee, least(10000, coalesce(round(10000.0 * unit_vat / nullif(unit_fee - unit_vat, 0)), 0)), since
    FROM sales.price_list;
INSERT INTO sales.price (valid_from, unit_fee, vat_basis_points, entered_at) VALUES ('-infinity', 2500, 1100, now())
    ON CONFLICT DO NOTHING;
DROP FUNCTION sales.set_price_list;
GRANT SELECT ON sales.price TO meterai_site, meterai_worker, meterai_operator, meterai_console, meterai_reader;
GRANT SELECT ON sales.tariff TO meterai_console;

-- What a stamp costs on a business date.
CREATE FUNCTION sales.prices_on(day date) RETURNS TABLE (face_value bigint, unit_fee bigint, unit_vat bigint)
LANGUAGE sql STABLE AS $$
    SELECT (SELECT t.face_value FROM sales.tariff t WHERE t.valid_from <= day ORDER BY t.valid_from DESC LIMIT 1),
        p.unit_fee, p.unit_vat
    FROM sales.price p WHERE p.valid_from <= day ORDER BY p.valid_from DESC LIMIT 1
$$;
CREATE FUNCTION sales.prices_at(at timestamptz) RETURNS TABLE (face_value bigint, unit_fee bigint, unit_vat bigint)
LANGUAGE sql STABLE AS $$ SELECT * FROM sales.prices_on((at AT TIME ZONE 'Asia/Jakarta')::date) $$;

-- Writes what the settings say.
CREATE FUNCTION sales.set_first_price(fee bigint, basis_points integer, at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO sales.price AS p (valid_from, unit_fee, vat_basis_points, entered_at)
        VALUES ('-infinity', fee, basis_points, at)
        ON CONFLICT (valid_from) DO UPDATE SET unit_fee = fee, vat_basis_points = basis_points, entered_at = at
        WHERE (p.unit_fee, p.vat_basis_points) <> (fee, basis_points)
$$;

-- The first day from which another price may hold: tomorrow, or today while nobody has placed an order.
CREATE FUNCTION sales.first_price_day(at timestamptz) RETURNS date
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT (at AT TIME ZONE 'Asia/Jakarta')::date
        + EXISTS (SELECT FROM sales.orders o WHERE o.placed_at IS NOT NULL)::integer
$$;

-- Enters a price that two officers have released. PR001: its day has begun.
CREATE FUNCTION operations.set_price(day date, facts jsonb, actor text, request bigint, at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    named text := to_char(day, 'YYYY-MM-DD');
BEGIN
    IF day < sales.first_price_day(at) THEN
        RAISE EXCEPTION '% has begun', named USING ERRCODE = 'PR001';
    END IF;
    IF NOT operations.use_release('price.set', named, facts) THEN
        RAISE EXCEPTION 'two officers have not released this price' USING ERRCODE = 'OF007';
    END IF;
    INSERT INTO sales.price AS p (valid_from, unit_fee, vat_basis_points, entered_at)
        VALUES (day, (facts ->> 'fee')::bigint, (facts ->> 'vat_basis_points')::integer, at)
        ON CONFLICT (valid_from) DO UPDATE
        SET unit_fee = excluded.unit_fee, vat_basis_points = excluded.vat_basis_points, entered_at = at;
    PERFORM operations.write_audit(actor, 'price.set', named, facts, at, NULL, '{}', request);
END $$;

-- Opens an order as sales.open_order of 0082_one_form_one_order.sql does, at the price of the day.
DROP FUNCTION sales.open_order;
CREATE FUNCTION sales.open_order(
    new_order uuid, new_number text, form text, digest bytea, event text, new_flow text, of_language text,
    of_customer uuid, of_kind text, of_contact text, items uuid[], documents uuid[], kinds text[], at timestamptz,
    OUT is_new boolean, OUT id uuid, OUT number text, OUT flow text, OUT event_slug text, OUT state text,
    OUT customer_id uuid, OUT token_round integer, OUT token_digest bytea
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    n integer := cardinality(items);
    face bigint;
    fee bigint;
    tax bigint;
BEGIN
    IF n = 0 THEN PERFORM set_config('synchronous_commit', 'off', true); END IF;
    PERFORM sales.check_contact(of_customer, of_kind, of_contact);
    SELECT p.face_value, p.unit_fee, p.unit_vat INTO face, fee, tax FROM sales.prices_at(at) p;
    INSERT INTO sales.orders (id, number, submit_id, token_digest, organisation_id, event_slug, flow, state, language,
            created_at, customer_id, contact_kind, contact_value, quantity, face_value, fee, vat, total)
        VALUES (new_order, new_number, form, digest, ledger.organisation('seller'), event, new_flow, 'draft', of_language,
            at, of_customer, of_kind, of_contact, n, n * face, n * fee, n * tax, n * (face + fee))
        ON CONFLICT DO NOTHING;
    is_new := FOUND;
    IF is_new THEN
        INSERT INTO sales.item (id, order_id, position, kind, document_id, document_kind, quantity, state,
                unit_face_value, unit_fee, unit_vat)
            SELECT i.id, new_order, i.place, new_flow, i.document, i.kind, 1, 'waiting', face, fee, tax
            FROM unnest(items, documents, kinds) WITH ORDINALITY AS i(id, document, kind, place);
    END IF;
    SELECT o.id, o.number, o.flow, o.event_slug, o.state, o.customer_id, o.token_round, o.token_digest
        INTO id, number, flow, event_slug, state, customer_id, token_round, token_digest
        FROM sales.orders o WHERE o.submit_id = form;
    IF NOT FOUND THEN PERFORM sales.not_allowed('open', new_order); END IF;  -- its number is another order's
END $$;

-- Puts an item into a draft as sales.put_item of 0009_single_calls.sql does, at the price of the day.
DROP FUNCTION sales.put_item;
CREATE FUNCTION sales.put_item(
    of_order uuid, wanted uuid, item_kind text, document uuid, kind_of_document text, pieces bigint, day date,
    items_max integer,
    OUT outcome text, OUT item uuid, OUT quantity bigint, OUT unit_price bigint
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found_order record;
    known record;
    here record;
    price record;
BEGIN
    SELECT o.state, o.flow INTO found_order FROM sales.orders o WHERE o.id = of_order FOR NO KEY UPDATE;
    IF NOT FOUND THEN outcome := 'not_found'; RETURN; END IF;
    IF found_order.state <> 'draft' THEN outcome := 'not_draft'; RETURN; END IF;
    IF found_order.flow <> item_kind THEN outcome := 'other_flow'; RETURN; END IF;
    SELECT i.id, i.document_id, i.quantity, i.unit_face_value + i.unit_fee AS unit_price INTO known FROM sales.item i
        WHERE i.order_id = of_order AND (i.id = wanted OR i.document_id = document)
        ORDER BY i.document_id IS NOT DISTINCT FROM document DESC LIMIT 1;
    IF FOUND AND known.document_id IS DISTINCT FROM document THEN
        outcome := 'kept'; item := known.id; quantity := known.quantity; unit_price := known.unit_price;
        RETURN;
    END IF;
    SELECT count(*) AS items, coalesce(max(i.position), 0) AS last INTO here FROM sales.item i
        WHERE i.order_id = of_order;
    IF known.id IS NULL AND here.items >= items_max THEN outcome := 'too_many'; RETURN; END IF;
    SELECT p.face_value, p.unit_fee, p.unit_vat INTO price FROM sales.prices_on(day) p;
    outcome := 'put'; item := coalesce(known.id, wanted); quantity := pieces;
    unit_price := price.face_value + price.unit_fee;
    INSERT INTO sales.item (id, order_id, position, kind, document_id, document_kind, quantity, state,
            unit_face_value, unit_fee, unit_vat)
        VALUES (item, of_order, here.last + 1, item_kind, document, kind_of_document, pieces, 'waiting',
            price.face_value, price.unit_fee, price.unit_vat)
        ON CONFLICT (id) DO UPDATE SET document_kind = excluded.document_kind, quantity = excluded.quantity,
            unit_face_value = excluded.unit_face_value, unit_fee = excluded.unit_fee,
            unit_vat = excluded.unit_vat;
    UPDATE sales.orders o SET quantity = s.quantity, face_value = s.face_value, fee = s.fee, vat = s.vat,
            total = s.face_value + s.fee
        FROM (SELECT sum(i.quantity) AS quantity, sum(i.quantity * i.unit_face_value) AS face_value,
                sum(i.quantity * i.unit_fee) AS fee, sum(i.quantity * i.unit_vat) AS vat
            FROM sales.item i WHERE i.order_id = of_order) s
        WHERE o.id = of_order;
END $$;

-- Gives every item of a draft the price of the day.
DROP FUNCTION sales.reprice;
CREATE FUNCTION sales.reprice(of_order uuid, at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM sales.hold_draft(of_order);
    UPDATE sales.item i SET unit_face_value = p.face_value, unit_fee = p.unit_fee, unit_vat = p.unit_vat
        FROM sales.prices_at(at) p WHERE i.order_id = of_order;
    PERFORM sales.add_up(of_order);
END $$;

-- Places a draft as sales.place_order of 0066_price_list.sql does, at the price of the day and no other.
-- Refusals: those of ledger.post_transfers and sales.limit_unpaid; SL004 another price than that of the day.
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
        OR EXISTS (SELECT FROM sales.item i WHERE i.order_id = of_order AND i.state <> 'waiting')
    THEN PERFORM sales.not_allowed('place', of_order); END IF;
    IF EXISTS (SELECT FROM sales.item i, sales.prices_at(at) p WHERE i.order_id = of_order
        AND (i.unit_face_value, i.unit_fee, i.unit_vat) IS DISTINCT FROM (p.face_value, p.unit_fee, p.unit_vat))
    THEN RAISE EXCEPTION 'not at the price of the day' USING ERRCODE = 'SL004'; END IF;
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
DROP TABLE sales.price_list;
DROP FUNCTION sales.tariff_at;

REVOKE ALL ON FUNCTION sales.prices_on, sales.prices_at, sales.set_first_price, sales.first_price_day, sales.open_order,
    sales.put_item, sales.reprice, operations.set_price FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sales.prices_on TO meterai_site, meterai_worker, meterai_operator;
GRANT EXECUTE ON FUNCTION sales.set_first_price TO meterai_worker;
GRANT EXECUTE ON FUNCTION sales.open_order, sales.put_item, sales.reprice TO meterai_site;
GRANT EXECUTE ON FUNCTION sales.first_price_day, operations.set_price TO meterai_operator, meterai_console;
