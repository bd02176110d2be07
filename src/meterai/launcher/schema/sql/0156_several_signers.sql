-- Several signers (docs/keys.md): the register binds each key to one of them.

ALTER TABLE stamping.signing_key ADD COLUMN signer text NOT NULL DEFAULT '' CHECK (signer ~ '^[A-Za-z0-9._-]{0,64}$');

-- Adds a key to the register as two officers have released it: `facts` are the request's. False: it is known.
-- Facts without a purpose are those of a key for seals, without a signer those of the one without a name.
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
    INSERT INTO stamping.signing_key (
        key_id, place, certificates, valid_from, valid_until, added_at, purpose, signer)
    VALUES (
        id, facts ->> 'place', chain, (facts ->> 'valid_from')::timestamptz, (facts ->> 'valid_until')::timestamptz, at,
        coalesce(facts ->> 'purpose', 'seal'), coalesce(facts ->> 'signer', '')
    );
    RETURN true;
END $$;
