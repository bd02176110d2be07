-- Which news people want at which of their contacts (docs/news.md). No row: as by default.
-- CN001: no contact would take news of orders
CREATE TABLE customers.news_choice (
    contact_id uuid NOT NULL REFERENCES customers.contact ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('order', 'reminder', 'incident', 'announcement')),
    is_on boolean NOT NULL,
    chosen_at timestamptz NOT NULL,
    PRIMARY KEY (contact_id, kind)
);

-- Whether a contact takes news of a kind. Announcements are for those who asked for them.
CREATE FUNCTION customers.takes_news(of_contact uuid, of_kind text) RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce((SELECT n.is_on FROM customers.news_choice n WHERE n.contact_id = of_contact AND n.kind = of_kind),
        of_kind <> 'announcement')
$$;

-- Writes choices for contacts of one customer. At least one contact goes on taking news of orders.
CREATE FUNCTION customers.choose_news(of_contacts uuid[], of_kinds text[], are_on boolean[], at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    person uuid;
BEGIN
    FOR person IN SELECT p.id FROM customers.customer p
            WHERE p.id IN (SELECT c.customer_id FROM customers.contact c WHERE c.id = ANY (of_contacts))
            ORDER BY p.id FOR UPDATE LOOP
        INSERT INTO customers.news_choice AS n (contact_id, kind, is_on, chosen_at)
            SELECT c.id, chosen.kind, chosen.is_on, at
            FROM unnest(of_contacts, of_kinds, are_on) AS chosen(contact_id, kind, is_on)
            JOIN customers.contact c ON c.id = chosen.contact_id AND c.customer_id = person AND c.replaced_at IS NULL
            ON CONFLICT (contact_id, kind) DO UPDATE SET is_on = excluded.is_on, chosen_at = excluded.chosen_at
                WHERE n.is_on <> excluded.is_on;
        IF NOT EXISTS (SELECT FROM customers.contact c WHERE c.customer_id = person AND c.replaced_at IS NULL
                AND customers.takes_news(c.id, 'order')) THEN
            RAISE EXCEPTION 'no contact would take news of orders' USING ERRCODE = 'CN001';
        END IF;
    END LOOP;
END $$;

REVOKE ALL ON FUNCTION customers.takes_news, customers.choose_news FROM PUBLIC;
GRANT EXECUTE ON FUNCTION customers.choose_news TO meterai_site;
GRANT EXECUTE ON FUNCTION customers.takes_news TO meterai_site, meterai_worker, meterai_operator;
GRANT SELECT ON customers.news_choice TO meterai_site, meterai_worker, meterai_operator;

-- As before (0101), with the choices of each contact.
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
        'contacts', operations.rows_of($q$SELECT kind, value, verified_at, replaced_at,
                (SELECT jsonb_object_agg(n.kind, n.is_on) FROM customers.news_choice n WHERE n.contact_id = c.id) AS news
            FROM customers.contact c WHERE customer_id = $1 ORDER BY verified_at$q$, p),
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
