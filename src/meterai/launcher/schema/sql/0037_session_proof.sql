-- By which contact a session was opened: it ends with that contact. Null in those from before. No foreign key, which
-- would cost each sign-in a check: contacts are never deleted.
ALTER TABLE customers.session ADD COLUMN contact_id uuid;

CREATE OR REPLACE FUNCTION customers.try_code(
    code uuid, typed bytea, at timestamptz, attempts_max integer, repeat_life interval,
    new_customer uuid, new_contact uuid, of_organisation uuid, of_language text,
    session_digest bytea, session_until timestamptz
) RETURNS TABLE (
    kind text, value text, code_mac bytea, attempts integer, expires_at timestamptz, used_at timestamptz,
    of_customer uuid
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    proven uuid;
BEGIN
    UPDATE customers.code c SET attempts = c.attempts + 1 WHERE c.id = code
        RETURNING c.kind, c.value, c.code_mac, c.attempts, c.expires_at, c.used_at
        INTO kind, value, code_mac, attempts, expires_at, used_at;
    IF NOT FOUND THEN RETURN; END IF;
    IF code_mac = typed AND expires_at > at AND attempts <= attempts_max
        AND (used_at IS NULL OR at < used_at + repeat_life)
    THEN
        IF used_at IS NULL THEN UPDATE customers.code c SET used_at = at WHERE c.id = code; END IF;
        SELECT c.customer_id, c.id INTO of_customer, proven FROM customers.contact c
            WHERE c.kind = try_code.kind AND c.value = try_code.value AND c.replaced_at IS NULL;
        IF NOT FOUND THEN
            of_customer := new_customer;
            proven := new_contact;
            INSERT INTO customers.customer (id, organisation_id, language, created_at)
                VALUES (new_customer, of_organisation, of_language, at);
            INSERT INTO customers.contact (id, customer_id, kind, value, verified_at)
                VALUES (new_contact, new_customer, try_code.kind, try_code.value, at);
        END IF;
        INSERT INTO customers.session (token_digest, customer_id, created_at, expires_at, contact_id)
            VALUES (session_digest, of_customer, at, session_until, proven);
    END IF;
    RETURN NEXT;
END $$;
