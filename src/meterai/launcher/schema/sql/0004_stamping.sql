-- Documents, serial numbers and the stamping cycle (docs/stamping.md).

CREATE SCHEMA stamping;

CREATE TABLE stamping.document (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES customers.organisation,
    customer_id uuid REFERENCES customers.customer,  -- null until the contact is verified
    name text NOT NULL,                     -- the file's name, for its owner only
    kind text,
    number text,
    document_date date,
    stated_value bigint CHECK (stated_value >= 0),
    liable_party text,
    input_object text NOT NULL,             -- key in the object store = hex SHA-256
    input_bytes bigint NOT NULL,
    inspection jsonb NOT NULL,              -- pages and notices, from the jail
    placements jsonb NOT NULL,              -- one per stamp: page, x, y, size
    rewritten_from text,                    -- object of the original, when rewritten with consent
    output_bytes_max bigint,                -- what the event's agency accepts
    pdf_version_min text,
    output jsonb NOT NULL,                  -- whether the stamped file will be within that, and what can be done
    created_at timestamptz NOT NULL,
    retained_until timestamptz NOT NULL,
    input_deleted_at timestamptz            -- the upload is gone; what was released stays
);
CREATE INDEX document_by_customer ON stamping.document (customer_id, created_at DESC);
CREATE INDEX document_by_retention ON stamping.document (retained_until) WHERE input_deleted_at IS NULL;
CREATE INDEX document_by_input ON stamping.document (input_object);
CREATE INDEX document_by_original ON stamping.document (rewritten_from) WHERE rewritten_from IS NOT NULL;

-- One run of the cycle: k stamps on one document.
CREATE TABLE stamping.job (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES customers.organisation,
    customer_id uuid NOT NULL REFERENCES customers.customer,
    document_id uuid NOT NULL REFERENCES stamping.document,
    idempotency_key text NOT NULL,
    request_digest bytea NOT NULL,          -- same key, other request: refused (I15)
    lot_account_id uuid NOT NULL REFERENCES ledger.account,
    reference_id uuid NOT NULL,             -- what asked for it (an order's item, a request)
    input_digest bytea NOT NULL,            -- SHA-256 of the input
    state text NOT NULL CHECK (state IN ('accepted', 'sealing', 'released', 'refused')),
    refusal_code text,
    trouble_code text,                      -- why the last attempt did not finish; tried again
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,            -- null when ended; while a worker holds the job: its lease's end
    lease_holder text,
    lease_token bigint NOT NULL DEFAULT 0,  -- fencing: a late writer with an old token is refused
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    UNIQUE (organisation_id, idempotency_key),
    CONSTRAINT job_ends CHECK ((state IN ('released', 'refused')) = (ended_at IS NOT NULL))
) WITH (fillfactor = 70);
CREATE INDEX job_to_do ON stamping.job (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX job_by_customer ON stamping.job (customer_id, created_at DESC);
CREATE INDEX job_by_document ON stamping.job (document_id);
CREATE UNIQUE INDEX job_one_per_document ON stamping.job (document_id) WHERE state <> 'refused';
CREATE INDEX job_by_reference ON stamping.job (reference_id);

-- The life of a serial number, independent of how it came to be stamped.
CREATE TABLE stamping.serial (
    serial text PRIMARY KEY CHECK (serial ~ '^[0-9A-Z]{22}$'),
    job_id uuid NOT NULL REFERENCES stamping.job,
    ordinal integer NOT NULL,               -- 1-based: which of the document's stamps
    reservation_id uuid NOT NULL UNIQUE REFERENCES ledger.transfer,
    placement jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('allocated', 'sealed', 'released', 'annulled')),
    allocated_at timestamptz NOT NULL,
    sealed_at timestamptz,
    released_at timestamptz,
    annulled_at timestamptz,
    UNIQUE (job_id, ordinal)
) WITH (fillfactor = 70);

-- The intention, stored before the signature: nothing else is ever signed (I8).
CREATE TABLE stamping.intent (
    serial text PRIMARY KEY REFERENCES stamping.serial,
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),  -- SHA-256 over the byte range
    prepared_object text NOT NULL,          -- the prepared revision in the object store
    gap_start bigint NOT NULL,
    gap_end bigint NOT NULL CHECK (gap_end > gap_start),
    created_at timestamptz NOT NULL
);

