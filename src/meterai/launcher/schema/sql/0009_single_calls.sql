-- Steps of the purchase that were several round trips, each as one call: a call costs the site and the server
-- more than the work in it. Every statement of a function sees what was committed before it (READ COMMITTED),
-- so a lock taken first counts for what follows.

-- A code for a contact and the message that brings it, unless too many were asked for since `since`.
-- The contact is locked until the end, so that parallel requests for it count each other.
CREATE FUNCTION customers.ask_for_code(
    code uuid, contact_kind text, contact_value text, mac bytea, asking bytea, at timestamptz,
    since timestamptz, until timestamptz, contact_max bigint, address_max bigint, topic text, message jsonb,
    OUT by_contact bigint, OUT contact_since timestamptz, OUT by_address bigint, OUT address_since timestamptz
) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('customers.code ' || contact_value, 0));
    SELECT count(*), min(created_at) INTO by_contact, contact_since FROM customers.code
        WHERE kind = contact_kind AND value = contact_value AND created_at > since;
    SELECT count(*), min(created_at) INTO by_address, address_since FROM customers.code
        WHERE address_mac = asking AND created_at > since;
    IF by_contact < contact_max AND by_address < address_max THEN
        INSERT INTO customers.code (id, kind, value, code_mac, address_mac, created_at, expires_at)
            VALUES (code, contact_kind, contact_value, mac, asking, at, until);
        INSERT INTO jobs.outbox (topic, payload, available_at, created_at) VALUES (topic, message, at, at);
    END IF;
END $$;

-- Puts an item into a draft, or gives the one that holds this document another quantity; writes the sums.
-- outcome: put · kept (another document fills this place already) · not_found · not_draft · other_flow · too_many.
CREATE FUNCTION sales.put_item(
    of_order uuid, wanted uuid, item_kind text, document uuid, kind_of_document text, pieces bigint,
    fee bigint, tax bigint, day date, items_max integer,
    OUT outcome text, OUT item uuid, OUT quantity bigint, OUT face_value bigint
) LANGUAGE plpgsql AS $$
DECLARE
    found_order record;
    known record;
    here record;
BEGIN
    SELECT o.state, o.flow INTO found_order FROM sales.orders o WHERE o.id = of_order FOR NO KEY UPDATE;
    IF NOT FOUND THEN outcome := 'not_found'; RETURN; END IF;
    IF found_order.state <> 'draft' THEN outcome := 'not_draft'; RETURN; END IF;
    IF found_order.flow <> item_kind THEN outcome := 'other_flow'; RETURN; END IF;
    SELECT i.id, i.document_id, i.quantity, i.unit_face_value INTO known FROM sales.item i
        WHERE i.order_id = of_order AND (i.id = wanted OR i.document_id = document)
        ORDER BY i.document_id IS NOT DISTINCT FROM document DESC LIMIT 1;
    IF FOUND AND known.document_id IS DISTINCT FROM document THEN
        outcome := 'kept'; item := known.id; quantity := known.quantity; face_value := known.unit_face_value;
        RETURN;
    END IF;
    SELECT count(*) AS items, coalesce(max(i.position), 0) AS last INTO here FROM sales.item i
        WHERE i.order_id = of_order;
    IF known.id IS NULL AND here.items >= items_max THEN outcome := 'too_many'; RETURN; END IF;
    SELECT t.face_value INTO face_value FROM sales.tariff t WHERE t.valid_from <= day
        ORDER BY t.valid_from DESC LIMIT 1;
    outcome := 'put'; item := coalesce(known.id, wanted); quantity := pieces;
    INSERT INTO sales.item (id, order_id, position, kind, document_id, document_kind, quantity, state,
            unit_face_value, unit_fee, unit_vat)
        VALUES (item, of_order, here.last + 1, item_kind, document, kind_of_document, pieces, 'waiting',
            face_value, fee, tax)
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

-- Moves an item on, and its order when no item of it is left to wait for; writes the news of both.
-- No row: no such item. changed: false when the item had moved on before.
CREATE FUNCTION sales.end_item(
    wanted uuid, was text, becomes text, refusal text, finished timestamptz, ended text[],
    order_was text, order_becomes text, topic text, item_news text, order_news text, at timestamptz
) RETURNS TABLE (of_order uuid, changed boolean) LANGUAGE plpgsql AS $$
BEGIN
    SELECT i.order_id INTO of_order FROM sales.item i WHERE i.id = wanted;
    IF NOT FOUND THEN RETURN; END IF;
    PERFORM 1 FROM sales.orders o WHERE o.id = of_order FOR NO KEY UPDATE;
    UPDATE sales.item i SET state = becomes, refusal_code = refusal, done_at = coalesce(finished, i.done_at)
        WHERE i.id = wanted AND i.state = was;
    changed := FOUND;
    IF changed THEN
        IF item_news IS NOT NULL THEN
            INSERT INTO jobs.outbox (topic, payload, available_at, created_at)
                VALUES (topic, jsonb_build_object('order_id', of_order, 'news', item_news), at, at);
        END IF;
        UPDATE sales.orders o SET state = order_becomes, closed_at = at
            WHERE o.id = of_order AND o.state = order_was AND NOT EXISTS
                (SELECT FROM sales.item i WHERE i.order_id = of_order AND i.state <> ALL (ended));
        IF FOUND AND order_news IS NOT NULL THEN
            INSERT INTO jobs.outbox (topic, payload, available_at, created_at)
                VALUES (topic, jsonb_build_object('order_id', of_order, 'news', order_news), at, at);
        END IF;
    END IF;
    RETURN NEXT;
END $$;
