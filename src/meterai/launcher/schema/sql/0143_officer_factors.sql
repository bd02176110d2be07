-- How officers sign in to the console and approve acts there: passwords, factors, invitations (docs/console.md, "Signing in").

CREATE TABLE operations.officer_invitation (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),  -- SHA-256 of what the link holds
    officer text NOT NULL,
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    withdrawn_at timestamptz         -- a newer one took its place
);
CREATE UNIQUE INDEX officer_invitation_open ON operations.officer_invitation (officer)
    WHERE used_at IS NULL AND withdrawn_at IS NULL;

CREATE TABLE operations.officer_password (
    officer text PRIMARY KEY,
    hash text NOT NULL CHECK (hash LIKE '$argon2id$%'),
    set_at timestamptz NOT NULL
);

-- Rows stay, so that old approvals can be checked.
CREATE TABLE operations.officer_factor (
    id uuid PRIMARY KEY,
    officer text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('totp', 'passkey')),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    secret bytea CHECK (octet_length(secret) >= 20),   -- TOTP (RFC 6238)
    last_step bigint,                                  -- TOTP: the newest time step used; each counts once
    credential_id bytea UNIQUE,                        -- passkey (W3C Web Authentication)
    public_key bytea,                                  -- passkey: COSE key
    sign_count bigint,                                 -- passkey: as its authenticator counts
    added_at timestamptz NOT NULL,
    ended_at timestamptz,
    CHECK ((kind = 'totp') = (secret IS NOT NULL)),
    CHECK ((kind = 'passkey') = (credential_id IS NOT NULL AND public_key IS NOT NULL AND sign_count IS NOT NULL))
);
CREATE INDEX officer_factor_open ON operations.officer_factor (officer) WHERE ended_at IS NULL;
CREATE TRIGGER factor_stays BEFORE DELETE OR TRUNCATE ON operations.officer_factor
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- The officer whom an invitation that counts is for; null: there is none.
CREATE FUNCTION operations.invited_officer(a_token bytea, at timestamptz) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
    SELECT i.officer FROM operations.officer_invitation i JOIN operations.officer o ON o.name = i.officer
    WHERE i.token_hash = a_token AND i.used_at IS NULL AND i.withdrawn_at IS NULL AND i.expires_at > at
        AND o.roles <> '{}';
$$;

