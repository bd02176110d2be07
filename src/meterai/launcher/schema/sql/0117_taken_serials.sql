-- Serial numbers that a partner takes first and stamps later, as the wire of existing integrators wants it (docs/wire.md).
-- A taken serial number holds one stamp of the organisation's stock on its account `unstamped`, without a time-out. A
-- stamp through the cycle holds it on its way to `used`; a signed hash posts it there at once. SL003: rows do not allow it.

-- partner_stock -> unstamped -> used, each organisation with its own.
CREATE OR REPLACE FUNCTION ledger.open_accounts(
    ids uuid[], units text[], kinds text[], organisations uuid[], customers uuid[], sides text[], at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
DECLARE
    plan constant text[] := ARRAY[
        'issuance STAMP none', 'distributor_stock STAMP credit', 'seller_stock STAMP credit', 'lot STAMP credit',
        'partner_stock STAMP credit', 'unstamped STAMP credit', 'used STAMP credit', 'treasury_prepaid IDR debit',
        'distributor_funds IDR none', 'gateway_clearing IDR none', 'suspense IDR credit', 'face_value_payable IDR credit',
        'fee_income IDR credit', 'vat_payable IDR credit', 'gateway_cost IDR none', 'refund_payable IDR credit',
        'receivable IDR debit', 'payout_cash IDR none', 'partner_cash IDR none', 'partner_sales IDR credit',
        'partner_funds IDR credit', 'credit_granted IDR none', 'credit_line IDR credit', 'credit_owed IDR credit'];
    opened integer;
    wrong uuid;
BEGIN
    FOR i IN 1 .. cardinality(ids) LOOP
        IF (concat_ws(' ', kinds[i], units[i], sides[i]) = ANY (plan)) IS NOT TRUE THEN
            RAISE EXCEPTION 'no account of kind % counts % on side %', kinds[i], units[i], sides[i]
                USING ERRCODE = 'LG005';
        END IF;
    END LOOP;
    INSERT INTO ledger.account (id, unit, kind, organisation_id, customer_id, balance_side, created_at)
    SELECT t.*, at FROM unnest(ids, units, kinds, organisations, customers, sides) t
    ON CONFLICT (id) DO NOTHING;
    GET DIAGNOSTICS opened = ROW_COUNT;
    IF opened = cardinality(ids) THEN RETURN; END IF;
    SELECT a.id INTO wrong
    FROM unnest(ids, units, kinds, organisations, customers, sides)
        AS t(id, unit, kind, organisation_id, customer_id, balance_side)
    JOIN ledger.account a ON a.id = t.id
    WHERE (a.unit, a.kind, a.organisation_id, a.customer_id, a.balance_side)
        IS DISTINCT FROM (t.unit, t.kind, t.organisation_id, t.customer_id, t.balance_side)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'account % exists with other content', wrong USING ERRCODE = 'LG001';
    END IF;
END $$;

-- A serial number without a job waits for its stamp (`unstamped`), was stamped outside (`used`), or was given back.
ALTER DOMAIN stamping.serial_state DROP CONSTRAINT serial_state_check1;
ALTER DOMAIN stamping.serial_state ADD CONSTRAINT serial_state_check
    CHECK (VALUE IN ('unstamped', 'allocated', 'sealed', 'released', 'used', 'annulled'));
ALTER TABLE stamping.serial
    ALTER COLUMN job_id DROP NOT NULL, ALTER COLUMN ordinal DROP NOT NULL, ALTER COLUMN reservation_id DROP NOT NULL,
    ALTER COLUMN placement DROP NOT NULL,
    ADD CONSTRAINT serial_belongs CHECK (num_nonnulls(job_id, ordinal, reservation_id, placement) = CASE
        WHEN state IN ('unstamped', 'used') OR state = 'annulled' AND job_id IS NULL THEN 0 ELSE 4 END);

CREATE TABLE stamping.taken_serial (
    serial text PRIMARY KEY REFERENCES stamping.serial,
    organisation_id uuid NOT NULL REFERENCES customers.organisation,
    request_key text CHECK (length(request_key) BETWEEN 1 AND 200),  -- the same key gets the same serial number
    document_id uuid REFERENCES stamping.document,  -- was uploaded for it; null: the document stays with the partner
    name text NOT NULL CHECK (length(name) <= 255), -- of the file, for its owner only
    taken_at timestamptz NOT NULL,
    used_at timestamptz,                            -- stamped outside: a hash was signed
    returned_at timestamptz                         -- given back to the stock
);
CREATE UNIQUE INDEX taken_serial_by_key ON stamping.taken_serial (organisation_id, request_key) WHERE returned_at IS NULL;
CREATE INDEX taken_serial_by_age ON stamping.taken_serial (organisation_id, taken_at DESC, serial DESC);
CREATE INDEX taken_serial_by_document ON stamping.taken_serial (document_id) WHERE document_id IS NOT NULL;

-- A hash that a partner asked to be signed for a serial number: the DER of CMS signed attributes. It never changes.
CREATE TABLE stamping.hash_request (
    id uuid PRIMARY KEY,
    serial text NOT NULL REFERENCES stamping.taken_serial,
    number smallint NOT NULL CHECK (number BETWEEN 1 AND 5),
    source_sha256 bytea NOT NULL CHECK (octet_length(source_sha256) = 32),    -- of the file before it was stamped
    message_digest bytea NOT NULL CHECK (octet_length(message_digest) = 32),
    attributes bytea NOT NULL CHECK (octet_length(attributes) BETWEEN 1 AND 65536),
    plain boolean NOT NULL,            -- the agreement allows attributes without signing-certificate-v2
    asked_at timestamptz NOT NULL,
    UNIQUE (serial, number)
);
CREATE TRIGGER hash_request_is_history BEFORE UPDATE OR DELETE OR TRUNCATE ON stamping.hash_request
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- The signature of a requested hash, stored before anybody gets it.
CREATE TABLE stamping.hash_signature (
    request_id uuid PRIMARY KEY REFERENCES stamping.hash_request,
    key_id text NOT NULL,
    signature bytea NOT NULL CHECK (octet_length(signature) BETWEEN 64 AND 1024),
    signed_at timestamptz NOT NULL
);
CREATE INDEX hash_signature_by_digest ON stamping.hash_signature (sha256(signature));
CREATE TRIGGER hash_signature_is_history BEFORE UPDATE OR DELETE OR TRUNCATE ON stamping.hash_signature
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- Hashes have a key of their own; the key of the cycle never signs them.
ALTER TABLE stamping.signing_key ADD COLUMN purpose text NOT NULL DEFAULT 'seal' CHECK (purpose IN ('seal', 'hash'));
ALTER TABLE stamping.sign_attempt
    ALTER COLUMN serial DROP NOT NULL,
    ADD COLUMN hash_request_id uuid REFERENCES stamping.hash_request,
    ADD CONSTRAINT attempt_has_intent CHECK (num_nonnulls(serial, hash_request_id) = 1);
CREATE INDEX sign_attempt_by_hash ON stamping.sign_attempt (hash_request_id) WHERE hash_request_id IS NOT NULL;

-- Whether hashes may be signed whose attributes lack signing-certificate-v2, as an adapter in the field sends them.
ALTER TABLE partners.agreement ADD COLUMN plain_hashes boolean NOT NULL DEFAULT false;
CREATE OR REPLACE FUNCTION partners.write_agreement(
    new_agreement uuid, o partners.organisation, terms jsonb, at timestamptz
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    a partners.agreement := jsonb_populate_record(NULL::partners.agreement, terms);
    today date := (at AT TIME ZONE 'Asia/Jakarta')::date;
    known partners.agreement;
    current partners.agreement;
BEGIN
    a.id := new_agreement;
    a.organisation_id := o.id;
    a.valid_from := coalesce(a.valid_from, today);
    a.service_fee := coalesce(a.service_fee, 0);
    a.credit_limit := coalesce(a.credit_limit, 0);
    a.open_periods_max := coalesce(a.open_periods_max, 1);
    a.signed_requests := coalesce(a.signed_requests, false);
    a.plain_hashes := coalesce(a.plain_hashes, false);
    a.created_at := customers.checked_time(at);
    SELECT * INTO known FROM partners.agreement WHERE id = new_agreement;
    IF FOUND THEN
        a.created_at := known.created_at;
        IF known IS DISTINCT FROM a THEN PERFORM partners.refuse('LG001', 'another agreement has this id'); END IF;
        RETURN false;
    END IF;
    -- What is over stays as it was. The issuer sells at face value.
    IF o.state = 'closed' OR a.valid_from < today
        OR o.parent_id = ledger.organisation('issuer')
            AND (a.unit_price, a.service_fee) IS DISTINCT FROM (partners.tariff_on(a.valid_from), 0::bigint)
        OR a.credit_limit > 0 AND o.role = 'distributor'
    THEN PERFORM partners.refuse('PA008', 'not these terms'); END IF;
    INSERT INTO partners.agreement SELECT a.*;
    current := partners.agreement_on(o.id, today);
    PERFORM ledger.post_lines(ARRAY[partners.limit_line(o, coalesce(current.credit_limit, 0), new_agreement)], at);
    RETURN true;
END $$;

CREATE FUNCTION stamping.taken_line(name text, of_serial text, code text, debit uuid, credit uuid, organisation uuid)
RETURNS ledger.line LANGUAGE sql IMMUTABLE AS $$
    SELECT ROW(ledger.derived_id(name, of_serial), 'single', NULL, code, debit, credit, 1,
        ledger.derived_id('serial', of_serial), organisation, NULL)::ledger.line
$$;

-- Takes serial numbers: partner_stock -> unstamped. 23505: a key has a serial number already.
-- Refusals: those of ledger.post_transfers.
CREATE FUNCTION stamping.take_serials(
    of_organisation uuid, serials text[], keys text[], documents uuid[], names text[], at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    stock uuid := ledger.own('partner_stock', of_organisation);
    taken uuid := ledger.own('unstamped', of_organisation);
    holder uuid := (SELECT o.account_holder FROM partners.organisation o WHERE o.id = of_organisation);
BEGIN
    IF holder IS NULL OR EXISTS (
        SELECT FROM unnest(documents) AS n(document) LEFT JOIN stamping.document d ON d.id = n.document
        WHERE n.document IS NOT NULL AND d.customer_id IS DISTINCT FROM holder
    ) THEN RAISE EXCEPTION 'a document of somebody else' USING ERRCODE = 'SL003'; END IF;
    PERFORM ledger.open_accounts(ARRAY[taken], ARRAY['STAMP'], ARRAY['unstamped'], ARRAY[of_organisation], ARRAY[holder],
        ARRAY['credit'], at);
    INSERT INTO stamping.serial (serial, state, allocated_at) SELECT s, 'unstamped', at FROM unnest(serials) AS s;
    INSERT INTO stamping.taken_serial (serial, organisation_id, request_key, document_id, name, taken_at)
        SELECT n.serial, of_organisation, n.key, n.document, n.name, at
        FROM unnest(serials, keys, documents, names) AS n(serial, key, document, name);
    PERFORM ledger.post_lines(array_agg(
            stamping.taken_line('take_serial', s, 'take_serial', stock, taken, of_organisation)), at)
        FROM unnest(serials) AS s;
END $$;

-- Gives serial numbers back that are not stamped: unstamped -> partner_stock. Gives those that went back now.
CREATE FUNCTION stamping.return_serials(of_organisation uuid, serials text[], at timestamptz) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    back text[];
BEGIN
    back := ARRAY(SELECT s.serial FROM stamping.serial s JOIN stamping.taken_serial t ON t.serial = s.serial
        WHERE s.serial = ANY (serials) AND s.state = 'unstamped' AND t.organisation_id = of_organisation
        ORDER BY s.serial FOR NO KEY UPDATE OF s);
    UPDATE stamping.serial s SET state = 'annulled', annulled_at = at WHERE s.serial = ANY (back);
    UPDATE stamping.taken_serial t SET returned_at = at WHERE t.serial = ANY (back);
    PERFORM ledger.post_lines(array_agg(stamping.taken_line('return_serial', s, 'return_serial',
            ledger.own('unstamped', of_organisation), ledger.own('partner_stock', of_organisation), of_organisation)), at)
        FROM unnest(back) AS s;
    RETURN back;
END $$;

-- Step 1 of the cycle for a taken serial number: a job that puts it on an uploaded document, at its one place. The stamp
-- is held on its way from `unstamped` to `used`. False, and nothing written: the serial number is not unstamped, or the
-- document has a job. Refusals: those of ledger.post_transfers.
CREATE FUNCTION stamping.start_taken_job(
    of_organisation uuid, new_job uuid, document uuid, key text, digest bytea, job_ref uuid, of_serial text,
    at timestamptz
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    reservation uuid := ledger.derived_id('reserve_stamping', new_job::text, '1');
BEGIN
    PERFORM FROM stamping.serial s JOIN stamping.taken_serial t ON t.serial = s.serial
        WHERE s.serial = of_serial AND s.state = 'unstamped' AND t.organisation_id = of_organisation
        FOR NO KEY UPDATE OF s;
    IF NOT FOUND THEN RETURN false; END IF;
    INSERT INTO stamping.job (id, organisation_id, customer_id, document_id, idempotency_key, request_digest,
            lot_account_id, reference_id, input_digest, next_attempt_at, created_at, state, lease_token, attempts)
        SELECT new_job, d.organisation_id, d.customer_id, d.id, key, digest, ledger.own('unstamped', of_organisation),
            job_ref, decode(d.input_object, 'hex'), at, at, 'accepted', 1, 1
        FROM stamping.document d JOIN partners.organisation o ON o.account_holder = d.customer_id
        WHERE d.id = document AND o.id = of_organisation AND d.organisation_id = of_organisation
            AND jsonb_array_length(d.placements) = 1
        ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN RETURN false; END IF;
    PERFORM ledger.post_lines(ARRAY[ROW(reservation, 'pending', NULL, 'reserve_stamping',
        ledger.own('unstamped', of_organisation), ledger.used_by(of_organisation), 1, new_job, of_organisation,
        at + interval '24 hours')::ledger.line], at);
    UPDATE stamping.serial s SET state = 'allocated', job_id = new_job, ordinal = 1, reservation_id = reservation,
            placement = d.placements -> 0
        FROM stamping.document d WHERE s.serial = of_serial AND d.id = document;
    UPDATE stamping.taken_serial t SET document_id = document WHERE t.serial = of_serial;
    RETURN true;
END $$;

-- Refuses jobs as before (0059). A taken serial number waits again, if nothing can be signed with it. Else it goes back to
-- the stock: it may stand on a file that nobody got.
CREATE OR REPLACE FUNCTION stamping.refuse_jobs(jobs uuid[], refusals text[], at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    refused uuid[];
    waiting text[];
    back text[];
BEGIN
    WITH gone AS (
        UPDATE stamping.job j SET state = 'refused', refusal_code = r.code, ended_at = at, next_attempt_at = NULL,
            lease_holder = NULL, trouble_code = NULL
        FROM unnest(jobs, refusals) AS r(id, code) WHERE j.id = r.id AND j.ended_at IS NULL RETURNING j.id
    ) SELECT array_agg(id) INTO refused FROM gone;
    SELECT array_agg(t.serial) FILTER (WHERE i.serial IS NULL), array_agg(t.serial) FILTER (WHERE i.serial IS NOT NULL)
        INTO waiting, back
        FROM stamping.serial s JOIN stamping.taken_serial t ON t.serial = s.serial
        LEFT JOIN stamping.intent i ON i.serial = s.serial WHERE s.job_id = ANY (refused);
    PERFORM ledger.post_lines(array_agg(l.line), at) FROM (
        SELECT ROW(ledger.derived_id('release_stamping', s.reservation_id::text), 'void', s.reservation_id,
            'release_stamping', NULL, NULL, NULL, j.id, j.organisation_id, NULL)::ledger.line AS line
        FROM stamping.serial s JOIN stamping.job j ON j.id = s.job_id WHERE s.job_id = ANY (refused)
        UNION ALL SELECT stamping.taken_line('return_serial', t.serial, 'return_serial',
            ledger.own('unstamped', t.organisation_id), ledger.own('partner_stock', t.organisation_id), t.organisation_id)
        FROM stamping.taken_serial t WHERE t.serial = ANY (back)
    ) l;
    UPDATE stamping.taken_serial SET returned_at = at WHERE serial = ANY (back);
    UPDATE stamping.serial SET state = 'unstamped', job_id = NULL, ordinal = NULL, reservation_id = NULL,
        placement = NULL WHERE serial = ANY (waiting);
    UPDATE stamping.serial SET state = 'annulled', annulled_at = at WHERE job_id = ANY (refused);
END $$;

-- Notes a hash to be signed for a serial number, and gives its request. The attributes of the newest request get the same
-- request again.
-- WI001: not a serial number of the organisation · WI002: it was given back, or is being stamped here · WI003: it was
-- stamped, or asked for, with another source file · WI004: it has had five requests
CREATE FUNCTION stamping.ask_hash(
    of_organisation uuid, new_request uuid, of_serial text, source bytea, digest bytea, signed_attributes bytea,
    at timestamptz
) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    current_state text;
    known uuid;
    last smallint;
BEGIN
    SELECT s.state INTO current_state FROM stamping.serial s JOIN stamping.taken_serial t ON t.serial = s.serial
        WHERE s.serial = of_serial AND t.organisation_id = of_organisation FOR NO KEY UPDATE OF s;
    IF NOT FOUND THEN RAISE EXCEPTION 'no such serial number' USING ERRCODE = 'WI001'; END IF;
    IF current_state NOT IN ('unstamped', 'used') THEN
        RAISE EXCEPTION 'the serial number is %', current_state USING ERRCODE = 'WI002';
    END IF;
    IF EXISTS (SELECT FROM stamping.hash_request r WHERE r.serial = of_serial AND r.source_sha256 <> source) THEN
        RAISE EXCEPTION 'another source file' USING ERRCODE = 'WI003';
    END IF;
    SELECT max(r.number) INTO last FROM stamping.hash_request r WHERE r.serial = of_serial;
    SELECT r.id INTO known FROM stamping.hash_request r
        WHERE r.serial = of_serial AND r.number = last AND r.attributes = signed_attributes;
    IF FOUND THEN RETURN known; END IF;
    IF last >= 5 THEN RAISE EXCEPTION 'enough requests' USING ERRCODE = 'WI004'; END IF;
    INSERT INTO stamping.hash_request
            (id, serial, number, source_sha256, message_digest, attributes, plain, asked_at)
        SELECT new_request, of_serial, coalesce(last, 0) + 1, source, digest, signed_attributes,
            coalesce((partners.agreement_on(of_organisation, (at AT TIME ZONE 'Asia/Jakarta')::date)).plain_hashes, false),
            at;
    RETURN new_request;
END $$;

-- For the signer: counts an attempt for each requested hash, and gives what it shall sign. Not with a key of the cycle.
CREATE FUNCTION stamping.begin_hash_signing(requests uuid[], key text, at timestamptz)
RETURNS TABLE (request_id uuid, attributes bytea, plain boolean, attempt bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH wanted AS (
        SELECT r.id, r.attributes, r.plain FROM stamping.hash_request r
        JOIN stamping.serial s ON s.serial = r.serial AND s.state IN ('unstamped', 'used')
        WHERE r.id = ANY (requests) AND NOT EXISTS (
            SELECT FROM stamping.signing_key k WHERE k.key_id = key AND k.purpose <> 'hash')
    ), counted AS (
        INSERT INTO stamping.sign_attempt (hash_request_id, key_id, attempted_at)
        SELECT w.id, key, at FROM wanted w RETURNING sign_attempt.hash_request_id, sign_attempt.id
    )
    SELECT w.id, w.attributes, w.plain, c.id FROM wanted w JOIN counted c ON c.hash_request_id = w.id;
$$;

-- The cycle's intents are never signed with a key for hashes. Else as before (0057).
CREATE OR REPLACE FUNCTION stamping.begin_signing(serials text[], key text, at timestamptz)
RETURNS TABLE (serial text, digest bytea, attempt bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, stamping, pg_temp AS $$
    WITH wanted AS (
        SELECT i.serial, i.digest FROM stamping.intent i
        JOIN stamping.serial s ON s.serial = i.serial AND s.state IN ('allocated', 'sealed')
        JOIN stamping.job j ON j.id = s.job_id AND j.state = 'sealing'
        JOIN ledger.transfer t ON t.id = s.reservation_id AND t.kind = 'pending' AND t.code = 'reserve_stamping'
            AND t.reference_id = j.id AND t.debit_account_id = j.lot_account_id
        WHERE i.serial = ANY (serials)
            AND NOT EXISTS (SELECT FROM ledger.transfer e WHERE e.pending_id = s.reservation_id)
            AND NOT EXISTS (SELECT FROM stamping.signing_key k WHERE k.key_id = key AND k.purpose <> 'seal')
    ), counted AS (
        INSERT INTO stamping.sign_attempt (serial, key_id, attempted_at)
        SELECT w.serial, key, at FROM wanted w RETURNING sign_attempt.serial, sign_attempt.id
    )
    SELECT w.serial, w.digest, c.id FROM wanted w JOIN counted c ON c.serial = w.serial;
$$;

-- Stores the signature of a requested hash, and posts its stamp as used: unstamped -> used, once for each serial number.
-- Gives the signature that counts: the one stored first. Null, and nothing written: the serial number was given back, or
-- no attempt was counted.
CREATE FUNCTION stamping.bind_hash(of_request uuid, of_key text, made bytea, at timestamptz) RETURNS bytea
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    held record;
    stored bytea;
BEGIN
    SELECT s.serial, s.state, t.organisation_id INTO held FROM stamping.hash_request r
        JOIN stamping.serial s ON s.serial = r.serial JOIN stamping.taken_serial t ON t.serial = r.serial
        WHERE r.id = of_request FOR NO KEY UPDATE OF s;
    IF NOT FOUND OR held.state NOT IN ('unstamped', 'used') OR NOT EXISTS (
        SELECT FROM stamping.sign_attempt a
        WHERE a.hash_request_id = of_request AND a.key_id = of_key AND a.abandoned_at IS NULL
    ) THEN RETURN NULL; END IF;
    INSERT INTO stamping.hash_signature (request_id, key_id, signature, signed_at) VALUES (of_request, of_key, made, at)
        ON CONFLICT DO NOTHING;
    SELECT h.signature INTO stored FROM stamping.hash_signature h WHERE h.request_id = of_request;
    IF held.state = 'unstamped' THEN
        UPDATE stamping.serial s SET state = 'used', released_at = at WHERE s.serial = held.serial;
        UPDATE stamping.taken_serial t SET used_at = at WHERE t.serial = held.serial;
        PERFORM ledger.post_lines(ARRAY[stamping.taken_line('stamp_serial', held.serial, 'stamp_serial',
            ledger.own('unstamped', held.organisation_id), ledger.used_by(held.organisation_id),
            held.organisation_id)], at);
    END IF;
    RETURN stored;
END $$;

REVOKE ALL ON FUNCTION stamping.taken_line, stamping.take_serials, stamping.return_serials, stamping.start_taken_job,
    stamping.ask_hash, stamping.begin_hash_signing, stamping.bind_hash FROM PUBLIC;
GRANT EXECUTE ON FUNCTION stamping.take_serials, stamping.start_taken_job, stamping.ask_hash, stamping.bind_hash
    TO meterai_site;
GRANT EXECUTE ON FUNCTION stamping.return_serials TO meterai_site, meterai_operator;
GRANT EXECUTE ON FUNCTION stamping.begin_hash_signing TO meterai_signer;
GRANT SELECT ON stamping.taken_serial, stamping.hash_request, stamping.hash_signature
    TO meterai_site, meterai_worker, meterai_operator, meterai_reader;
GRANT SELECT ON stamping.hash_request, stamping.hash_signature TO meterai_signer;

-- What verification may know of hashes that were signed. The newest counts.
CREATE VIEW verification.signed_hash AS
    SELECT r.serial, encode(r.message_digest, 'hex') AS message_digest, r.number, h.signed_at,
        NOT EXISTS (
            SELECT FROM stamping.hash_request later JOIN stamping.hash_signature l ON l.request_id = later.id
            WHERE later.serial = r.serial AND later.number > r.number
        ) AS is_newest
    FROM stamping.hash_request r JOIN stamping.hash_signature h ON h.request_id = r.id;
GRANT SELECT ON verification.signed_hash
    TO meterai_site, meterai_worker, meterai_operator, meterai_reader, meterai_verifier;
