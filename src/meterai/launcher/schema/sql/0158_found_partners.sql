-- Officers find partners in the console by anything that names them, and read the story of one (docs/console.md). Contacts of
-- members, user names and tax numbers are masked until the officer of a session has given a reason for this partner.

GRANT SELECT ON partners.agreement, partners.block TO meterai_console;
CREATE INDEX wire_batch_by_organisation ON partners.wire_batch (organisation_id, created_at DESC);

CREATE OR REPLACE FUNCTION operations.look_subject(of_kind text, named text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE of_kind
        WHEN 'order' THEN (SELECT o.number::text FROM sales.orders o WHERE o.number = named)
        WHEN 'case' THEN (SELECT c.number FROM cases.case c WHERE c.number = named)
        WHEN 'partner' THEN (SELECT p.code FROM partners.organisation p WHERE p.code = named) END
$$;

-- As before, and `id`: of the order, or of an item, a payment, a refund, a job or a document of it.
CREATE OR REPLACE FUNCTION operations.find_orders(by text, sought text, most integer)
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
        WHEN 'id' THEN ARRAY(
            SELECT o.id FROM sales.orders o WHERE o.id = sought::uuid
            UNION SELECT i.order_id FROM sales.item i WHERE i.id = sought::uuid
            UNION SELECT p.order_id FROM sales.payment p WHERE p.id = sought::uuid
            UNION SELECT r.order_id FROM sales.refund r WHERE r.id = sought::uuid
            UNION SELECT i.order_id FROM stamping.job j JOIN sales.item i ON i.id = j.reference_id
                WHERE j.id = sought::uuid OR j.document_id = sought::uuid)
        ELSE ARRAY(SELECT operations.orders_of_contact(by, sought)) END;
    RETURN QUERY SELECT o.number::text, o.state::text, o.flow::text, o.quantity::bigint, o.total::bigint,
            operations.masked(o.contact_kind, o.contact_value), o.created_at, o.paid_at
        FROM sales.orders o WHERE o.id = ANY (ids) ORDER BY o.created_at DESC LIMIT most;
END $$;

-- The partners that something names, by their codes. `by`: word (code, a part of the name of the organisation or of a client,
-- a user name, a receipt), serial, email and phone (of a member), id (of the organisation, or of what belongs to it).
CREATE FUNCTION operations.find_partners(by text, sought text, most integer)
RETURNS TABLE (code text, name text, role text, state text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    part text := '%' || regexp_replace(sought, '([%_\\])', '\\\1', 'g') || '%';
    ids uuid[];
BEGIN
    ids := CASE by
        WHEN 'word' THEN ARRAY(
            SELECT p.id FROM partners.organisation p WHERE p.code = lower(sought)
            UNION SELECT o.id FROM customers.organisation o WHERE o.name ILIKE part
            UNION SELECT c.organisation_id FROM partners.client c WHERE c.name ILIKE part
            UNION SELECT c.organisation_id FROM partners.login l JOIN partners.client c ON c.id = l.client_id
                WHERE lower(l.user_name) = lower(sought)
            UNION SELECT d.organisation_id FROM partners.deposit d WHERE upper(d.receipt) = upper(sought)
            UNION SELECT y.organisation_id FROM partners.payment y WHERE y.reference = sought)
        WHEN 'serial' THEN ARRAY(
            SELECT j.organisation_id FROM stamping.serial s JOIN stamping.job j ON j.id = s.job_id WHERE s.serial = sought
            UNION SELECT t.organisation_id FROM stamping.taken_serial t WHERE t.serial = sought)
        WHEN 'id' THEN ARRAY(
            SELECT p.id FROM partners.organisation p WHERE sought::uuid IN (p.id, p.account_holder)
            UNION SELECT c.organisation_id FROM partners.client c WHERE c.id = sought::uuid
            UNION SELECT c.organisation_id FROM partners.client_key k JOIN partners.client c ON c.id = k.client_id
                WHERE k.id = sought::uuid
            UNION SELECT w.organisation_id FROM partners.webhook w WHERE w.id = sought::uuid
            UNION SELECT w.organisation_id FROM partners.delivery d JOIN partners.webhook w ON w.id = d.webhook_id
                WHERE d.id = sought::uuid
            UNION SELECT e.organisation_id FROM partners.event e WHERE e.id = sought::uuid
            UNION SELECT b.organisation_id FROM partners.wire_batch b WHERE b.id = sought::uuid
            UNION SELECT b.receiver FROM partners.block b WHERE b.id = sought::uuid
            UNION SELECT a.organisation_id FROM partners.agreement a WHERE a.id = sought::uuid
            UNION SELECT r.organisation_id FROM partners.report r WHERE r.id = sought::uuid
            UNION SELECT j.organisation_id FROM stamping.job j WHERE j.id = sought::uuid
            UNION SELECT d.organisation_id FROM stamping.document d WHERE d.id = sought::uuid
            UNION SELECT b.organisation_id FROM stamping.bundle b WHERE b.id = sought::uuid)
        ELSE ARRAY(
            SELECT m.organisation_id FROM customers.contact c JOIN partners.member m ON m.customer_id = c.customer_id
                WHERE c.kind = by AND c.value = sought AND c.replaced_at IS NULL)
        END;
    RETURN QUERY SELECT p.code, o.name, p.role, p.state
        FROM partners.organisation p JOIN customers.organisation o ON o.id = p.id
        WHERE p.id = ANY (ids) ORDER BY p.code LIMIT most;
END $$;

-- A request to the API of the last seven days, by the id that its answer had.
CREATE FUNCTION operations.find_api_requests(by text, sought text, most integer)
RETURNS TABLE (id uuid, code text, name text, client text, at timestamptz, method text, path text, status smallint,
    problem text, milliseconds integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT r.id, p.code, o.name, c.name, r.at, r.method, r.path, r.status, r.code, r.milliseconds
    FROM partners.api_request r JOIN partners.organisation p ON p.id = r.organisation_id
        JOIN customers.organisation o ON o.id = p.id LEFT JOIN partners.client c ON c.id = r.client_id
    WHERE by = 'id' AND r.id = sought::uuid LIMIT most
$$;

-- What stands around a partner: members, programs, webhooks, batches and events. Stock, dues and agreements are read as
-- elsewhere. NULL: there is none.
CREATE FUNCTION operations.partner_story(of_code text, of_session uuid, at timestamptz) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    p partners.organisation;
    ends timestamptz := operations.looks_until(of_session, of_code, at);
    bare boolean := ends IS NOT NULL;
BEGIN
    SELECT * INTO p FROM partners.organisation x WHERE x.code = of_code;
    IF p.id IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN jsonb_build_object(
        'shown_until', ends,
        'npwp', CASE WHEN bare THEN p.npwp ELSE operations.masked('number', p.npwp) END,
        'members', (SELECT coalesce(jsonb_agg(jsonb_build_object('role', m.role, 'added_at', m.added_at,
                'contact', CASE WHEN bare THEN c.value ELSE operations.masked(c.kind::text, c.value) END) ORDER BY m.added_at), '[]')
            FROM (SELECT * FROM partners.member WHERE organisation_id = p.id ORDER BY added_at LIMIT 50) m
            LEFT JOIN LATERAL (SELECT k.kind, k.value FROM customers.contact k
                WHERE k.customer_id = m.customer_id AND k.replaced_at IS NULL ORDER BY k.verified_at LIMIT 1) c ON true),
        'clients', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'name', c.name, 'scopes', c.scopes,
                'networks', cardinality(c.networks), 'created_at', c.created_at, 'revoked_at', c.revoked_at,
                'keys', (SELECT count(*) FROM partners.client_key k
                    WHERE k.client_id = c.id AND (k.ends_at IS NULL OR k.ends_at > at)),
                'logins', (SELECT coalesce(jsonb_agg(jsonb_build_object('used_at', l.used_at, 'user_name', CASE
                        WHEN bare OR l.user_name NOT LIKE '%@%' THEN l.user_name
                        ELSE operations.masked('email', l.user_name) END) ORDER BY l.made_at), '[]')
                    FROM partners.login l WHERE l.client_id = c.id AND l.ended_at IS NULL)) ORDER BY c.created_at), '[]')
            FROM (SELECT * FROM partners.client WHERE organisation_id = p.id ORDER BY revoked_at NULLS FIRST, created_at LIMIT 20) c),
        'usage', (SELECT jsonb_build_object('requests', coalesce(sum(u.requests), 0), 'refused', coalesce(sum(u.refused), 0))
            FROM partners.api_usage u JOIN partners.client c ON c.id = u.client_id WHERE c.organisation_id = p.id
                AND u.day > (at AT TIME ZONE 'Asia/Jakarta')::date - 7),
        'refusals', (SELECT coalesce(jsonb_agg(to_jsonb(r) ORDER BY r.at DESC), '[]') FROM (
                SELECT a.id, a.at, a.method, a.path, a.status, a.code AS problem FROM partners.api_request a
                WHERE a.organisation_id = p.id AND a.status >= 400 ORDER BY a.id DESC LIMIT 10) r),
        'wire_since', (SELECT w.on_at FROM partners.wire_access w WHERE w.organisation_id = p.id AND w.off_at IS NULL),
        'batches', (SELECT coalesce(jsonb_agg(to_jsonb(b) ORDER BY b.created_at DESC), '[]') FROM (
                SELECT x.id, x.created_at, x.failing_since, count(*) AS documents,
                    count(*) FILTER (WHERE d.state = 'waiting') AS waiting, count(*) FILTER (WHERE d.state = 'failed') AS failed
                FROM (SELECT * FROM partners.wire_batch w WHERE w.organisation_id = p.id ORDER BY w.created_at DESC LIMIT 10) x
                JOIN partners.wire_batch_document d ON d.batch_id = x.id GROUP BY x.id, x.created_at, x.failing_since) b),
        'webhooks', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', w.id, 'state', w.state, 'because', w.disabled_because,
                'host', substring(w.url FROM '^[a-z]+://(?:[^/@]*@)?([^/?#]+)'), 'failing_since', w.failing_since,
                'waiting', (SELECT count(*) FROM partners.delivery d WHERE d.webhook_id = w.id AND d.state = 'waiting'))
                ORDER BY w.created_at), '[]')
            FROM partners.webhook w WHERE w.organisation_id = p.id AND w.state <> 'removed'),
        'events', (SELECT coalesce(jsonb_agg(to_jsonb(e) ORDER BY e.sequence DESC), '[]') FROM (
                SELECT v.sequence, v.kind, v.subject_id, v.happened_at FROM partners.event v WHERE v.organisation_id = p.id
                ORDER BY v.sequence DESC LIMIT 10) e),
        'requests', (SELECT coalesce(jsonb_agg(jsonb_build_object('number', r.id, 'kind', r.kind, 'asked_at', r.asked_at)
                ORDER BY r.id), '[]')
            FROM operations.release_request r WHERE r.done_at IS NULL AND r.withdrawn_at IS NULL AND r.expires_at > at
                AND (r.subject = p.code OR r.facts ->> 'organisation' = p.code)));