-- Each attempt to use the key, written by the signer before the key is used.
CREATE TABLE stamping.sign_attempt (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    serial text NOT NULL REFERENCES stamping.intent,
    key_id text NOT NULL,
    attempted_at timestamptz NOT NULL,
    abandoned_at timestamptz                -- found after a crash: the key was never used
);
CREATE INDEX sign_attempt_by_serial ON stamping.sign_attempt (serial);
CREATE INDEX sign_attempt_counted ON stamping.sign_attempt (key_id) WHERE abandoned_at IS NULL;

-- A serial bound to released bytes. Version 1 is what the customer got; later ones renew the archive.
CREATE TABLE stamping.release (
    serial text NOT NULL REFERENCES stamping.serial,
    version integer NOT NULL CHECK (version > 0),
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),  -- also the key in the object store
    bytes bigint NOT NULL,
    pages integer NOT NULL,
    document_id uuid NOT NULL REFERENCES stamping.document,
    released_at timestamptz NOT NULL,
    PRIMARY KEY (serial, version)
);
CREATE INDEX release_by_sha256 ON stamping.release (sha256);
CREATE INDEX release_by_document ON stamping.release (document_id);

CREATE TRIGGER intent_is_history BEFORE UPDATE OR DELETE OR TRUNCATE ON stamping.intent
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER release_is_history BEFORE UPDATE OR DELETE OR TRUNCATE ON stamping.release
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- For the signer: counts an attempt for each serial with a stored intent and gives its digest.
CREATE FUNCTION stamping.begin_signing(serials text[], key text, at timestamptz)
RETURNS TABLE (serial text, digest bytea, attempt bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, stamping AS $$
    WITH wanted AS (
        SELECT i.serial, i.digest FROM stamping.intent i
        JOIN stamping.serial s ON s.serial = i.serial AND s.state IN ('allocated', 'sealed')
        WHERE i.serial = ANY (serials)
    ), counted AS (
        INSERT INTO stamping.sign_attempt (serial, key_id, attempted_at)
        SELECT w.serial, key, at FROM wanted w RETURNING sign_attempt.serial, sign_attempt.id
    )
    SELECT w.serial, w.digest, c.id FROM wanted w JOIN counted c ON c.serial = w.serial;
$$;
-- For the signer after a crash: the newest attempts that never reached the key.
CREATE FUNCTION stamping.abandon_attempts(attempts bigint[], at timestamptz) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, stamping AS $$
    WITH gone AS (
        UPDATE stamping.sign_attempt SET abandoned_at = at
        WHERE id = ANY (attempts) AND abandoned_at IS NULL RETURNING 1
    ) SELECT count(*)::integer FROM gone;
$$;
REVOKE ALL ON FUNCTION stamping.begin_signing, stamping.abandon_attempts FROM PUBLIC;

GRANT USAGE ON SCHEMA stamping TO meterai_app, meterai_reader, meterai_signer;
GRANT SELECT, INSERT, UPDATE ON stamping.document, stamping.job, stamping.serial TO meterai_app;
GRANT SELECT, INSERT ON stamping.intent, stamping.release TO meterai_app;
GRANT SELECT ON stamping.sign_attempt TO meterai_app, meterai_signer;
GRANT DELETE ON stamping.document TO meterai_app;
GRANT SELECT ON stamping.serial, stamping.intent TO meterai_signer;
GRANT EXECUTE ON FUNCTION stamping.begin_signing, stamping.abandon_attempts TO meterai_signer;
GRANT SELECT ON ALL TABLES IN SCHEMA stamping TO meterai_reader;

-- What verification may know: which bytes were released under which serial. No names, no owners.
CREATE SCHEMA verification;
CREATE VIEW verification.released AS
    SELECT r.serial, r.sha256, r.released_at, r.pages AS document_pages, r.version,
        NOT EXISTS (SELECT 1 FROM stamping.release later
                    WHERE later.serial = r.serial AND later.version > r.version) AS current
    FROM stamping.release r;
CREATE VIEW verification.serial AS
    SELECT serial, state, allocated_at, sealed_at, released_at, annulled_at FROM stamping.serial;
GRANT USAGE ON SCHEMA verification TO meterai_app, meterai_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA verification TO meterai_app, meterai_reader;
