-- Drafts are written by functions that touch no other order, and what is left of sales is granted column by column.

-- Opens an order for a form, with its documents, one stamp each at the tariff of the day; or gives the order that the form
-- opened before. Without documents nobody waits for the disk; what fills the order next does.
CREATE FUNCTION sales.open_order(
    new_order uuid, new_number text, form text, digest bytea, event text, new_flow text, of_language text,
    of_customer uuid, of_kind text, of_contact text, fee bigint, tax bigint,
    items uuid[], documents uuid[], kinds text[], at timestamptz,
    OUT is_new boolean, OUT id uuid, OUT number text, OUT flow text, OUT event_slug text, OUT state text,
    OUT customer_id uuid, OUT token_round integer, OUT token_digest bytea
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    n integer := cardinality(items);
    face bigint := sales.tariff_at(at);
BEGIN
    IF n = 0 THEN PERFORM set_config('synchronous_commit', 'off', true); END IF;
    PERFORM sales.check_contact(of_customer, of_kind, of_contact);
    INSERT INTO sales.orders (id, number, submit_id, token_digest, organisation_id, event_slug, flow, state, language,
            created_at, customer_id, contact_kind, contact_value, quantity, face_value, fee, vat, total)
        VALUES (new_order, new_number, form, digest, ledger.organisation('seller'), event, new_flow, 'draft', of_language,
            at, of_customer, of_kind, of_contact, n, n * face, n * fee, n * tax, n * (face + fee))
        ON CONFLICT (submit_id) DO NOTHING;
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
END $$;

CREATE FUNCTION sales.tariff_at(at timestamptz) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT t.face_value FROM sales.tariff t WHERE t.valid_from <= (at AT TIME ZONE 'Asia/Jakarta')::date
        ORDER BY t.valid_from DESC LIMIT 1
$$;

-- News of an order go to a contact that its customer has proven, and to no other.
CREATE FUNCTION sales.check_contact(of_customer uuid, of_kind text, of_contact text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF of_customer IS NOT NULL AND NOT EXISTS (SELECT FROM customers.contact c WHERE c.customer_id = of_customer
        AND c.kind = of_kind AND c.value = of_contact AND c.verified_at IS NOT NULL AND c.replaced_at IS NULL)
    THEN PERFORM sales.not_allowed('contact', of_customer); END IF;
END $$;

-- The lock of a draft, for functions that write it.
CREATE FUNCTION sales.hold_draft(of_order uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    o sales.orders := sales.hold(of_order);
BEGIN
    IF o.state IS DISTINCT FROM 'draft' THEN PERFORM sales.not_allowed('change', of_order); END IF;
END $$;
CREATE FUNCTION sales.add_up(of_order uuid) RETURNS void LANGUAGE sql AS $$
    UPDATE sales.orders o SET quantity = s.quantity, face_value = s.face_value, fee = s.fee, vat = s.vat,
            total = s.face_value + s.fee
        FROM (SELECT coalesce(sum(i.quantity), 0) AS quantity, coalesce(sum(i.quantity * i.unit_face_value), 0) AS face_value,
                coalesce(sum(i.quantity * i.unit_fee), 0) AS fee, coalesce(sum(i.quantity * i.unit_vat), 0) AS vat
            FROM sales.item i WHERE i.order_id = of_order) s
        WHERE o.id = of_order
$$;
CREATE FUNCTION sales.drop_item(of_order uuid, of_item uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM sales.hold_draft(of_order);
    DELETE FROM sales.item WHERE id = of_item AND order_id = of_order;
    PERFORM sales.add_up(of_order);
END $$;
-- Gives every item of a draft the tariff of the day and this fee.
CREATE FUNCTION sales.reprice(of_order uuid, fee bigint, tax bigint, at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM sales.hold_draft(of_order);
    UPDATE sales.item SET unit_face_value = sales.tariff_at(at), unit_fee = fee, unit_vat = tax WHERE order_id = of_order;
    PERFORM sales.add_up(of_order);
END $$;
-- Deletes drafts opened before then, and cancelled orders without a payment; gives how many.
CREATE FUNCTION sales.delete_drafts(before timestamptz, up_to integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH old AS (
        SELECT id FROM sales.orders o WHERE state IN ('draft', 'cancelled') AND created_at < before
            AND NOT EXISTS (SELECT FROM sales.payment p WHERE p.order_id = o.id)
        ORDER BY created_at LIMIT up_to FOR UPDATE SKIP LOCKED
    ), items AS (DELETE FROM sales.item i USING old WHERE i.order_id = old.id),
    gone AS (DELETE FROM sales.orders o USING old WHERE o.id = old.id RETURNING 1)
    SELECT count(*) FROM gone
$$;
-- Gives a draft to a customer, its news to a contact of theirs, and its link another token; gives its documents.
CREATE FUNCTION sales.give_draft(
    of_order uuid, to_customer uuid, to_kind text, to_contact text, in_language text, of_round integer, digest bytea
) RETURNS uuid[] LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM sales.hold_draft(of_order);
    PERFORM sales.check_contact(to_customer, to_kind, to_contact);
    UPDATE sales.orders SET customer_id = to_customer, contact_kind = to_kind, contact_value = to_contact,
            language = coalesce(in_language, language), token_round = of_round, token_digest = digest
        WHERE id = of_order AND to_customer IS NOT NULL;
    RETURN ARRAY(SELECT document_id FROM sales.item WHERE order_id = of_order AND document_id IS NOT NULL);
END $$;
-- Sends the news of a customer's orders to a contact that stays, where they went to one that was taken off.
CREATE FUNCTION sales.move_contact(
    of_customer uuid, from_kind text, from_contact text, to_kind text, to_contact text
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM sales.check_contact(of_customer, to_kind, to_contact);
    IF EXISTS (SELECT FROM customers.contact c WHERE c.customer_id = of_customer AND c.kind = from_kind
        AND c.value = from_contact AND c.replaced_at IS NULL)
    THEN PERFORM sales.not_allowed('move contact', of_customer); END IF;
    UPDATE sales.orders SET contact_kind = to_kind, contact_value = to_contact
        WHERE customer_id = of_customer AND contact_kind = from_kind AND contact_value = from_contact;
END $$;

-- Puts another document of its customer into a refused item, which goes back to stamping with its order. The customer
-- knows that the order is paid. 23505: the document is an item of an order already.
CREATE FUNCTION sales.replace_document(of_item uuid, document uuid, at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o sales.orders := sales.hold((SELECT order_id FROM sales.item WHERE id = of_item));
BEGIN
    UPDATE sales.item i SET document_id = document, state = 'stamping', refusal_code = NULL
        WHERE i.id = of_item AND i.state = 'refused' AND o.state IN ('paid', 'completed')
            AND i.quantity <= (SELECT a.credits_posted - a.debits_posted - a.debits_pending FROM ledger.account a
                WHERE a.id = i.lot_account_id);
    IF NOT FOUND THEN PERFORM sales.not_allowed('replace', of_item); END IF;
    UPDATE sales.orders SET state = 'paid', closed_at = NULL, paid_told_at = coalesce(paid_told_at, at) WHERE id = o.id;
END $$;

-- Moves items that were being stamped on, to `done` or `refused`, and their orders when no item is left to wait for;
-- writes the news of both, and deletes the outbox' rows that asked for it. Orders are locked in the order of their ids.
-- Gives the items that exist; those that had moved on before stay as they are. Nobody waits for the disk: what a crash
-- forgets is asked for again.
DROP FUNCTION sales.end_items;
CREATE FUNCTION sales.end_items(
    wanted uuid[], refusal text, finished timestamptz, topic text, item_news text, order_news text, asked_by bigint[],
    at timestamptz
) RETURNS uuid[] LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    known uuid[];
    changed uuid[];
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    SELECT array_agg(i.id) INTO known FROM (
        SELECT i.id FROM sales.item i JOIN sales.orders o ON o.id = i.order_id WHERE i.id = ANY (wanted)
        ORDER BY o.id FOR NO KEY UPDATE OF o
    ) i;
    WITH moved AS (
        UPDATE sales.item i SET state = CASE WHEN refusal IS NULL THEN 'done' ELSE 'refused' END,
            refusal_code = refusal, done_at = coalesce(finished, i.done_at)
        WHERE i.id = ANY (known) AND i.state = 'stamping' RETURNING i.order_id
    ), told AS (
        INSERT INTO jobs.outbox (topic, payload, available_at, created_at)
        SELECT end_items.topic, jsonb_build_object('order_id', order_id, 'news', item_news), at, at FROM moved
        WHERE item_news IS NOT NULL
    ), done AS (
        DELETE FROM jobs.outbox WHERE id = ANY (asked_by)
    )
    SELECT array_agg(order_id) INTO changed FROM moved;
    IF changed IS NOT NULL THEN
        WITH closed AS (
            UPDATE sales.orders o SET state = 'completed', closed_at = at
            WHERE o.id = ANY (changed) AND o.state = 'paid' AND NOT EXISTS (SELECT FROM sales.item i
                WHERE i.order_id = o.id AND i.state NOT IN ('done', 'refused', 'refunding', 'refunded'))
            RETURNING o.id
        )
        INSERT INTO jobs.outbox (topic, payload, available_at, created_at)
        SELECT end_items.topic, jsonb_build_object('order_id', id, 'news', order_news), at, at FROM closed
        WHERE order_news IS NOT NULL;
    END IF;
    RETURN coalesce(known, '{}');
END $$;

ALTER FUNCTION sales.put_item SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION sales.locked_order SECURITY DEFINER SET search_path = pg_catalog, pg_temp;

-- ------------------------------------------------------------------------------------------------------------ rights

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ledger, sales FROM PUBLIC, meterai_app;
REVOKE ALL ON ALL TABLES IN SCHEMA ledger, sales FROM meterai_app;
REVOKE ALL ON SCHEMA ledger, sales FROM meterai_app;

GRANT USAGE ON SCHEMA ledger, sales TO meterai_site, meterai_worker, meterai_operator;
GRANT SELECT ON ALL TABLES IN SCHEMA ledger, sales TO meterai_site, meterai_worker, meterai_operator;
GRANT EXECUTE ON FUNCTION sales.order_json, sales.locked_order TO meterai_site, meterai_worker, meterai_operator;
GRANT USAGE ON SCHEMA sales TO meterai_controller;
GRANT SELECT ON sales.event TO meterai_controller;

-- The site: drafts, placing, ending what is not paid, giving back what is unused, links.
GRANT EXECUTE ON FUNCTION sales.open_order, sales.put_item, sales.drop_item, sales.reprice, sales.give_draft,
    sales.move_contact, sales.place_order, sales.add_attempt, sales.store_charge, sales.close_attempt,
    sales.cancel_order, sales.replace_document, sales.store_notice, sales.ask_to_settle, sales.give_back,
    sales.name_account TO meterai_site;
GRANT UPDATE (token_round, token_digest, link_sent_at) ON sales.orders TO meterai_site;

-- The worker: what became of payments, refunds and documents.
GRANT EXECUTE ON FUNCTION sales.store_charge, sales.close_attempt, sales.expire_order, sales.settle_payment,
    sales.reverse_payment, sales.take_back_freed, sales.send_refund, sales.pay_refund, sales.retry_refund,
    sales.refuse_refund, sales.end_items, sales.delete_drafts TO meterai_worker;
GRANT UPDATE (paid_told_at) ON sales.orders TO meterai_worker;
GRANT UPDATE (poll_at, polls, lease_until) ON sales.payment TO meterai_worker;
GRANT UPDATE (processed_at) ON sales.notice TO meterai_worker;
GRANT UPDATE (next_attempt_at, attempts, asked_since, failure_code) ON sales.refund TO meterai_worker;

-- Commands: the books of a new installation, and its events. Stock and refunds by hand: schema operations.
GRANT EXECUTE ON FUNCTION ledger.open_books TO meterai_operator;
GRANT INSERT, UPDATE ON sales.event TO meterai_operator;
