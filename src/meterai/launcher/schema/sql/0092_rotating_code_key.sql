-- The key of the digests of codes rotates: codes made before are right until they end.

ALTER TABLE customers.code_key
    ADD COLUMN begins_at timestamptz NOT NULL DEFAULT '-infinity',
    ADD COLUMN ends_at timestamptz NOT NULL DEFAULT 'infinity';
ALTER TABLE customers.code_key ALTER COLUMN begins_at DROP DEFAULT;

CREATE OR REPLACE FUNCTION customers.code_digest(code uuid, typed text) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(k.key || uuid_send(code) || convert_to(typed, 'UTF8')) FROM customers.code_key k
        WHERE k.begins_at <= now() ORDER BY k.begins_at DESC LIMIT 1;
$$;

-- Whether a digest is that of a code, by a key that has not ended.
CREATE FUNCTION customers.is_code(digest bytea, code uuid, typed text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM customers.code_key k
        WHERE k.ends_at > now() AND digest = sha256(k.key || uuid_send(code) || convert_to(typed, 'UTF8')));
$$;

-- Makes a new key. The ones before end at `until`. Keys that have ended are deleted. Only the owner may do this.
CREATE FUNCTION customers.rotate_code_key(begins timestamptz, until timestamptz) RETURNS void LANGUAGE sql AS $$
    DELETE FROM customers.code_key k WHERE k.ends_at <= now();
    UPDATE customers.code_key k SET ends_at = least(k.ends_at, until);
    INSERT INTO customers.code_key (key, begins_at)
        VALUES (sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
            begins);
$$;
REVOKE ALL ON FUNCTION customers.is_code, customers.rotate_code_key FROM PUBLIC;

-- As before, with every key that has not ended.
CREATE OR REPLACE FUNCTION customers.code_typed(tried customers.code, typed text, at timestamptz) RETURNS uuid
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN customers.is_code(tried.code_digest, coalesce(tried.same_as, tried.id), typed)
            THEN coalesce(tried.same_as, tried.id)
        ELSE (SELECT c.id FROM customers.code c
            WHERE c.kind = tried.kind AND c.value = tried.value AND c.asker = tried.asker
                AND c.created_at > tried.created_at AND c.same_as IS NULL AND c.used_at IS NULL
                AND c.browser IS NULL AND tried.browser IS NULL
                AND (c.purpose = 'order_act') = (tried.purpose = 'order_act')
                AND (c.purpose <> 'order_act' OR c.subject = tried.subject)
                AND (c.is_long OR NOT tried.is_long)
                AND (c.expires_at > at OR c.expires_at = tried.used_at)
                AND customers.is_code(c.code_digest, c.id, typed)
            LIMIT 1)
        END;
$$;