END $$;

-- The entries of the audit trail about a partner, the oldest first. `written`: how it writes the ids of the organisation and of
-- its clients.
CREATE FUNCTION operations.partner_acts(of_code text, written text[]) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('at', e.at, 'actor', e.actor, 'action', e.action,
        'reason', e.facts ->> 'reason') ORDER BY e.id), '[]')
    FROM (SELECT * FROM operations.audit_entry a
        WHERE a.subject IN (SELECT unnest(written || of_code)
                UNION ALL SELECT d.receipt FROM partners.deposit d JOIN partners.organisation p ON p.id = d.organisation_id
                    WHERE p.code = of_code
                UNION ALL SELECT y.reference FROM partners.payment y JOIN partners.organisation p ON p.id = y.organisation_id
                    WHERE p.code = of_code
                UNION ALL SELECT l.user_name FROM partners.login l JOIN partners.client c ON c.id = l.client_id
                    JOIN partners.organisation p ON p.id = c.organisation_id WHERE p.code = of_code)
            AND split_part(a.action, '.', 1) IN ('partner', 'client', 'member', 'person')
        ORDER BY a.id DESC LIMIT 50) e
$$;

REVOKE ALL ON FUNCTION operations.find_partners, operations.find_api_requests, operations.partner_story,
    operations.partner_acts FROM PUBLIC;
GRANT EXECUTE ON FUNCTION operations.find_partners, operations.find_api_requests, operations.partner_story,
    operations.partner_acts TO meterai_console, meterai_operator;
