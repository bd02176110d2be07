-- Officers find cases in the console, and read the story of one (docs/console.md). The console reads no contact and no
-- text of a case but by these functions: they mask it until the officer of a session has given a reason for this case.

REVOKE SELECT ON cases.case, cases.answer FROM meterai_console;
GRANT SELECT (id, number, kind, state, contact_kind, is_proven, language, opened_at, changed_at) ON cases.case TO meterai_console;

-- What people wrote, without e-mail addresses and long numbers: of telephones, bank accounts, identity cards.
CREATE FUNCTION operations.blotted(written text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT regexp_replace(
        regexp_replace(written, '([A-Za-z0-9])[A-Za-z0-9._%+-]*@([A-Za-z0-9.-]+)', '\1•••@\2', 'g'),
        '(?<![A-Za-z0-9])\+?[0-9]([ .-]?[0-9]){8,}(?![A-Za-z0-9])', '•••••', 'g')
$$;

-- The name under which a session looks at something, and under which the audit trail has it; NULL: there is no such thing.
CREATE FUNCTION operations.look_subject(of_kind text, named text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE of_kind
        WHEN 'order' THEN (SELECT o.number::text FROM sales.orders o WHERE o.number = named)
        WHEN 'case' THEN (SELECT c.number FROM cases.case c WHERE c.number = named) END
$$;

-- Shows the personal data of something to a session for 15 minutes, and writes who looked and why into the audit trail.
-- OF001: the officer lacks the role. NULL: there is no such thing.
DROP FUNCTION operations.look_at_order;
CREATE FUNCTION operations.look_at(of_session uuid, of_kind text, named text, reason text, at timestamptz) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    who text := operations.may_look(of_session);
    ends timestamptz := customers.checked_time(at) + interval '15 minutes';
    seen text;
BEGIN
    IF who IS NULL THEN
        RAISE EXCEPTION 'this officer may not see personal data' USING ERRCODE = 'OF001';
    END IF;
    IF length(btrim(reason)) NOT BETWEEN 5 AND 200 THEN
        RAISE EXCEPTION 'a reason has 5 to 200 characters' USING ERRCODE = '22023';
    END IF;
    seen := operations.look_subject(of_kind, named);
    IF seen IS NULL THEN
        RETURN NULL;
    END IF;
    DELETE FROM console.look l WHERE l.until < customers.checked_time(at) - interval '1 day';
    INSERT INTO console.look VALUES (of_session, seen, ends)
        ON CONFLICT (session_id, subject) DO UPDATE SET until = EXCLUDED.until;
    PERFORM operations.write_audit(who, 'person.look', seen, jsonb_build_object('reason', btrim(reason)), at);
    RETURN ends;
END $$;

-- The entries of the audit trail about any of these, the oldest first.
CREATE FUNCTION operations.acts_on(named text[]) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('at', e.at, 'actor', e.actor, 'action', e.action,
        'reason', e.facts ->> 'reason') ORDER BY e.id), '[]')
    FROM (SELECT * FROM operations.audit_entry WHERE subject = ANY (named) ORDER BY id DESC LIMIT 100) e
$$;

-- The orders of a contact: those of its customer, and those for which nobody has proved it.
CREATE FUNCTION operations.orders_of_contact(of_kind text, of_value text) RETURNS SETOF uuid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT o.id FROM customers.contact c JOIN sales.orders o ON o.customer_id = c.customer_id
        WHERE c.kind = of_kind AND c.value = of_value AND c.replaced_at IS NULL
    UNION SELECT o.id FROM sales.orders o
        WHERE o.customer_id IS NULL AND o.contact_value = of_value AND o.contact_kind = of_kind
$$;

