-- What we hold of a person, as before (0094), and the organisations for which the person acts.

CREATE OR REPLACE FUNCTION operations.look_at_person(of_kind text, of_value text) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    p record;
BEGIN
    SELECT * INTO p FROM operations.person_of(of_kind, of_value);
    RETURN jsonb_build_object(
        'id', p.id,
        'is_customer', p.customer IS NOT NULL,
        'blockers', (SELECT coalesce(jsonb_object_agg(b.code, b.found), '{}') FROM operations.person_blockers(p.customer) b),
        'held', jsonb_build_object(
            'contacts', (SELECT count(*) FROM customers.contact c WHERE c.customer_id = p.customer),
            'sessions', (SELECT count(*) FROM customers.session s WHERE s.customer_id = p.customer),
            'memberships', (SELECT count(*) FROM partners.member m WHERE m.customer_id = p.customer),
            'orders', (SELECT count(*) FROM sales.orders o WHERE operations.is_order_of(o, p.customer, p.kinds, p.addresses)),
            'buyers', (SELECT count(*) FROM sales.buyer b JOIN sales.orders o ON o.id = b.order_id
                WHERE o.customer_id = p.customer),
            'accounts', (SELECT count(r.account_number) FROM sales.refund r JOIN sales.orders o ON o.id = r.order_id
                WHERE o.customer_id = p.customer),
            'documents', (SELECT count(*) FROM stamping.document d
                WHERE d.customer_id = p.customer AND d.forgotten_at IS NULL),
            'cases', (SELECT count(*) FROM cases.case c
                WHERE (c.contact_kind, c.contact_value) IN (SELECT * FROM unnest(p.kinds, p.addresses))),
            'messages', (SELECT count(*) FROM jobs.outbox m WHERE m.payload ->> 'to' = ANY (p.addresses)),
            'reminders', (SELECT count(*) FROM waiting_room.reminder r
                WHERE (r.contact_kind, r.contact_value) IN (SELECT * FROM unnest(p.kinds, p.addresses))),
            'audit_values', (SELECT count(*) FROM operations.audit_value v
                WHERE v.person = p.id AND v.erased_at IS NULL)));
END $$;

