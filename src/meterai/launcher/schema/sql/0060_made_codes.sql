-- Codes are made and compared here. The roles that ask never see a code, so they can't prove a contact that is not
-- theirs. Only the outbox row has the code, and it goes to the contact that the code proves.
-- Functions that run with their owner's rights guard codes, proofs, sessions and contacts. Nobody else writes them.

-- The time that a caller gives, at most five minutes from the server's clock. Otherwise a caller could skip every wait.
CREATE FUNCTION customers.checked_time(at timestamptz) RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT least(greatest($1, clock_timestamp() - interval '5 minutes'), clock_timestamp() + interval '5 minutes');
$$;

CREATE TABLE customers.code_key (key bytea NOT NULL);
INSERT INTO customers.code_key
    SELECT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

-- The digest of a code that is stored: without the key, a reader of the table can't try all codes.
CREATE FUNCTION customers.code_digest(code uuid, typed text) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(k.key || uuid_send(code) || convert_to(typed, 'UTF8')) FROM customers.code_key k;
$$;

ALTER TABLE customers.code
    DROP COLUMN code_mac,
    ADD COLUMN code_digest bytea NOT NULL DEFAULT '',  -- empty: from before, and no code has it
    ADD CHECK ((purpose = 'sign_in') = (subject IS NULL));  -- of a contact to be added: the customer's id
ALTER TABLE customers.code ALTER COLUMN code_digest DROP DEFAULT;
UPDATE customers.code SET expires_at = now() WHERE expires_at > now();