-- The newest cases that something names. `by`: case (its number), email, phone, help_code (in what was written).
CREATE FUNCTION operations.find_cases(by text, sought text, most integer)
RETURNS TABLE (number text, kind text, state text, contact text, opened_at timestamptz, changed_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.number, c.kind, c.state, operations.masked(c.contact_kind, c.contact_value), c.opened_at, c.changed_at
    FROM cases.case c WHERE CASE by
        WHEN 'case' THEN c.number = sought
        WHEN 'help_code' THEN
            strpos(upper(regexp_replace(c.about || c.text, '[\s-]', '', 'g')), replace(sought, '-', '')) > 0
        ELSE c.contact_kind = by AND c.contact_value = sought END
    ORDER BY c.opened_at DESC LIMIT most
$$;

-- All that happened to a case: what was written, the answers, the orders that it is about, who did what. NULL: there is none.
CREATE FUNCTION operations.case_story(of_number text, of_session uuid, at timestamptz) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c cases.case;
    ends timestamptz := operations.looks_until(of_session, of_number, at);
    bare boolean := ends IS NOT NULL;
    named text[];
BEGIN
    SELECT * INTO c FROM cases.case x WHERE x.number = of_number;
    IF c.id IS NULL THEN
        RETURN NULL;
    END IF;
    named := ARRAY(SELECT array_to_string(m, '-') FROM regexp_matches(upper(c.about || ' ' || c.text),
        '\m([2-9A-Z]{4})[- ]?([2-9A-Z]{4})[- ]?([2-9A-Z]{4})', 'g') m);
    RETURN jsonb_build_object(
        'shown_until', ends, 'number', c.number, 'kind', c.kind, 'state', c.state, 'is_proven', c.is_proven,
        'language', c.language, 'opened_at', c.opened_at, 'changed_at', c.changed_at,
        'is_erased', c.contact_value IS NULL,
        'contact', CASE WHEN bare THEN c.contact_value ELSE operations.masked(c.contact_kind, c.contact_value) END,
        'about', CASE WHEN bare THEN c.about ELSE operations.blotted(c.about) END,
        'text', CASE WHEN bare THEN c.text ELSE operations.blotted(c.text) END,
        'answers', (SELECT coalesce(jsonb_agg(jsonb_build_object('officer', a.officer, 'at', a.answered_at,
                'text', CASE WHEN bare THEN a.text ELSE operations.blotted(a.text) END) ORDER BY a.place), '[]')
            FROM cases.answer a WHERE a.case_id = c.id),
        'orders', (SELECT coalesce(jsonb_agg(to_jsonb(f) ORDER BY f.is_named DESC, f.created_at DESC), '[]') FROM (
                SELECT o.number, o.state, o.flow, o.total, o.created_at, o.number = ANY (named) AS is_named FROM sales.orders o
                WHERE o.number = ANY (named)
                    OR o.id IN (SELECT operations.orders_of_contact(c.contact_kind, c.contact_value))
                ORDER BY o.number = ANY (named) DESC, o.created_at DESC LIMIT 20) f),
        'cases', (SELECT coalesce(jsonb_agg(to_jsonb(f) ORDER BY f.opened_at DESC), '[]') FROM (
                SELECT x.number, x.kind, x.state, x.opened_at, x.changed_at FROM cases.case x
                WHERE x.contact_kind = c.contact_kind AND x.contact_value = c.contact_value AND x.id <> c.id
                ORDER BY x.opened_at DESC LIMIT 20) f),
        'waiting', (SELECT coalesce(jsonb_agg(jsonb_build_object('at', b.created_at, 'attempts', b.attempts)
                ORDER BY b.created_at), '[]')
            FROM jobs.outbox b WHERE b.topic = 'message.' || c.contact_kind AND b.payload ->> 'to' = c.contact_value),
        'acts', operations.acts_on(ARRAY[c.number]));
END $$;

REVOKE ALL ON FUNCTION operations.blotted, operations.look_subject, operations.look_at, operations.acts_on,
    operations.orders_of_contact, operations.find_cases, operations.case_story FROM PUBLIC;
GRANT EXECUTE ON FUNCTION operations.look_at TO meterai_console;
GRANT EXECUTE ON FUNCTION operations.find_cases, operations.case_story TO meterai_console, meterai_operator;