CREATE OR REPLACE FUNCTION operations.export_person(of_person text, facts jsonb, actor text, nonce text, at timestamptz) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    p record;
BEGIN
    SELECT * INTO p FROM operations.person_of(facts ->> 'kind', facts ->> 'contact');
    IF p.id IS DISTINCT FROM of_person THEN
        RAISE EXCEPTION 'this contact belongs to another person now' USING ERRCODE = 'OF007';
    END IF;
    PERFORM operations.write_audit(actor, 'person.export', of_person, facts - '{kind,contact}'::text[], at, of_person,
        jsonb_build_object('contact', facts ->> 'contact'), NULL, nonce);
    RETURN jsonb_build_object(
        'exported_at', at,
        'customer', (SELECT to_jsonb(c) - 'organisation_id' FROM customers.customer c WHERE c.id = p.customer),
        'contacts', operations.rows_of($q$SELECT kind, value, verified_at, replaced_at
            FROM customers.contact WHERE customer_id = $1 ORDER BY verified_at$q$, p),
        'sessions', operations.rows_of($q$SELECT browser, system, created_at, used_at, expires_at, known_until
            FROM customers.session WHERE customer_id = $1 ORDER BY created_at$q$, p),
        'codes', operations.rows_of($q$SELECT kind, value, purpose, created_at, expires_at, used_at, attempts
            FROM customers.code WHERE (kind, value) IN (SELECT * FROM unnest($2, $3)) ORDER BY created_at$q$, p),
        'memberships', operations.rows_of($q$SELECT o.name AS organisation, m.role, m.added_at
            FROM partners.member m JOIN customers.organisation o ON o.id = m.organisation_id
            WHERE m.customer_id = $1 ORDER BY m.added_at$q$, p),
        'orders', operations.rows_of($q$SELECT o.number, o.state, o.flow, o.event_slug, o.language, o.contact_kind,
                o.contact_value, o.quantity, o.face_value, o.fee, o.vat, o.total, o.created_at, o.placed_at, o.paid_at,
                o.closed_at, (SELECT jsonb_build_object('name', b.name, 'npwp', b.npwp)
                    FROM sales.buyer b WHERE b.order_id = o.id) AS buyer,
                (SELECT jsonb_agg(jsonb_build_object('kind', i.kind, 'document_id', i.document_id,
                    'document_kind', i.document_kind, 'quantity', i.quantity, 'state', i.state, 'done_at', i.done_at)
                    ORDER BY i.position) FROM sales.item i WHERE i.order_id = o.id) AS items,
                (SELECT jsonb_agg(jsonb_build_object('channel', y.channel, 'reference', y.reference,
                    'amount', y.amount, 'state', y.state, 'va_number', y.va_number, 'created_at', y.created_at,
                    'settled_at', y.settled_at) ORDER BY y.created_at) FROM sales.payment y WHERE y.order_id = o.id)
                    AS payments,
                (SELECT jsonb_agg(jsonb_build_object('amount', r.amount, 'reason', r.reason, 'state', r.state,
                    'bank', r.bank, 'account_number', r.account_number, 'account_holder', r.account_holder,
                    'created_at', r.created_at, 'paid_at', r.paid_at) ORDER BY r.created_at)
                    FROM sales.refund r WHERE r.order_id = o.id) AS refunds,
                (SELECT jsonb_agg(jsonb_build_object('claimed_at', w.claimed_at, 'window', w.number))
                    FROM waiting_room.pass w WHERE w.order_id = o.id) AS places_in_line
            FROM sales.orders o WHERE operations.is_order_of(o, $1, $2, $3) ORDER BY o.created_at$q$, p),
        'quota', operations.rows_of($q$SELECT id AS lot, credits_posted - debits_posted AS pieces, created_at
            FROM ledger.account WHERE customer_id = $1 AND kind = 'lot' ORDER BY created_at$q$, p),
        'documents', operations.rows_of($q$SELECT d.id, d.name, d.kind, d.number, d.document_date, d.liable_party,
                d.input_bytes AS bytes, d.created_at, d.retained_until, d.forgotten_at,
                CASE WHEN d.input_deleted_at IS NULL THEN d.input_object END AS upload_sha256,
                (SELECT jsonb_agg(s.serial ORDER BY s.ordinal) FROM stamping.job j
                    JOIN stamping.serial s ON s.job_id = j.id WHERE j.document_id = d.id) AS serial_numbers,
                (SELECT r.sha256 FROM stamping.release r WHERE r.document_id = d.id AND NOT r.imported
                    ORDER BY r.version DESC LIMIT 1) AS stamped_sha256
            FROM stamping.document d WHERE d.customer_id = $1 ORDER BY d.created_at$q$, p),
        'bundles', operations.rows_of($q$SELECT b.created_at, b.started_at,
                (SELECT jsonb_agg(f.path ORDER BY f.path) FROM stamping.bundle_file f WHERE f.bundle_id = b.id) AS files
            FROM stamping.bundle b WHERE b.customer_id = $1 ORDER BY b.created_at$q$, p),
        'cases', operations.rows_of($q$SELECT c.number, c.kind, c.about, c.text, c.state, c.contact_kind,
                c.contact_value, c.opened_at, c.changed_at,
                (SELECT jsonb_agg(jsonb_build_object('text', a.text, 'at', a.answered_at) ORDER BY a.place)
                    FROM cases.answer a WHERE a.case_id = c.id) AS answers
            FROM cases.case c WHERE (c.contact_kind, c.contact_value) IN (SELECT * FROM unnest($2, $3))
            ORDER BY c.opened_at$q$, p),
        'messages', operations.rows_of($q$SELECT created_at, payload ->> 'to' AS "to", payload ->> 'subject' AS subject,
                CASE WHEN topic LIKE 'message.%' THEN payload ->> 'text' END AS text
            FROM jobs.outbox WHERE payload ->> 'to' = ANY ($3) ORDER BY id$q$, p),
        'reminders', operations.rows_of($q$SELECT q.event, r.contact_kind, r.contact_value
            FROM waiting_room.reminder r JOIN waiting_room.queue q ON q.number = r.queue
            WHERE (r.contact_kind, r.contact_value) IN (SELECT * FROM unnest($2, $3))$q$, p),
        'audit', operations.rows_of($q$SELECT e.at, e.action, e.subject, v.name, v.value
            FROM operations.audit_value v JOIN operations.audit_entry e ON e.id = v.entry_id
            WHERE v.person = $4 AND v.value IS NOT NULL AND v.name NOT LIKE 'signed text %' ORDER BY e.id$q$, p));
