-- What officers find in the console: orders by anything that names them, and the story of one (docs/console.md).
-- The console reads no table with personal data. These functions mask it, until the officer of a session has given a
-- reason for this subject. The reason stands in the audit trail.

INSERT INTO operations.audit_writer (role, kind) VALUES ('meterai_console', 'person') ON CONFLICT DO NOTHING;

CREATE TABLE console.look (
    session_id uuid NOT NULL REFERENCES console.session,
    subject text NOT NULL,                 -- the number of an order
    until timestamptz NOT NULL,
    PRIMARY KEY (session_id, subject)
);

CREATE INDEX audit_by_subject ON operations.audit_entry (subject);
CREATE INDEX order_of_contact ON sales.orders (contact_value) WHERE customer_id IS NULL AND contact_value IS NOT NULL;
CREATE INDEX refund_by_reference ON sales.refund (reference) WHERE reference IS NOT NULL;

-- Enough for the owner to recognise it, too little for others. Contacts: as `meterai.customers.contacts` masks them.
CREATE FUNCTION operations.masked(kind text, value text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE kind
        WHEN 'email' THEN left(split_part(value, '@', 1), 1) || '•••@' || split_part(value, '@', 2)
        WHEN 'phone' THEN left(value, 3) || '•••••' || right(value, 4)
        WHEN 'number' THEN '•••••' || right(value, 3)
        WHEN 'file' THEN left(value, 1) || '•••' || coalesce(substring(value FROM '\.[A-Za-z0-9]{1,5}$'), '')
        ELSE left(value, 1) || '•••' END
$$;

-- Whether the officer behind a session may see personal data: the role support; everybody while no officer is recorded.
CREATE FUNCTION operations.may_look(of_session uuid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT s.officer FROM console.session s LEFT JOIN operations.officer o ON o.name = s.officer
    WHERE s.id = of_session AND s.ended_at IS NULL AND ('support' = ANY (o.roles) OR NOT operations.is_checked())
$$;

-- Until when a session sees the personal data of a subject; NULL: it does not.
CREATE FUNCTION operations.looks_until(of_session uuid, of_subject text, at timestamptz) RETURNS timestamptz
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT l.until FROM console.look l
    WHERE l.session_id = of_session AND l.subject = of_subject AND l.until > customers.checked_time(at)
        AND operations.may_look(of_session) IS NOT NULL
$$;

-- Shows the personal data of an order to a session for 15 minutes, and writes who looked and why into the audit trail.
-- OF001: the officer lacks the role. NULL: there is no such order.
CREATE FUNCTION operations.look_at_order(of_session uuid, of_number text, reason text, at timestamptz) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    who text := operations.may_look(of_session);
    ends timestamptz := customers.checked_time(at) + interval '15 minutes';
    whose text;
BEGIN
    IF who IS NULL THEN
        RAISE EXCEPTION 'this officer may not see personal data' USING ERRCODE = 'OF001';
    END IF;
    IF length(btrim(reason)) NOT BETWEEN 5 AND 200 THEN
        RAISE EXCEPTION 'a reason has 5 to 200 characters' USING ERRCODE = '22023';
    END IF;
    SELECT coalesce(o.customer_id, o.id)::text INTO whose FROM sales.orders o WHERE o.number = of_number;
    IF whose IS NULL THEN
        RETURN NULL;
    END IF;
    DELETE FROM console.look l WHERE l.until < customers.checked_time(at) - interval '1 day';
    INSERT INTO console.look VALUES (of_session, of_number, ends)
        ON CONFLICT (session_id, subject) DO UPDATE SET until = EXCLUDED.until;
    PERFORM operations.write_audit(who, 'person.look', of_number, jsonb_build_object('reason', btrim(reason)), at, whose);
    RETURN ends;
END $$;

-- The newest orders that something names. `by`: number, reference (of a payment at its gateway, or of a refund),
-- email, phone, serial.
CREATE FUNCTION operations.find_orders(by text, sought text, most integer)
RETURNS TABLE (number text, state text, flow text, quantity bigint, total bigint, contact text, created_at timestamptz, paid_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ids uuid[];
BEGIN
    ids := CASE by
        WHEN 'number' THEN ARRAY(SELECT o.id FROM sales.orders o WHERE o.number = sought)
        WHEN 'reference' THEN ARRAY(
            SELECT p.order_id FROM sales.payment p WHERE p.reference = sought
            UNION SELECT p.order_id FROM sales.payment p WHERE p.transaction_id = lower(sought)
            UNION SELECT p.order_id FROM sales.payment p WHERE p.va_number = regexp_replace(sought, '[\s.-]', '', 'g')
            UNION SELECT r.order_id FROM sales.refund r WHERE r.reference = sought)
        WHEN 'serial' THEN ARRAY(
            SELECT i.order_id FROM stamping.serial s JOIN stamping.job j ON j.id = s.job_id
                JOIN sales.item i ON i.id = j.reference_id WHERE s.serial = sought)
        ELSE ARRAY(
            SELECT o.id FROM customers.contact c JOIN sales.orders o ON o.customer_id = c.customer_id
                WHERE c.kind = by AND c.value = sought AND c.replaced_at IS NULL
            UNION SELECT o.id FROM sales.orders o
                WHERE o.customer_id IS NULL AND o.contact_value = sought AND o.contact_kind = by)
        END;
    RETURN QUERY SELECT o.number::text, o.state::text, o.flow::text, o.quantity::bigint, o.total::bigint,
            operations.masked(o.contact_kind, o.contact_value), o.created_at, o.paid_at
        FROM sales.orders o WHERE o.id = ANY (ids) ORDER BY o.created_at DESC LIMIT most;
END $$;

-- All that happened to an order: the order as `sales.order_json` has it, and what stands around it. NULL: there is none.
CREATE FUNCTION operations.order_story(of_number text, of_session uuid, at timestamptz) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o sales.orders;
    ends timestamptz := operations.looks_until(of_session, of_number, at);
    bare boolean := ends IS NOT NULL;
    items uuid[];
    jobs uuid[];
    named text[];
BEGIN
    SELECT * INTO o FROM sales.orders x WHERE x.number = of_number;
    IF o.id IS NULL THEN
        RETURN NULL;
    END IF;
    items := ARRAY(SELECT i.id FROM sales.item i WHERE i.order_id = o.id);
    jobs := ARRAY(SELECT j.id FROM stamping.job j WHERE j.reference_id = ANY (items));
    named := ARRAY[o.number::text, o.id::text, o.customer_id::text]
        || ARRAY(SELECT r.id::text FROM sales.refund r WHERE r.order_id = o.id)
        || ARRAY(SELECT p.reference::text FROM sales.payment p WHERE p.order_id = o.id);
    RETURN jsonb_build_object(
        'shown_until', ends,
        'order', sales.order_json(o.id)::jsonb || jsonb_build_object('contact_value',
            CASE WHEN bare THEN o.contact_value ELSE operations.masked(o.contact_kind, o.contact_value) END),
        'buyer', (SELECT jsonb_build_object(
                'name', CASE WHEN bare THEN b.name ELSE operations.masked('name', b.name) END,
                'npwp', CASE WHEN bare THEN b.npwp ELSE operations.masked('number', b.npwp) END)
            FROM sales.buyer b WHERE b.order_id = o.id),
        'accounts', (SELECT coalesce(jsonb_agg(jsonb_build_object('refund_id', r.id, 'bank', r.bank,
                'number', CASE WHEN bare THEN r.account_number ELSE operations.masked('number', r.account_number) END,
                'holder', CASE WHEN bare THEN r.account_holder ELSE operations.masked('name', r.account_holder) END,
                'reference', r.reference, 'attempts', r.attempts, 'next_attempt_at', r.next_attempt_at)), '[]')
            FROM sales.refund r WHERE r.order_id = o.id),
        'unread', (SELECT coalesce(jsonb_agg(jsonb_build_object('gateway', n.gateway, 'reference', n.reference,
                'at', n.received_at) ORDER BY n.received_at), '[]')
            FROM sales.notice n WHERE n.processed_at IS NULL AND n.reference = ANY (named)),
        'polls', (SELECT coalesce(jsonb_agg(jsonb_build_object('reference', p.reference, 'polls', p.polls,
                'asked_at', p.asked_at, 'next_at', p.poll_at, 'cost', p.gateway_cost)), '[]')
            FROM sales.payment p WHERE p.order_id = o.id),
        'documents', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                'job_id', j.id, 'document_id', j.document_id, 'item_id', j.reference_id,
                'name', CASE WHEN bare THEN d.name ELSE operations.masked('file', d.name) END,
                'state', j.state, 'attempts', j.attempts, 'trouble_code', j.trouble_code, 'refusal_code', j.refusal_code,
                'next_attempt_at', j.next_attempt_at, 'created_at', j.created_at, 'ended_at', j.ended_at,
                'forgotten_at', d.forgotten_at,
                'stamps', (SELECT coalesce(jsonb_agg(jsonb_build_object('serial', s.serial, 'state', s.state,
                        'allocated_at', s.allocated_at, 'sealed_at', s.sealed_at, 'released_at', s.released_at,
                        'annulled_at', s.annulled_at,
                        'attempts', (SELECT coalesce(jsonb_agg(jsonb_build_object('key_id', a.key_id, 'at', a.attempted_at,
                                'abandoned_at', a.abandoned_at) ORDER BY a.id), '[]')
                            FROM stamping.sign_attempt a WHERE a.serial = s.serial)) ORDER BY s.ordinal), '[]')
                    FROM stamping.serial s WHERE s.job_id = j.id)) ORDER BY j.created_at, j.id), '[]')
            FROM stamping.job j LEFT JOIN stamping.document d ON d.id = j.document_id WHERE j.id = ANY (jobs)),
        'postings', (SELECT coalesce(jsonb_agg(jsonb_build_object('code', t.code, 'kind', t.kind, 'unit', t.unit,
                'amount', t.amount, 'debit', d.kind, 'credit', c.kind, 'at', coalesce(t.posted_at, t.created_at),
                'business_date', t.business_date) ORDER BY t.created_at, t.id), '[]')
            FROM ledger.transfer t JOIN ledger.account d ON d.id = t.debit_account_id
                JOIN ledger.account c ON c.id = t.credit_account_id
            WHERE t.reference_id = ANY (o.id || items || jobs || ARRAY(SELECT p.id FROM sales.payment p WHERE p.order_id = o.id)
                || ARRAY(SELECT r.id FROM sales.refund r WHERE r.order_id = o.id))),
        'messages', (SELECT coalesce(jsonb_agg(jsonb_build_object('what', m.what, 'at', m.at, 'ended_at', m.ended_at,
                'attempts', m.attempts) ORDER BY m.at), '[]')
            FROM (SELECT 'link' AS what, o.link_sent_at AS at, o.link_sent_at AS ended_at, NULL::integer AS attempts
                    WHERE o.link_sent_at IS NOT NULL
                UNION ALL SELECT 'paid', o.paid_told_at, o.paid_told_at, NULL WHERE o.paid_told_at IS NOT NULL
                UNION ALL SELECT 'order.' || (b.payload ->> 'news'), b.created_at, NULL, b.attempts FROM jobs.outbox b
                    WHERE b.topic = 'sales.order_news' AND b.payload ->> 'order_id' = o.id::text
                UNION ALL SELECT 'message', b.created_at, NULL, b.attempts FROM jobs.outbox b
                    WHERE b.topic = 'message.' || o.contact_kind AND b.payload ->> 'to' = o.contact_value
                UNION ALL SELECT 'news.' || n.state, coalesce(n.attempted_at, n.available_at), n.ended_at, NULL
                    FROM news.message n WHERE n.customer_id = o.customer_id AND n.valid_until > o.created_at) m),
        'cases', (SELECT coalesce(jsonb_agg(jsonb_build_object('number', c.number, 'kind', c.kind, 'state', c.state,
                'opened_at', c.opened_at, 'changed_at', c.changed_at) ORDER BY c.opened_at), '[]')
            FROM cases.case c WHERE (c.contact_kind = o.contact_kind AND c.contact_value = o.contact_value)
                OR strpos(c.about, o.number) > 0),
        'acts', (SELECT coalesce(jsonb_agg(jsonb_build_object('at', e.at, 'actor', e.actor, 'action', e.action,
                'reason', e.facts ->> 'reason') ORDER BY e.id), '[]')
            FROM operations.audit_entry e WHERE e.subject = ANY (named)));
END $$;

REVOKE ALL ON FUNCTION operations.masked, operations.may_look, operations.looks_until, operations.look_at_order,
    operations.find_orders, operations.order_story FROM PUBLIC;
GRANT EXECUTE ON FUNCTION operations.look_at_order TO meterai_console;
GRANT EXECUTE ON FUNCTION operations.find_orders, operations.order_story TO meterai_console, meterai_operator;