-- A code of random digits, each as likely as any other.
CREATE FUNCTION customers.random_code(digits integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    most bigint := 10 ^ digits;
    drawn bigint;
BEGIN
    LOOP  -- 48 random bits; the last, incomplete range of codes is drawn again
        drawn := ('x' || encode(substring(uuid_send(gen_random_uuid()) FROM 1 FOR 6), 'hex'))::bit(48)::bigint;
        EXIT WHEN drawn < 281474976710656 / most * most;
    END LOOP;
    RETURN lpad((drawn % most)::text, digits, '0');
END $$;

-- Makes a code for a contact, and the message that brings it there. `is_long`: ten digits, where somebody may be
-- guessing. In the text of the message, {code} stands for the code.
CREATE FUNCTION customers.make_code(
    code uuid, contact_kind text, contact_value text, who text, of_purpose text, of_subject text, is_long boolean,
    asking bytea, at timestamptz, topic text, message jsonb
) RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE
    digits text := customers.random_code(CASE WHEN is_long THEN 10 ELSE 6 END);
    until timestamptz := at + interval '10 minutes';
BEGIN
    INSERT INTO customers.code
            (id, kind, value, asker, purpose, subject, code_digest, address_mac, created_at, expires_at)
        VALUES (code, contact_kind, contact_value, who, of_purpose, of_subject, customers.code_digest(code, digits),
            asking, at, until);
    INSERT INTO jobs.outbox (topic, payload, available_at, created_at) VALUES (topic, message || jsonb_build_object(
        'to_kind', contact_kind, 'to', contact_value, 'code', digits, 'expires_at', until,
        'text', replace(message->>'text', '{code}', digits)), at, at);
    RETURN until;
END $$;

DROP FUNCTION customers.ask_for_code;
-- A code for a contact and the message that brings it, unless too many were asked for since `since`: for the
-- contact by this kind of asker, of these from the asking address, or from the address for whatever contacts.
-- The contact is locked until the end, so that parallel requests for it count each other.
-- The code is long where somebody may be guessing, by what was typed into codes since `tried_since` that were never
-- used (each at most `code_tries` times): into this contact's, by anybody but the known; or, for a stranger, into
-- strangers' codes asked for from this address. So is it where many of these are open still.
-- A stranger gets none while more than `behind_min` of the topic have been due since before `behind_since`.
CREATE FUNCTION customers.ask_for_code(
    code uuid, contact_kind text, contact_value text, who text, of_purpose text, of_subject text, asking bytea,
    at timestamptz, since timestamptz, contact_max bigint, network_max bigint, address_max bigint,
    tried_since timestamptz, code_tries integer, contact_tries bigint, address_tries bigint, address_open bigint,
    behind_since timestamptz, behind_min bigint, topic text, message jsonb,
    OUT by_contact bigint, OUT contact_since timestamptz, OUT by_network bigint, OUT network_since timestamptz,
    OUT by_address bigint, OUT address_since timestamptz, OUT is_behind boolean, OUT until timestamptz
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, customers, pg_temp AS $$
DECLARE
    is_long boolean;
BEGIN
    is_behind := false;
    PERFORM pg_advisory_xact_lock(hashtextextended('customers.code ' || contact_value, 0));
    SELECT count(*), min(created_at),
            count(*) FILTER (WHERE address_mac = asking), min(created_at) FILTER (WHERE address_mac = asking)
        INTO by_contact, contact_since, by_network, network_since FROM customers.code
        WHERE kind = contact_kind AND value = contact_value AND asker = who AND created_at > since;
    SELECT count(*), min(created_at) INTO by_address, address_since FROM customers.code
        WHERE address_mac = asking AND created_at > since;
    IF by_contact >= contact_max OR by_network >= network_max OR by_address >= address_max THEN RETURN; END IF;
    is_behind := who = 'stranger' AND EXISTS (
        SELECT FROM jobs.outbox o WHERE o.topic = ask_for_code.topic AND o.available_at < behind_since
        OFFSET behind_min);
    IF is_behind THEN RETURN; END IF;
    is_long := who <> 'known' AND EXISTS (
        SELECT FROM customers.code
        WHERE kind = contact_kind AND value = contact_value AND asker <> 'known' AND used_at IS NULL
            AND created_at > tried_since
        HAVING sum(least(attempts, code_tries)) >= contact_tries
    ) OR who = 'stranger' AND EXISTS (
        SELECT FROM customers.code
        WHERE address_mac = asking AND asker = 'stranger' AND used_at IS NULL AND created_at > tried_since
        HAVING sum(least(attempts, code_tries)) >= address_tries
            OR count(*) FILTER (WHERE created_at > since) >= address_open);
    until := customers.make_code(code, contact_kind, contact_value, who, of_purpose, of_subject, is_long, asking,
        customers.checked_time(at), topic, message);
END $$;

-- Counts a try of a code that was asked for with this purpose, and says what it was: right (again for a minute),
-- wrong, used_up or expired. Whoever calls this acts on the answer in the same transaction.
CREATE FUNCTION customers.check_code(
    code uuid, of_purpose text, typed text, at timestamptz,
    OUT verdict text, OUT kind text, OUT value text, OUT subject text, OUT tries_left integer
) LANGUAGE plpgsql AS $$
DECLARE
    tried customers.code;
BEGIN
    SELECT * INTO tried FROM customers.code c WHERE c.id = code AND c.purpose = of_purpose FOR UPDATE;
    kind := tried.kind;
    value := tried.value;
    subject := tried.subject;
    tries_left := 4 - tried.attempts;
    verdict := CASE
        WHEN tried.id IS NULL OR tried.expires_at <= at THEN 'expired'
        WHEN tries_left < 0 OR at >= tried.used_at + interval '1 minute' THEN 'used_up'
        WHEN tried.code_digest = customers.code_digest(code, typed) THEN 'right'
        WHEN tries_left = 0 THEN 'used_up'
        ELSE 'wrong' END;
    UPDATE customers.code c SET attempts = c.attempts + 1,
            used_at = CASE WHEN verdict = 'right' THEN coalesce(c.used_at, at) ELSE c.used_at END
        WHERE c.id = tried.id;
END $$;

DROP FUNCTION customers.try_code;
-- Tries a code for signing in. The right one finds or makes the customer, and opens a session of at most seven days.
CREATE FUNCTION customers.try_code(
    code uuid, typed text, at timestamptz, new_customer uuid, new_contact uuid, of_organisation uuid,
    of_language text, session_digest bytea,
    OUT verdict text, OUT kind text, OUT value text, OUT tries_left integer, OUT of_customer uuid,
    OUT session_until timestamptz
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, customers, pg_temp AS $$
DECLARE
    proven uuid;
    believed timestamptz := customers.checked_time(at);
BEGIN
    SELECT c.verdict, c.kind, c.value, c.tries_left INTO verdict, kind, value, tries_left
        FROM customers.check_code(code, 'sign_in', typed, believed) c;
    IF verdict <> 'right' THEN RETURN; END IF;
    SELECT c.customer_id, c.id INTO of_customer, proven FROM customers.contact c
        WHERE c.kind = try_code.kind AND c.value = try_code.value AND c.replaced_at IS NULL;
    IF NOT FOUND THEN
        of_customer := new_customer;
        proven := new_contact;
        INSERT INTO customers.customer (id, organisation_id, language, created_at)
            VALUES (new_customer, of_organisation, of_language, believed);
        INSERT INTO customers.contact (id, customer_id, kind, value, verified_at)
            VALUES (new_contact, new_customer, try_code.kind, try_code.value, believed);
    END IF;
    session_until := believed + interval '7 days';
    INSERT INTO customers.session (token_digest, customer_id, created_at, expires_at, contact_id)
        VALUES (session_digest, of_customer, believed, session_until, proven);
END $$;

-- Tries a code that was asked for an act with an order. The right one makes a proof, whose id is the code's; it is the
-- same proof when the code is typed again. A code of a contact that has no customer any more proves nothing.
CREATE FUNCTION customers.prove_contact(
    code uuid, typed text, at timestamptz,
    OUT verdict text, OUT kind text, OUT value text, OUT tries_left integer, OUT order_id text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, customers, pg_temp AS $$
DECLARE
    believed timestamptz := customers.checked_time(at);
BEGIN
    SELECT c.verdict, c.kind, c.value, c.tries_left, c.subject INTO verdict, kind, value, tries_left, order_id
        FROM customers.check_code(code, 'order_act', typed, believed) c;
    IF verdict <> 'right' THEN RETURN; END IF;
    INSERT INTO customers.proof (id, customer_id, contact_id, purpose, subject, proved_at)
        SELECT code, c.customer_id, c.id, 'order_act', order_id, believed FROM customers.contact c
        WHERE c.kind = prove_contact.kind AND c.value = prove_contact.value AND c.replaced_at IS NULL
        ON CONFLICT (id) DO NOTHING;
    IF NOT EXISTS (SELECT FROM customers.proof p WHERE p.id = code) THEN verdict := 'expired'; END IF;
END $$;

-- The session of a token, if its contact was proven in the last 15 minutes and is still the customer's. The customer is
-- locked: nobody else changes the contacts until the end. Null: no such session, or an older proof (`is_old`).
CREATE FUNCTION customers.fresh_session(
    token bytea, at timestamptz, OUT customer uuid, OUT proven_by uuid, OUT is_old boolean
) LANGUAGE plpgsql AS $$
DECLARE
    opened timestamptz;
BEGIN
    SELECT s.customer_id, s.contact_id, s.created_at INTO customer, proven_by, opened FROM customers.session s
        WHERE s.token_digest = sha256(token) AND s.expires_at > at;
    is_old := at >= opened + interval '15 minutes';
    PERFORM FROM customers.customer p WHERE p.id = customer FOR NO KEY UPDATE;
    IF is_old OR NOT EXISTS (SELECT FROM customers.contact c
        WHERE c.id = proven_by AND c.customer_id = customer AND c.replaced_at IS NULL)
    THEN
        customer := NULL;
    END IF;
END $$;

-- Tries a code for a contact that the customer of this session wants to add. The right one adds it, unless it has a
-- customer (`owner`). Verdicts beside those of check_code: no_session, old_session.
CREATE FUNCTION customers.add_contact(
    token bytea, code uuid, typed text, new_contact uuid, at timestamptz,
    OUT verdict text, OUT kind text, OUT value text, OUT tries_left integer, OUT owner uuid, OUT is_new boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, customers, pg_temp AS $$
DECLARE
    believed timestamptz := customers.checked_time(at);
    signed_in record;
    meant_for text;
BEGIN
    signed_in := customers.fresh_session(token, believed);
    is_new := false;
    IF signed_in.customer IS NULL THEN
        verdict := CASE WHEN signed_in.is_old THEN 'old_session' ELSE 'no_session' END;
        RETURN;
    END IF;
    SELECT c.verdict, c.kind, c.value, c.tries_left, c.subject INTO verdict, kind, value, tries_left, meant_for
        FROM customers.check_code(code, 'contact', typed, believed) c;
    IF verdict <> 'right' THEN RETURN; END IF;
    IF meant_for <> signed_in.customer::text THEN
        verdict := 'expired';
        RETURN;
    END IF;
    SELECT c.customer_id INTO owner FROM customers.contact c
        WHERE c.kind = add_contact.kind AND c.value = add_contact.value AND c.replaced_at IS NULL;
    IF NOT FOUND THEN
        owner := signed_in.customer;
        is_new := true;
        INSERT INTO customers.contact (id, customer_id, kind, value, verified_at)
            VALUES (new_contact, owner, add_contact.kind, add_contact.value, believed);
    END IF;
END $$;

-- Takes a contact off the customer of this session, but not the one that the session proved. Sessions that it proved
-- end, and those whose contact is unknown. Verdicts: removed, not_theirs, proves_you, no_session, old_session.
CREATE FUNCTION customers.remove_contact(
    token bytea, contact uuid, at timestamptz, OUT verdict text, OUT kind text, OUT value text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, customers, pg_temp AS $$
DECLARE
    believed timestamptz := customers.checked_time(at);
    signed_in record;
BEGIN
    signed_in := customers.fresh_session(token, believed);
    IF signed_in.customer IS NULL OR signed_in.proven_by = contact THEN
        verdict := CASE WHEN signed_in.is_old THEN 'old_session' WHEN signed_in.customer IS NULL THEN 'no_session'
            ELSE 'proves_you' END;
        RETURN;
    END IF;
    UPDATE customers.contact c SET replaced_at = believed
        WHERE c.id = contact AND c.customer_id = signed_in.customer AND c.replaced_at IS NULL
        RETURNING c.kind, c.value INTO kind, value;
    verdict := CASE WHEN FOUND THEN 'removed' ELSE 'not_theirs' END;
    IF FOUND THEN
        DELETE FROM customers.session s
            WHERE s.customer_id = signed_in.customer AND (s.contact_id = contact OR s.contact_id IS NULL);
    END IF;
END $$;

-- Ends the session of a token.
CREATE FUNCTION customers.end_session(token bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, customers, pg_temp AS $$
    DELETE FROM customers.session WHERE token_digest = sha256($1);
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA customers FROM PUBLIC;
REVOKE ALL ON customers.code, customers.contact, customers.session, customers.proof FROM meterai_app;
GRANT SELECT ON customers.contact, customers.session, customers.proof TO meterai_site;
GRANT SELECT ON customers.contact TO meterai_worker, meterai_operator;
GRANT SELECT (id, kind, value, asker, purpose, attempts, created_at, expires_at, used_at) ON customers.code
    TO meterai_worker, meterai_controller;
GRANT SELECT (proved_at) ON customers.proof TO meterai_worker;
GRANT SELECT (expires_at) ON customers.session TO meterai_worker;
GRANT DELETE ON customers.code, customers.session, customers.proof TO meterai_worker;  -- those that are over
GRANT EXECUTE ON FUNCTION customers.ask_for_code, customers.try_code, customers.prove_contact, customers.add_contact,
    customers.remove_contact, customers.end_session TO meterai_site;
