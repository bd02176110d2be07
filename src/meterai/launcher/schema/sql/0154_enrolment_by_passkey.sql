-- An officer enrols with a passkey instead of an authenticator app, and keeps at least one factor (docs/console.md, "Signing in").

-- Uses an invitation up: ends the officer's factors and sessions, and stores the new password. Returns the officer;
-- null: no such invitation counts.
CREATE FUNCTION operations.use_invitation(a_token bytea, a_hash text, at timestamptz) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, operations, pg_temp AS $$
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
    RETURN enrolled;
END $$;

-- Enrols an officer with an authenticator app. Returns the officer; null: no such invitation counts.
CREATE OR REPLACE FUNCTION operations.enrol_officer(
    a_token bytea, a_hash text, a_factor uuid, a_name text, a_secret bytea, a_step bigint, at timestamptz
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
DECLARE
    enrolled text := operations.use_invitation(a_token, a_hash, at);
BEGIN
    IF enrolled IS NULL THEN RETURN NULL; END IF;
    INSERT INTO operations.officer_factor (id, officer, kind, name, secret, last_step, added_at)
    VALUES (a_factor, enrolled, 'totp', a_name, a_secret, a_step, at);
    RETURN enrolled;
END $$;

-- Enrols an officer with a passkey. A credential that is known already is a unique_violation.
CREATE FUNCTION operations.enrol_by_passkey(
    a_token bytea, a_hash text, a_factor uuid, a_name text, a_credential bytea, a_public_key bytea, a_count bigint,
    at timestamptz
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
DECLARE
    enrolled text := operations.use_invitation(a_token, a_hash, at);
BEGIN
    IF enrolled IS NULL THEN RETURN NULL; END IF;
    INSERT INTO operations.officer_factor (id, officer, kind, name, credential_id, public_key, sign_count, added_at)
    VALUES (a_factor, enrolled, 'passkey', a_name, a_credential, a_public_key, a_count, at);
    RETURN enrolled;
END $$;

-- Ends a passkey, but never the last factor (OF009): a new invitation replaces that. False: the officer has no such
-- passkey.
CREATE OR REPLACE FUNCTION operations.end_passkey(an_officer text, a_factor uuid, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
BEGIN
    PERFORM FROM operations.officer_factor WHERE officer = an_officer AND ended_at IS NULL ORDER BY id FOR UPDATE;
    IF NOT EXISTS (
        SELECT FROM operations.officer_factor WHERE officer = an_officer AND ended_at IS NULL AND id <> a_factor
    ) THEN
        RAISE EXCEPTION '% has no other factor', an_officer USING ERRCODE = 'OF009';
    END IF;
    UPDATE operations.officer_factor SET ended_at = at
    WHERE id = a_factor AND officer = an_officer AND kind = 'passkey' AND ended_at IS NULL;
    RETURN FOUND;
END $$;

REVOKE ALL ON FUNCTION operations.use_invitation, operations.enrol_by_passkey FROM PUBLIC;
GRANT EXECUTE ON FUNCTION operations.enrol_by_passkey TO meterai_console;