END $$;

CREATE OR REPLACE FUNCTION operations.erase_person(of_person text, facts jsonb, actor text, request bigint, at timestamptz)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    p record;
    held jsonb;
    orders uuid[];
    ids uuid[];
BEGIN
    SELECT * INTO p FROM operations.person_of(facts ->> 'kind', facts ->> 'contact');
    IF p.id IS DISTINCT FROM of_person OR NOT operations.use_release('person.erase', of_person, facts) THEN
        RAISE EXCEPTION 'two officers have not released this' USING ERRCODE = 'OF007';
    END IF;
    PERFORM FROM sales.orders o WHERE o.customer_id = p.customer ORDER BY o.id FOR UPDATE;
    IF EXISTS (SELECT FROM operations.person_blockers(p.customer)) THEN
        RAISE EXCEPTION 'not everything of this person is settled' USING ERRCODE = 'PE001';
    END IF;
    held := operations.look_at_person(facts ->> 'kind', facts ->> 'contact') -> 'held';

    orders := ARRAY(SELECT o.id FROM sales.orders o WHERE operations.is_order_of(o, p.customer, p.kinds, p.addresses));
    UPDATE sales.orders o SET contact_kind = NULL, contact_value = NULL, token_round = token_round + 1,
            token_digest = sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
        WHERE o.id = ANY (orders);
    UPDATE sales.buyer b SET name = 'Pembeli ' || left(p.customer::text, 8), npwp = NULL WHERE b.order_id = ANY (orders);
    UPDATE sales.refund r SET account_number = NULL, account_holder = NULL WHERE r.order_id = ANY (orders);
    UPDATE sales.notice n SET raw = '' FROM sales.payment y
        WHERE y.order_id = ANY (orders) AND n.reference = y.reference AND n.processed_at IS NOT NULL;

    ids := ARRAY(SELECT d.id FROM stamping.document d WHERE d.customer_id = p.customer AND d.forgotten_at IS NULL);
    PERFORM stamping.forget(ids, at);
    UPDATE stamping.bundle_file f SET path = 'dokumen-' || left(f.id::text, 8) || '.pdf', refusal_facts = '{}'
        FROM stamping.bundle b WHERE b.id = f.bundle_id AND b.customer_id = p.customer;
    DELETE FROM stamping.awaited w WHERE w.customer_id = p.customer;

    PERFORM cases.erase(c.number, at) FROM cases.case c
        WHERE (c.contact_kind, c.contact_value) IN (SELECT * FROM unnest(p.kinds, p.addresses));
    DELETE FROM jobs.outbox m WHERE m.payload ->> 'to' = ANY (p.addresses);
    DELETE FROM waiting_room.reminder r
        WHERE (r.contact_kind, r.contact_value) IN (SELECT * FROM unnest(p.kinds, p.addresses));

    DELETE FROM partners.member m WHERE m.customer_id = p.customer;
    DELETE FROM customers.session s WHERE s.customer_id = p.customer;
    DELETE FROM customers.proof f WHERE f.customer_id = p.customer;
    DELETE FROM customers.contact c WHERE c.customer_id = p.customer;
    DELETE FROM customers.code c
        WHERE (c.kind::text, c.value) IN (SELECT * FROM unnest(p.kinds, p.addresses));
    DELETE FROM customers.code_message c
        WHERE (c.kind, c.value) IN (SELECT * FROM unnest(p.kinds, p.addresses));

    PERFORM operations.write_audit(actor, 'person.erase', of_person, held || (facts - '{kind,contact}'::text[]), at, of_person,
        jsonb_build_object('contact', facts ->> 'contact'), request);
    PERFORM operations.forget_accounts(ARRAY(
        SELECT r.id::text FROM sales.refund r WHERE r.order_id = ANY (orders)));
    PERFORM operations.erase_audit_values(of_person);
    UPDATE operations.officer_signature s SET signed_text = ''
        WHERE s.kind IN ('person.export', 'person.erase') AND s.subject = of_person;
    UPDATE operations.release_request r SET facts = '{}' WHERE r.kind = 'person.erase' AND r.subject = of_person;
    RETURN held;
END $$;
