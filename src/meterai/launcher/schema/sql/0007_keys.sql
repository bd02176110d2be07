-- Signing keys and their validity, which key sealed which stamp, and what operators did (docs/keys.md).

CREATE TABLE stamping.signing_key (
    key_id text PRIMARY KEY CHECK (key_id ~ '^[0-9a-f]{16}$'),  -- SHA-256 of the certificate, its first half
    place text NOT NULL,                    -- where the private key lies: file:FOLDER, or an RFC 7512 URI
    certificates bytea[] NOT NULL,          -- DER, the signer's first, without the root
    valid_from timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    added_at timestamptz NOT NULL,
    active_from timestamptz,                -- may lie ahead; of those that have come, the newest decides
    retired_at timestamptz,                 -- final; what it signed stays genuine
    CHECK (valid_until > valid_from)
);
GRANT SELECT ON stamping.signing_key TO meterai_app, meterai_signer, meterai_reader;
GRANT INSERT ON stamping.signing_key TO meterai_app;
GRANT UPDATE (active_from, retired_at) ON stamping.signing_key TO meterai_app;

-- Found by the check after sealing, in the released bytes themselves.
ALTER TABLE stamping.release ADD COLUMN key_id text;

CREATE TABLE operations.audit_entry (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,                    -- a person's login name, or a process
    action text NOT NULL,                   -- key.add, key.activate, key.retire, sealing.stop, sealing.resume
    subject text NOT NULL,
    facts jsonb NOT NULL
);
CREATE TRIGGER audit_is_history BEFORE UPDATE OR DELETE OR TRUNCATE ON operations.audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
GRANT SELECT, INSERT ON operations.audit_entry TO meterai_app;
GRANT SELECT ON operations.audit_entry TO meterai_reader;

-- For the signer: it may throw the stop switch, and only a person releases it.
CREATE FUNCTION operations.trip_sealing_stop(why text, at timestamptz) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, operations AS $$
    WITH tripped AS (
        UPDATE switch SET thrown = true, reason = why, changed_at = at
        WHERE name = 'sealing_stopped' AND NOT thrown RETURNING 1
    ), noted AS (
        INSERT INTO audit_entry (at, actor, action, subject, facts)
        SELECT $2, 'signer', 'sealing.stop', 'sealing_stopped', jsonb_build_object('reason', why) FROM tripped
    )
    SELECT EXISTS (SELECT FROM tripped);
$$;
REVOKE ALL ON FUNCTION operations.trip_sealing_stop FROM PUBLIC;
GRANT EXECUTE ON FUNCTION operations.trip_sealing_stop TO meterai_signer;