-- Uses an invitation up: ends the officer's password, factors and sessions, and stores the new ones. Returns the
-- officer; null: no such invitation counts.
CREATE FUNCTION operations.enrol_officer(
    a_token bytea, a_hash text, a_factor uuid, a_name text, a_secret bytea, a_step bigint, at timestamptz
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
DECLARE
    enrolled text;
BEGIN
    UPDATE operations.officer_invitation SET used_at = at
    WHERE token_hash = a_token AND officer = operations.invited_officer(a_token, at) RETURNING officer INTO enrolled;
    IF enrolled IS NULL THEN RETURN NULL; END IF;
    UPDATE operations.officer_factor SET ended_at = at WHERE officer = enrolled AND ended_at IS NULL;
    UPDATE console.session SET ended_at = at, ended_by = enrolled WHERE officer = enrolled AND ended_at IS NULL;
    INSERT INTO operations.officer_password (officer, hash, set_at) VALUES (enrolled, a_hash, at)
    ON CONFLICT (officer) DO UPDATE SET hash = excluded.hash, set_at = excluded.set_at;
    INSERT INTO operations.officer_factor (id, officer, kind, name, secret, last_step, added_at)
    VALUES (a_factor, enrolled, 'totp', a_name, a_secret, a_step, at);
    RETURN enrolled;
END $$;

-- Adds a passkey of an officer who is signed in. False: it is known already.
CREATE FUNCTION operations.add_passkey(
    an_officer text, a_factor uuid, a_name text, a_credential bytea, a_public_key bytea, a_count bigint, at timestamptz
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM operations.officer WHERE name = an_officer AND roles <> '{}') THEN
        RAISE EXCEPTION '% is no officer', an_officer USING ERRCODE = 'OF001';
    END IF;
    INSERT INTO operations.officer_factor (id, officer, kind, name, credential_id, public_key, sign_count, added_at)
    VALUES (a_factor, an_officer, 'passkey', a_name, a_credential, a_public_key, a_count, at)
    ON CONFLICT (credential_id) DO NOTHING;
    RETURN FOUND;
END $$;

-- Ends a passkey. The TOTP factor ends only with a new invitation. False: the officer has no such passkey.
CREATE FUNCTION operations.end_passkey(an_officer text, a_factor uuid, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
BEGIN
    UPDATE operations.officer_factor SET ended_at = at
    WHERE id = a_factor AND officer = an_officer AND kind = 'passkey' AND ended_at IS NULL;
    RETURN FOUND;
END $$;

-- Uses a factor of an officer for a sign-in or an approval. `a_key`: "totp ID" or "passkey CREDENTIAL" (base64url).
-- `a_mark`: the time step, or the count of the passkey, which must grow when its authenticator counts.
-- OF001: the officer has no such factor · OF002: the time step or the count was used before.
CREATE FUNCTION operations.use_factor(an_officer text, a_key text, a_mark bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
DECLARE
    used operations.officer_factor;
BEGIN
    SELECT * INTO used FROM operations.officer_factor
    WHERE officer = an_officer AND ended_at IS NULL AND a_key = CASE kind
        WHEN 'totp' THEN 'totp ' || id
        ELSE 'passkey ' || translate(rtrim(replace(encode(credential_id, 'base64'), E'\n', ''), '='), '+/', '-_')
    END FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION '% has no such factor', an_officer USING ERRCODE = 'OF001';
    END IF;
    IF used.kind = 'totp' AND a_mark <= coalesce(used.last_step, 0)
        OR used.kind = 'passkey' AND a_mark <= used.sign_count AND (a_mark, used.sign_count) <> (0, 0) THEN
        RAISE EXCEPTION 'this was used before' USING ERRCODE = 'OF002';
    END IF;
    UPDATE operations.officer_factor SET
        last_step = CASE WHEN kind = 'totp' THEN a_mark END, sign_count = CASE WHEN kind = 'passkey' THEN a_mark END
    WHERE id = used.id;
END $$;

-- Stores a signature whose key was checked. Refusals (SQLSTATE): as keep_signature.
CREATE FUNCTION operations.store_signature(
    a_kind text, a_subject text, an_officer text, a_key text, a_nonce text, a_text text, a_signature text,
    valid_until timestamptz, a_request bigint
) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, operations, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM operations.officer o JOIN operations.act a ON a.kind = a_kind AND a.roles && o.roles
        WHERE o.name = an_officer
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

-- Stores an SSH signature that Python has verified. Refusals (SQLSTATE): OF001 no such officer, role or key ·
-- OF002 signature used before · OF003 signature too old · OF004 the same officer or key a second time
CREATE OR REPLACE FUNCTION operations.keep_signature(
    a_kind text, a_subject text, an_officer text, a_key text, a_nonce text, a_text text, a_signature text,
    valid_until timestamptz, a_request bigint
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM operations.officer WHERE name = an_officer AND a_key = ANY (keys)) THEN
        RAISE EXCEPTION '% may not sign %', an_officer, a_kind USING ERRCODE = 'OF001';
    END IF;
    PERFORM operations.store_signature(
        a_kind, a_subject, an_officer, a_key, a_nonce, a_text, a_signature, valid_until, a_request
    );
END $$;

-- For acts that one officer approves in the console, with a factor and never with an SSH key. `a_mark`: see use_factor.
CREATE FUNCTION operations.approve_act(
    a_kind text, a_subject text, an_officer text, a_key text, a_nonce text, a_text text, a_signature text,
    valid_until timestamptz, a_mark bigint
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM operations.act WHERE kind = a_kind AND signatures = 1) THEN
        RAISE EXCEPTION '% is no act of one officer', a_kind USING ERRCODE = 'OF001';
    END IF;
    PERFORM operations.use_factor(an_officer, a_key, a_mark);
    PERFORM operations.store_signature(
        a_kind, a_subject, an_officer, a_key, a_nonce, a_text, a_signature, valid_until, NULL
    );
END $$;

-- Finds an open request and locks it (OF005: there is none).
CREATE FUNCTION operations.lock_request(a_request bigint) RETURNS operations.release_request
LANGUAGE plpgsql SET search_path = pg_catalog, operations, pg_temp AS $$
DECLARE
    asked operations.release_request;
BEGIN
    SELECT * INTO asked FROM operations.release_request
    WHERE id = a_request AND done_at IS NULL AND withdrawn_at IS NULL AND expires_at > clock_timestamp()
    FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'request % is not open', a_request USING ERRCODE = 'OF005';
    END IF;
    RETURN asked;
END $$;

-- Releases a request once two officers have signed it. Returns whether they have.
CREATE FUNCTION operations.release_if_signed(a_request bigint) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, operations, pg_temp AS $$
BEGIN
    IF (SELECT count(DISTINCT officer) FROM operations.officer_signature WHERE request_id = a_request) < 2 THEN
        RETURN false;
    END IF;
    UPDATE operations.release_request SET released_at = coalesce(released_at, clock_timestamp())
    WHERE id = a_request;
    RETURN true;
END $$;

-- Adds an officer's signature to an open request. Returns whether it is released now.
CREATE OR REPLACE FUNCTION operations.sign_release(
    a_request bigint, an_officer text, a_key text, a_nonce text, a_text text, a_signature text,
    valid_until timestamptz
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
DECLARE
    asked operations.release_request := operations.lock_request(a_request);
BEGIN
    PERFORM operations.keep_signature(
        asked.kind, asked.subject, an_officer, a_key, a_nonce, a_text, a_signature, valid_until, a_request
    );
    RETURN operations.release_if_signed(a_request);
END $$;

-- The same in the console, with a factor and never with an SSH key. `a_mark`: see use_factor.
CREATE FUNCTION operations.approve_release(
    a_request bigint, an_officer text, a_key text, a_nonce text, a_text text, a_signature text,
    valid_until timestamptz, a_mark bigint
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
DECLARE
    asked operations.release_request := operations.lock_request(a_request);
BEGIN
    PERFORM operations.use_factor(an_officer, a_key, a_mark);
    PERFORM operations.store_signature(
        asked.kind, asked.subject, an_officer, a_key, a_nonce, a_text, a_signature, valid_until, a_request
    );
    RETURN operations.release_if_signed(a_request);
END $$;

-- Processes ask for refunds; commands on the host and the console ask for the rest.
CREATE OR REPLACE FUNCTION operations.ask_release(
    a_kind text, a_subject text, a_facts jsonb, lives interval, a_person text DEFAULT NULL
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
DECLARE
    found_id bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM operations.act WHERE kind = a_kind AND signatures = 2)
        OR lives NOT BETWEEN interval '1 minute' AND interval '31 days'
        OR (a_kind <> 'refund' AND NOT pg_has_role(session_user, 'meterai_operator', 'member')
            AND NOT pg_has_role(session_user, 'meterai_console', 'member')) THEN
        RAISE EXCEPTION '% may not ask for %', session_user, a_kind USING ERRCODE = 'OF001';
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

-- Tries to sign in or to approve. A restart forgets none, so guessing stays slow.
CREATE TABLE console.try (
    id uuid PRIMARY KEY,
    name_hash bytea NOT NULL CHECK (octet_length(name_hash) = 32),  -- SHA-256: people type passwords into the wrong field
    tried_at timestamptz NOT NULL,
    has_failed boolean NOT NULL      -- true until it was right
);
CREATE INDEX try_failed ON console.try (tried_at) WHERE has_failed;

-- A sign-in that has the password and still needs the second factor.
CREATE TABLE console.half_sign_in (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    officer text NOT NULL,
    password_at timestamptz NOT NULL,
    used_at timestamptz
);

REVOKE ALL ON FUNCTION operations.invited_officer, operations.enrol_officer, operations.add_passkey,
    operations.end_passkey, operations.use_factor, operations.store_signature, operations.approve_act,
    operations.lock_request, operations.release_if_signed, operations.approve_release FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON console.try, console.half_sign_in TO meterai_console;
GRANT SELECT ON operations.officer_password, operations.officer_factor, operations.release_request TO meterai_console;
GRANT SELECT (request_id, officer, signed_at) ON operations.officer_signature TO meterai_console;
GRANT EXECUTE ON FUNCTION operations.invited_officer, operations.enrol_officer, operations.add_passkey,
    operations.end_passkey, operations.use_factor, operations.approve_act, operations.approve_release,
    operations.ask_release TO meterai_console;
GRANT SELECT (id, officer, kind, name, credential_id, public_key, added_at, ended_at)
    ON operations.officer_factor TO meterai_operator, meterai_reader;
INSERT INTO operations.audit_writer (role, kind) VALUES ('meterai_console', 'officer');
