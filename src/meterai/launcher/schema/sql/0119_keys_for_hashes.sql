-- Keys for hashes in the register (docs/keys.md), their attempts after a crash, and time stamps over what they signed.

-- Adds a key to the register as two officers have released it: `facts` are the request's. False: it is known.
-- Facts without a purpose are those of a key for seals.
CREATE OR REPLACE FUNCTION operations.add_key(facts jsonb, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
DECLARE
    chain bytea[] := ARRAY(SELECT decode(one, 'hex') FROM jsonb_array_elements_text(facts -> 'certificates') one);
    id text := left(encode(sha256(chain[1]), 'hex'), 16);
BEGIN
    IF EXISTS (SELECT FROM stamping.signing_key WHERE key_id = id) THEN RETURN false; END IF;
    IF NOT operations.use_release('key.add', id, facts) THEN
        RAISE EXCEPTION 'two officers have not released this key' USING ERRCODE = 'OF007';
    END IF;
    INSERT INTO stamping.signing_key (key_id, place, certificates, valid_from, valid_until, added_at, purpose)
    VALUES (
        id, facts ->> 'place', chain, (facts ->> 'valid_from')::timestamptz, (facts ->> 'valid_until')::timestamptz, at,
        coalesce(facts ->> 'purpose', 'seal')
    );
    RETURN true;
END $$;

-- A released file asks for it, or a hash was signed: its signature is dated as often as its adapter asks.
CREATE OR REPLACE FUNCTION stamping.may_be_dated(digests bytea[]) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, stamping, pg_temp AS $$
    SELECT NOT EXISTS (SELECT FROM unnest(digests) AS d(digest) WHERE NOT EXISTS (
        SELECT FROM stamping.archive a JOIN stamping.release r ON r.document_id = a.document_id
        WHERE a.asked_digest = d.digest
    ) AND NOT EXISTS (SELECT FROM stamping.hash_signature h WHERE sha256(h.signature) = d.digest));
$$;

-- Whether the organisation's agreement allows hashes whose attributes lack signing-certificate-v2.
CREATE FUNCTION stamping.allows_plain_hashes(of_organisation uuid, at timestamptz) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce((partners.agreement_on(of_organisation, (at AT TIME ZONE 'Asia/Jakarta')::date)).plain_hashes, false);
$$;
REVOKE ALL ON FUNCTION stamping.allows_plain_hashes FROM PUBLIC;
GRANT EXECUTE ON FUNCTION stamping.allows_plain_hashes TO meterai_site;
