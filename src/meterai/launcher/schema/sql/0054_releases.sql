-- Officers, their signatures, and requests that two of them must release (docs/on-duty.md, "Officers").

-- Stands in every text that an officer signs: a signature counts in one installation.
CREATE TABLE operations.installation (
    is_kept boolean PRIMARY KEY DEFAULT true CHECK (is_kept),
    id uuid NOT NULL
);
INSERT INTO operations.installation (id) VALUES (gen_random_uuid());

-- The officers file (METERAI_OFFICERS) as the owner's role recorded it. Only that role writes here.
CREATE TABLE operations.officer (
    name text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9._-]{0,31}$'),
    roles text[] NOT NULL,
    keys text[] NOT NULL,           -- SSH public keys, "type base64"; no two officers share one
    former_keys text[] NOT NULL,    -- sign nothing any more; what they signed can still be checked
    recorded_at timestamptz NOT NULL
);

-- What needs signatures: any of these roles may give one, and each must be another officer's.
CREATE TABLE operations.act (
    kind text PRIMARY KEY,
    roles text[] NOT NULL,
    signatures smallint NOT NULL CHECK (signatures IN (1, 2))
);
INSERT INTO operations.act VALUES
    ('quota.issue', '{treasurer}', 2),
    ('refund', '{treasurer}', 2),
    ('refund.end', '{treasurer}', 2),
    ('refund.again', '{treasurer}', 2),
    ('key.add', '{keys}', 2),
    ('key.activate', '{keys}', 1),
    ('key.retire', '{keys}', 1),
    ('sealing.resume', '{duty,keys}', 2),
    ('sealing.stop', '{duty,keys,treasurer}', 1),
    ('queue.on', '{duty}', 1),
    ('queue.off', '{duty}', 1),
    ('queue.halt', '{duty}', 1),
    ('queue.resume', '{duty}', 1),
    ('queue.cap', '{duty}', 1),
    ('queue.expect', '{duty}', 1),
    ('queue.announce', '{duty}', 1),
    ('audit.erase', '{auditor}', 1);

CREATE TABLE operations.release_request (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL REFERENCES operations.act,
    subject text NOT NULL,
    facts jsonb NOT NULL,           -- everything that the officers decide about
    person text,                    -- whose personal values stand in `facts`
    asked_at timestamptz NOT NULL,
    asked_by text NOT NULL,         -- the database role of the process that asked
    expires_at timestamptz NOT NULL,
    released_at timestamptz,        -- when the last signature came
    done_at timestamptz,            -- when it was carried out; it can't be used again
    withdrawn_at timestamptz
);
CREATE UNIQUE INDEX release_request_open ON operations.release_request (kind, subject)
    WHERE done_at IS NULL AND withdrawn_at IS NULL;

CREATE TABLE operations.officer_signature (
    nonce text PRIMARY KEY CHECK (nonce ~ '^[0-9a-f]{32}$'),  -- stands in the text: a signature counts once
    officer text NOT NULL,
    key text NOT NULL,
    kind text NOT NULL REFERENCES operations.act,
    subject text NOT NULL,
    signed_text text NOT NULL,
    signature text NOT NULL,
    signed_at timestamptz NOT NULL,
    request_id bigint REFERENCES operations.release_request,
    UNIQUE (request_id, officer),
    UNIQUE (request_id, key)
);
CREATE TRIGGER signature_stays BEFORE DELETE OR TRUNCATE ON operations.officer_signature
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- Whether acts need signatures here. Without officers only an installation in development goes on unchecked.
CREATE FUNCTION operations.is_checked() RETURNS boolean LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
    SELECT EXISTS (SELECT FROM operations.officer)
        OR EXISTS (SELECT FROM operations.environment WHERE name = 'production');
$$;

-- Stores a signature that Python has verified. Refusals (SQLSTATE): OF001 no such officer, role or key ·
-- OF002 signature used before · OF003 signature too old · OF004 the same officer or key a second time
CREATE FUNCTION operations.keep_signature(
    a_kind text, a_subject text, an_officer text, a_key text, a_nonce text, a_text text, a_signature text,
    valid_until timestamptz, a_request bigint
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM operations.officer o JOIN operations.act a ON a.kind = a_kind AND a.roles && o.roles
        WHERE o.name = an_officer AND a_key = ANY (o.keys)
    ) THEN
        RAISE EXCEPTION '% may not sign %', an_officer, a_kind USING ERRCODE = 'OF001';
    END IF;
    IF valid_until <= clock_timestamp() OR position(a_nonce IN a_text) = 0 THEN
        RAISE EXCEPTION 'the signed text is too old' USING ERRCODE = 'OF003';
    END IF;
    IF EXISTS (
        SELECT FROM operations.officer_signature s
        WHERE s.request_id = a_request AND (s.officer = an_officer OR s.key = a_key)
    ) THEN
        RAISE EXCEPTION '% has signed request % before', an_officer, a_request USING ERRCODE = 'OF004';
    END IF;
    INSERT INTO operations.officer_signature
    VALUES (a_nonce, an_officer, a_key, a_kind, a_subject, a_text, a_signature, clock_timestamp(), a_request);
