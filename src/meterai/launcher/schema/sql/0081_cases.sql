-- Cases: complaints and questions of people, with an officer's answers. The site opens a case and looks one up by its
-- number and a proof, both with functions: a process that is taken over can't read what people have written.
-- Refusals (SQLSTATE): CA001 the contact has too many open cases · CA002 too many wrong contacts for this case.
CREATE SCHEMA cases;

CREATE TABLE cases.case (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,       -- K-7KQF-2M9D
    kind text NOT NULL CHECK (kind IN ('money', 'stamp', 'line', 'account', 'access', 'fake', 'other')),
    about text NOT NULL CHECK (length(about) <= 80),          -- an order's number, a serial number or a help code
    text text NOT NULL CHECK (length(text) <= 4000),
    contact_kind text CHECK (contact_kind IN ('email', 'phone')),    -- null: erased
    contact_value text,
    is_proven boolean NOT NULL,        -- the sender was signed in with this contact
    language text NOT NULL,
    secret_digest bytea NOT NULL,      -- SHA-256 of the code in the case's link
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'answered', 'closed')),
    opened_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    wrong_tries integer NOT NULL DEFAULT 0,
    tries_since timestamptz,
    CHECK ((contact_kind IS NULL) = (contact_value IS NULL))
);
CREATE INDEX case_by_state ON cases.case (state, opened_at);
CREATE INDEX case_by_contact ON cases.case (contact_value, opened_at);
CREATE TABLE cases.answer (
    case_id uuid NOT NULL REFERENCES cases.case ON DELETE CASCADE,
    place integer NOT NULL,
    text text NOT NULL CHECK (length(text) <= 4000),
    officer text NOT NULL,
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (case_id, place)
);

-- Opens a case. Returns false when this form has opened it before (a double click): nothing is done then.
CREATE FUNCTION cases.open_case(
    an_id uuid, a_number text, of_kind text, is_about text, a_text text, to_kind text, to_value text, proven boolean,
    in_language text, secret bytea, at timestamptz
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, cases, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('case ' || to_kind || ':' || to_value, 0));
    IF EXISTS (SELECT FROM cases.case c WHERE c.id = an_id) THEN
        RETURN false;
    END IF;
    IF (SELECT count(*) FROM cases.case c WHERE c.contact_value = to_value AND c.opened_at > at - interval '1 day') >= 5
    THEN
        RAISE EXCEPTION 'this contact has opened five cases in a day' USING ERRCODE = 'CA001';
    END IF;
    INSERT INTO cases.case (id, number, kind, about, text, contact_kind, contact_value, is_proven, language,
            secret_digest, opened_at, changed_at)
        VALUES (an_id, a_number, of_kind, is_about, a_text, to_kind, to_value, proven, in_language, secret, at, at);
    RETURN true;
END $$;

-- The case of a number, for people who hold its code or name its contact. No row: the number or the proof is wrong.
-- After ten wrong contacts in an hour only the code opens it for the rest of the hour. The code has 58 random bits.
CREATE FUNCTION cases.look_up(a_number text, secret bytea, of_kind text, of_value text, at timestamptz)
RETURNS TABLE (number text, kind text, about text, text text, state text, opened_at timestamptz, answers jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, cases, pg_temp AS $$
DECLARE
    found cases.case;
BEGIN
    SELECT * INTO found FROM cases.case c WHERE c.number = a_number FOR UPDATE;
    IF found.id IS NULL THEN
        RETURN;
    END IF;
    IF found.secret_digest IS DISTINCT FROM secret THEN
        IF found.tries_since IS NULL OR found.tries_since < at - interval '1 hour' THEN
            found.wrong_tries := 0;
            found.tries_since := at;
        END IF;
        IF found.wrong_tries >= 10 THEN
            RAISE EXCEPTION 'too many wrong contacts' USING ERRCODE = 'CA002';
        END IF;
        IF (found.contact_kind, found.contact_value) IS DISTINCT FROM (of_kind, of_value) OR of_value IS NULL THEN
            UPDATE cases.case c SET wrong_tries = found.wrong_tries + 1, tries_since = found.tries_since
                WHERE c.id = found.id;
            RETURN;
        END IF;
    END IF;
    RETURN QUERY SELECT found.number, found.kind, found.about, found.text, found.state, found.opened_at,
        (SELECT coalesce(jsonb_agg(jsonb_build_object('text', a.text, 'at', a.answered_at) ORDER BY a.place), '[]')
            FROM cases.answer a WHERE a.case_id = found.id);
END $$;

-- Answers a case: keeps the text, and sends `message` to the contact of the case and to nobody else.
CREATE FUNCTION cases.answer_case(of_case uuid, a_text text, by_officer text, message jsonb, at timestamptz)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, cases, pg_temp AS $$
DECLARE
    found cases.case;
BEGIN
    SELECT * INTO STRICT found FROM cases.case c WHERE c.id = of_case FOR UPDATE;
    INSERT INTO cases.answer (case_id, place, text, officer, answered_at) VALUES (of_case,
        1 + (SELECT count(*) FROM cases.answer a WHERE a.case_id = of_case), a_text, by_officer, at);
    UPDATE cases.case c SET state = 'answered', changed_at = at WHERE c.id = of_case;
    IF found.contact_kind IS NOT NULL THEN
        INSERT INTO jobs.outbox (topic, payload, available_at, created_at) VALUES ('message.' || found.contact_kind,
            message || jsonb_build_object('to_kind', found.contact_kind, 'to', found.contact_value), at, at);
    END IF;
END $$;

-- Erases what a person wrote and how to reach them. The case stays, with its kind, state and dates.
CREATE FUNCTION cases.erase(a_number text, at timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, cases, pg_temp AS $$
DECLARE
    erased integer;
BEGIN
    UPDATE cases.answer a SET text = '' FROM cases.case c WHERE c.number = a_number AND a.case_id = c.id;
    UPDATE cases.case c SET text = '', about = '', contact_kind = NULL, contact_value = NULL, state = 'closed',
        changed_at = at WHERE c.number = a_number AND (c.text <> '' OR c.contact_value IS NOT NULL);
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA cases FROM PUBLIC;
GRANT USAGE ON SCHEMA cases TO meterai_site, meterai_worker, meterai_operator;
GRANT EXECUTE ON FUNCTION cases.open_case, cases.look_up TO meterai_site;
GRANT SELECT ON cases.case, cases.answer TO meterai_operator;
GRANT UPDATE (state, changed_at) ON cases.case TO meterai_operator;
GRANT EXECUTE ON FUNCTION cases.answer_case, cases.erase TO meterai_operator;
GRANT SELECT (id, state, changed_at), DELETE ON cases.case TO meterai_worker;  -- the clean-up
INSERT INTO operations.audit_writer (role, kind) VALUES ('meterai_operator', 'case');
