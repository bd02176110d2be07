-- Opens an order as sales.open_order of 0063_drafts.sql does. When the same form is sent twice at the same moment, both
-- may pass the look at `submit_id`, and the loser meets the winner's `token_digest` too: no index of the table may
-- raise an error then.
CREATE OR REPLACE FUNCTION sales.open_order(
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