EXCEPTION WHEN unique_violation THEN
    RAISE EXCEPTION 'this signature was used before' USING ERRCODE = 'OF002';
END $$;

-- For acts that one officer signs.
CREATE FUNCTION operations.use_signature(
    a_kind text, a_subject text, an_officer text, a_key text, a_nonce text, a_text text, a_signature text,
    valid_until timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM operations.act WHERE kind = a_kind AND signatures = 1) THEN
        RAISE EXCEPTION '% is no act of one officer', a_kind USING ERRCODE = 'OF001';
    END IF;
    PERFORM operations.keep_signature(
        a_kind, a_subject, an_officer, a_key, a_nonce, a_text, a_signature, valid_until, NULL
    );
END $$;

-- Asks two officers to release an act. The same open request is found again; one with other facts is
-- withdrawn, and its signatures with it.
CREATE FUNCTION operations.ask_release(
    a_kind text, a_subject text, a_facts jsonb, lives interval, a_person text DEFAULT NULL
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
DECLARE
    found_id bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM operations.act WHERE kind = a_kind AND signatures = 2)
        OR lives NOT BETWEEN interval '1 minute' AND interval '31 days' THEN
        RAISE EXCEPTION '% is no act of two officers', a_kind USING ERRCODE = 'OF001';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(a_kind || ' ' || a_subject, 7240815003));
    SELECT id INTO found_id FROM operations.release_request
    WHERE kind = a_kind AND subject = a_subject AND facts = a_facts
        AND done_at IS NULL AND withdrawn_at IS NULL AND expires_at > clock_timestamp();
    IF FOUND THEN RETURN found_id; END IF;
    UPDATE operations.release_request SET withdrawn_at = clock_timestamp()
    WHERE kind = a_kind AND subject = a_subject AND done_at IS NULL AND withdrawn_at IS NULL;
    INSERT INTO operations.release_request (kind, subject, facts, person, asked_at, asked_by, expires_at)
    VALUES (
        a_kind, a_subject, a_facts, a_person, clock_timestamp(), session_user, clock_timestamp() + lives
    ) RETURNING id INTO found_id;
    RETURN found_id;
END $$;

-- Adds an officer's signature to an open request (OF005: there is none). Returns whether it is released now.
CREATE FUNCTION operations.sign_release(
    a_request bigint, an_officer text, a_key text, a_nonce text, a_text text, a_signature text,
    valid_until timestamptz
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
DECLARE
    asked operations.release_request;
BEGIN
    SELECT * INTO asked FROM operations.release_request
    WHERE id = a_request AND done_at IS NULL AND withdrawn_at IS NULL AND expires_at > clock_timestamp()
    FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'request % is not open', a_request USING ERRCODE = 'OF005';
    END IF;
    PERFORM operations.keep_signature(
        asked.kind, asked.subject, an_officer, a_key, a_nonce, a_text, a_signature, valid_until, a_request
    );
    IF (SELECT count(DISTINCT officer) FROM operations.officer_signature WHERE request_id = a_request) < 2 THEN
        RETURN false;
    END IF;
    UPDATE operations.release_request SET released_at = coalesce(released_at, clock_timestamp())
    WHERE id = a_request;
    RETURN true;
END $$;

-- none · waiting · released, of an act with exactly these facts.
CREATE FUNCTION operations.release_state(a_kind text, a_subject text, a_facts jsonb) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
    SELECT coalesce((
        SELECT CASE WHEN released_at IS NULL THEN 'waiting' ELSE 'released' END
        FROM operations.release_request
        WHERE kind = a_kind AND subject = a_subject AND facts = a_facts
            AND done_at IS NULL AND withdrawn_at IS NULL AND expires_at > clock_timestamp()
    ), 'none');
$$;

-- Uses a release up, in the transaction that carries the act out. False: two officers have not released it.
-- In development without officers nothing is asked.
CREATE FUNCTION operations.use_release(a_kind text, a_subject text, a_facts jsonb) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
BEGIN
    IF NOT operations.is_checked() THEN RETURN true; END IF;
    UPDATE operations.release_request r SET done_at = clock_timestamp()
    WHERE kind = a_kind AND subject = a_subject AND facts = a_facts AND released_at IS NOT NULL
        AND done_at IS NULL AND withdrawn_at IS NULL AND expires_at > clock_timestamp()
        AND 2 <= (SELECT count(DISTINCT officer) FROM operations.officer_signature WHERE request_id = r.id);
    RETURN FOUND;
END $$;

REVOKE ALL ON FUNCTION operations.is_checked, operations.keep_signature, operations.use_signature,
    operations.ask_release, operations.sign_release, operations.release_state, operations.use_release FROM PUBLIC;
GRANT SELECT ON operations.installation, operations.officer, operations.act, operations.release_request,
    operations.officer_signature TO meterai_app, meterai_reader;
GRANT EXECUTE ON FUNCTION operations.is_checked, operations.use_signature, operations.ask_release,
    operations.sign_release, operations.release_state, operations.use_release TO meterai_app;
