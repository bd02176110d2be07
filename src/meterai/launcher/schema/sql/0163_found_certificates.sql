-- Officers find certificates of attempt and signing keys in the console (docs/console.md). A certificate has the masked contact
-- alone. The name that a person gave is masked until the officer of a session has given a reason for this certificate.

-- Of documents and batches it reads what it counts: no file name, no address, nothing of what clients said of a document.
REVOKE SELECT ON stamping.document, partners.wire_batch, partners.wire_batch_document FROM meterai_console;
GRANT SELECT (id, customer_id, input_bytes, other_bytes, upload_bytes, input_deleted_at) ON stamping.document TO meterai_console;
GRANT SELECT (id, due_at, failures) ON partners.wire_batch TO meterai_console;
GRANT SELECT (batch_id, next_attempt_at) ON partners.wire_batch_document TO meterai_console;

CREATE OR REPLACE FUNCTION operations.look_subject(of_kind text, named text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE of_kind
        WHEN 'order' THEN (SELECT o.number::text FROM sales.orders o WHERE o.number = named)
        WHEN 'case' THEN (SELECT c.number FROM cases.case c WHERE c.number = named)
        WHEN 'partner' THEN (SELECT p.code FROM partners.organisation p WHERE p.code = named)
        WHEN 'certificate' THEN (SELECT 'certificate ' || c.code FROM waiting_room.certificate c WHERE c.code = named) END
$$;

-- The certificates that something names. `by`: number (the code that people type), place (the id of the contact in the line, as
-- the public log has it, in hexadecimal).
CREATE FUNCTION operations.find_certificates(by text, sought text, most integer)
RETURNS TABLE (code text, event text, issued_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.code, q.event, c.issued_at FROM waiting_room.certificate c JOIN waiting_room.queue q ON q.number = c.queue
    WHERE CASE by WHEN 'number' THEN c.code = sought
        WHEN 'place' THEN c.queue = ANY (ARRAY(SELECT x.number FROM waiting_room.queue x)) AND c.id = decode(sought, 'hex')
        ELSE false END
    ORDER BY c.issued_at DESC LIMIT most
$$;

-- A certificate as it was signed, and what the line knows of its holder. NULL: there is none.
CREATE FUNCTION operations.certificate_story(of_code text, of_session uuid, at timestamptz) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c waiting_room.certificate;
    ends timestamptz := operations.looks_until(of_session, 'certificate ' || of_code, at);
    attempt jsonb;
BEGIN
    SELECT * INTO c FROM waiting_room.certificate x WHERE x.code = of_code;
    IF c.code IS NULL THEN
        RETURN NULL;
    END IF;
    IF c.document <> '' THEN
        attempt := split_part(convert_from(c.document, 'UTF8'), E'\n', 1)::jsonb;
    END IF;
    RETURN jsonb_build_object(
        'shown_until', ends, 'code', c.code, 'id', encode(c.id, 'hex'), 'issued_at', c.issued_at,
        'event', (SELECT q.event FROM waiting_room.queue q WHERE q.number = c.queue),
        'attempt', attempt - 'name',
        'name', CASE WHEN ends IS NOT NULL THEN attempt ->> 'name'
            WHEN attempt ->> 'name' <> '' THEN operations.masked('name', attempt ->> 'name') END,
        'knocked_at', (SELECT k.first_at FROM waiting_room.knock k WHERE k.queue = c.queue AND k.id = c.id),
        'entered_at', (SELECT w.claimed_at FROM waiting_room.pass w WHERE w.queue = c.queue AND w.id = c.id),
        'order', (SELECT o.number FROM waiting_room.pass w JOIN sales.orders o ON o.id = w.order_id
            WHERE w.queue = c.queue AND w.id = c.id),
        'is_logged', EXISTS (SELECT FROM waiting_room.log_entry e
            WHERE e.queue = c.queue AND e.what = 'certificate' AND e.facts ->> 'id' = encode(c.id, 'hex')),
        'is_to_log', EXISTS (SELECT FROM waiting_room.to_log l
            WHERE l.queue = c.queue AND l.what = 'certificate' AND l.facts ->> 'id' = encode(c.id, 'hex')),
        'acts', operations.acts_on(ARRAY['certificate ' || c.code]));
END $$;

-- How often a signing key was used, and who did what with it. NULL: there is no such key.
CREATE FUNCTION operations.key_story(of_key text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object(
        'uses', (SELECT count(*) FROM stamping.sign_attempt a WHERE a.key_id = k.key_id AND a.abandoned_at IS NULL),
        'acts', operations.acts_on(ARRAY[k.key_id]))
    FROM stamping.signing_key k WHERE k.key_id = of_key
$$;

REVOKE ALL ON FUNCTION operations.find_certificates, operations.certificate_story, operations.key_story FROM PUBLIC;
GRANT EXECUTE ON FUNCTION operations.find_certificates, operations.certificate_story, operations.key_story
    TO meterai_console, meterai_operator;
