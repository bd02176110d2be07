-- Sessions can be seen and ended, and wrong codes count for the account.
-- A row is one browser that proved a contact. It is signed in until `expires_at`, or until it rests for two days. It
-- is known until `known_until`: strangers' failures do not slow it down. Both end with the row: by signing out, by the
-- next sign-in of this browser, from the list of devices, and with the contact.
ALTER TABLE customers.session
    ADD COLUMN mark_digest bytea,      -- of the cookie by which the browser is known; null in sessions from before
    ADD COLUMN known_until timestamptz,
    ADD COLUMN used_at timestamptz,    -- to the hour; null: not since it was opened
    ADD COLUMN browser text CHECK (length(browser) <= 40),
    ADD COLUMN system text CHECK (length(system) <= 40),
    ADD COLUMN code_id uuid,           -- that opened it: the same code again replaces it
    ADD COLUMN failures integer NOT NULL DEFAULT 0,
    ADD COLUMN failed_at timestamptz;
CREATE UNIQUE INDEX session_by_mark ON customers.session (mark_digest);
CREATE INDEX session_by_customer ON customers.session (customer_id);
DROP INDEX customers.session_by_end;
CREATE INDEX session_by_end ON customers.session (coalesce(known_until, expires_at));

ALTER TABLE customers.code
    ADD COLUMN browser bytea,          -- the known browser that asked: its session's digest
    ADD COLUMN tries_from timestamptz; -- no try counts before; null: at once

-- Whether a session is signed in.
CREATE FUNCTION customers.is_signed_in(expires_at timestamptz, last_used timestamptz, at timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT expires_at > at AND last_used > at - interval '2 days';
$$;

-- How long the next try waits after so many failures: not after two, then 15 seconds and twice as long each time, at
-- most five minutes. Nobody is locked out.
CREATE FUNCTION customers.pause(failures bigint) RETURNS interval LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN failures < 3 THEN interval '0' ELSE least(interval '5 minutes',
        interval '15 seconds' * 2 ^ least(failures - 3, 10)) END;
$$;

-- Wrong tries of a day that led to nothing, whoever made them: at all contacts of the customer whose contact this is.
CREATE FUNCTION customers.failures(contact_kind text, contact_value text, at timestamptz) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(least(c.attempts, 5)), 0)
    FROM (
        SELECT contact_kind AS kind, contact_value AS value
        UNION SELECT theirs.kind, theirs.value
            FROM customers.contact own JOIN customers.contact theirs USING (customer_id)
            WHERE own.kind = contact_kind AND own.value = contact_value AND own.replaced_at IS NULL
                AND theirs.replaced_at IS NULL
    ) account JOIN customers.code c USING (kind, value)
    WHERE c.used_at IS NULL AND c.created_at > at - interval '1 day';
$$;

-- The known browser with this mark, if it proved a contact of the customer to whom this contact belongs and has made
-- few failures itself.
CREATE FUNCTION customers.known_browser(mark bytea, contact_kind text, contact_value text, at timestamptz)
RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT s.token_digest
    FROM customers.session s
    JOIN customers.contact proven ON proven.id = s.contact_id AND proven.customer_id = s.customer_id
        AND proven.replaced_at IS NULL
    JOIN customers.contact asked ON asked.customer_id = s.customer_id AND asked.replaced_at IS NULL
    WHERE s.mark_digest = sha256(mark) AND s.known_until > at
        AND asked.kind = contact_kind AND asked.value = contact_value
        AND (s.failures < 5 OR s.failed_at < at - interval '1 day');
$$;

DROP FUNCTION customers.make_code;
-- Makes a code for a contact, and the message that brings it there. `is_long`: ten digits, where somebody may be
-- guessing. In the text of the message, {code} stands for the code. `known`: the known browser that asks.
CREATE FUNCTION customers.make_code(
    code uuid, contact_kind text, contact_value text, who text, known bytea, of_purpose text, of_subject text,
    is_long boolean, asking bytea, at timestamptz, wait interval, message jsonb,
    OUT until timestamptz, OUT tries_from timestamptz
) LANGUAGE plpgsql AS $$
DECLARE
    digits text := customers.random_code(CASE WHEN is_long THEN 10 ELSE 6 END);
    topic text := CASE who WHEN 'stranger' THEN 'code.stranger.' ELSE 'code.' END || contact_kind;
BEGIN
    tries_from := at + wait;
    until := tries_from + interval '10 minutes';
    INSERT INTO customers.code (id, kind, value, asker, browser, purpose, subject, code_digest, address_mac,
            created_at, tries_from, expires_at)
        VALUES (code, contact_kind, contact_value, who, known, of_purpose, of_subject,
            customers.code_digest(code, digits), asking, at, tries_from, until);
    INSERT INTO jobs.outbox (topic, payload, available_at, created_at) VALUES (topic, message || jsonb_build_object(
        'to_kind', contact_kind, 'to', contact_value, 'code', digits, 'expires_at', until,
        'text', replace(message->>'text', '{code}', digits)), at, at);
END $$;

DROP FUNCTION customers.ask_for_code;
-- A code for a contact and the message that brings it, unless too many were asked for since `since`: for the
-- contact by this kind of asker, of these from the asking address, or from the address for whatever contacts.
-- The contact is locked until the end, so that parallel requests for it count each other.
-- `mark`: the cookie of a browser that may be known. It has a count of its own, of the whole account's tries.
-- Others get a long code where somebody may be guessing: after ten failures at the account, or while four codes of its
-- contact are open; a stranger also where somebody guesses from the asking address (see customers/codes.py). After ten
-- failures a stranger's first try waits, too.
-- A stranger gets none while more than `behind_min` of the topic have been due since before `behind_since`.
CREATE FUNCTION customers.ask_for_code(
    code uuid, contact_kind text, contact_value text, who text, mark bytea, of_purpose text, of_subject text,
    asking bytea, at timestamptz, since timestamptz, contact_max bigint, network_max bigint, address_max bigint,
    known_address_max bigint, tried_since timestamptz, code_tries integer, address_tries bigint, address_open bigint,
    behind_since timestamptz, behind_min bigint, message jsonb,
    OUT asked_as text, OUT by_contact bigint, OUT contact_since timestamptz, OUT by_network bigint,
    OUT network_since timestamptz, OUT by_address bigint, OUT address_since timestamptz, OUT is_behind boolean,
    OUT until timestamptz, OUT tries_from timestamptz
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, customers, pg_temp AS $$
DECLARE
    believed timestamptz := customers.checked_time(at);
    known bytea;
    failed bigint;
    is_long boolean := false;
    wait interval := '0';
BEGIN
    is_behind := false;
    asked_as := CASE who WHEN 'called' THEN 'called' ELSE 'stranger' END;
    IF mark IS NOT NULL THEN
        known := customers.known_browser(mark, contact_kind, contact_value, believed);
    END IF;
    IF known IS NOT NULL THEN
        asked_as := 'known';
        network_max := contact_max;
        address_max := greatest(address_max, known_address_max);
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('customers.code ' || contact_value, 0));
    SELECT count(*), min(created_at),
            count(*) FILTER (WHERE address_mac = asking), min(created_at) FILTER (WHERE address_mac = asking)
        INTO by_contact, contact_since, by_network, network_since FROM customers.code
        WHERE kind = contact_kind AND value = contact_value AND asker = asked_as AND created_at > since;
    SELECT count(*), min(created_at) INTO by_address, address_since FROM customers.code
        WHERE address_mac = asking AND created_at > since;
    IF by_contact >= contact_max OR by_network >= network_max OR by_address >= address_max THEN RETURN; END IF;
    is_behind := asked_as = 'stranger' AND EXISTS (
        SELECT FROM jobs.outbox o WHERE o.topic = 'code.stranger.' || contact_kind AND o.available_at < behind_since
        OFFSET behind_min);
    IF is_behind THEN RETURN; END IF;
    IF known IS NULL THEN
        failed := customers.failures(contact_kind, contact_value, believed);
        is_long := failed >= 10 OR EXISTS (
            SELECT FROM customers.code c
            WHERE c.kind = contact_kind AND c.value = contact_value AND c.browser IS NULL AND c.used_at IS NULL
                AND c.created_at > believed - interval '15 minutes' AND c.expires_at > believed
            HAVING count(*) >= 4
        ) OR asked_as = 'stranger' AND EXISTS (
            SELECT FROM customers.code
            WHERE address_mac = asking AND asker = 'stranger' AND used_at IS NULL AND created_at > tried_since
            HAVING sum(least(attempts, code_tries)) >= address_tries
                OR count(*) FILTER (WHERE created_at > since) >= address_open);
        IF asked_as = 'stranger' THEN wait := customers.pause(failed - 7); END IF;
    END IF;
    SELECT m.until, m.tries_from INTO until, tries_from FROM customers.make_code(code, contact_kind, contact_value,
        asked_as, known, of_purpose, of_subject, is_long, asking, believed, wait, message) m;
END $$;

DROP FUNCTION customers.check_code;
-- Counts a try of a code that was asked for with this purpose, and says what it was: right (again for a minute),
-- wrong, used_up or expired; early: it was not looked at, because the next try is due at `wait_until`. After a wrong
-- try the next one waits, by the failures of the known browser that asked for the code, or by those of the account.
-- So nobody slows down a known browser. Whoever calls this acts on the answer in the same transaction.
CREATE FUNCTION customers.check_code(
    code uuid, of_purpose text, typed text, at timestamptz,
    OUT verdict text, OUT kind text, OUT value text, OUT subject text, OUT tries_left integer,
    OUT wait_until timestamptz, OUT is_repeat boolean
) LANGUAGE plpgsql AS $$
DECLARE
    tried customers.code;
    failed bigint;
BEGIN
    SELECT * INTO tried FROM customers.code c WHERE c.id = code AND c.purpose = of_purpose FOR UPDATE;
    kind := tried.kind;
    value := tried.value;
    subject := tried.subject;
    tries_left := 4 - tried.attempts;
    is_repeat := tried.used_at IS NOT NULL;
    SELECT greatest(tried.tries_from, max(s.failed_at + customers.pause(s.failures))) INTO wait_until
        FROM customers.session s WHERE s.token_digest = tried.browser;
    verdict := CASE
        WHEN tried.id IS NULL OR tried.expires_at <= at THEN 'expired'
        WHEN tries_left < 0 OR at >= tried.used_at + interval '1 minute' THEN 'used_up'
        WHEN NOT is_repeat AND wait_until > at THEN 'early'
        WHEN tried.code_digest = customers.code_digest(code, typed) THEN 'right'
        WHEN tries_left = 0 THEN 'used_up'
        ELSE 'wrong' END;
    IF verdict = 'early' THEN
        tries_left := tries_left + 1;
        RETURN;
    END IF;
    wait_until := NULL;
    UPDATE customers.code c SET attempts = c.attempts + 1,
            used_at = CASE WHEN verdict = 'right' THEN coalesce(c.used_at, at) ELSE c.used_at END
        WHERE c.id = tried.id;
    IF verdict = 'right' OR is_repeat OR verdict = 'expired' OR tries_left < 0 THEN RETURN; END IF;
    UPDATE customers.session s
        SET failures = CASE WHEN s.failed_at > at - interval '1 day' THEN s.failures + 1 ELSE 1 END, failed_at = at
        WHERE s.token_digest = tried.browser RETURNING s.failures INTO failed;
    IF NOT FOUND THEN failed := customers.failures(kind, value, at); END IF;
    wait_until := at + customers.pause(failed);
    UPDATE customers.code c SET tries_from = wait_until WHERE c.id = tried.id;
END $$;

DROP FUNCTION customers.try_code;
-- Tries a code for signing in. The right one finds or makes the customer, and opens a session of at most seven days, in
-- a browser that stays known for 180. The browser's old session ends (`old_token`, `old_mark`: its cookies), and that
-- which the same code opened a moment ago.
CREATE FUNCTION customers.try_code(
    code uuid, typed text, at timestamptz, new_customer uuid, new_contact uuid, of_organisation uuid,
    of_language text, session_digest bytea, new_mark_digest bytea, of_browser text, of_system text,
    old_token bytea, old_mark bytea,
    OUT verdict text, OUT kind text, OUT value text, OUT tries_left integer, OUT wait_until timestamptz,
    OUT of_customer uuid, OUT session_until timestamptz
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, customers, pg_temp AS $$
DECLARE
    proven uuid;
    repeats boolean;
    believed timestamptz := customers.checked_time(at);
BEGIN
    SELECT c.verdict, c.kind, c.value, c.tries_left, c.wait_until, c.is_repeat
        INTO verdict, kind, value, tries_left, wait_until, repeats
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
    IF old_token IS NOT NULL OR old_mark IS NOT NULL THEN
        DELETE FROM customers.session s WHERE s.token_digest = sha256(old_token) OR s.mark_digest = sha256(old_mark);
    END IF;
    IF repeats THEN DELETE FROM customers.session s WHERE s.customer_id = of_customer AND s.code_id = code; END IF;
    session_until := believed + interval '7 days';
    INSERT INTO customers.session (token_digest, mark_digest, customer_id, contact_id, code_id, browser, system,
            created_at, expires_at, known_until)
        VALUES (session_digest, new_mark_digest, of_customer, proven, code, of_browser, of_system,
            believed, session_until, believed + interval '180 days');
END $$;

DROP FUNCTION customers.prove_contact;
-- Tries a code that was asked for an act with an order. The right one makes a proof, whose id is the code's; it is the
-- same proof when the code is typed again. A code of a contact that has no customer any more proves nothing.
CREATE FUNCTION customers.prove_contact(
    code uuid, typed text, at timestamptz,
    OUT verdict text, OUT kind text, OUT value text, OUT tries_left integer, OUT wait_until timestamptz,
    OUT order_id text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, customers, pg_temp AS $$
DECLARE
    believed timestamptz := customers.checked_time(at);
BEGIN
    SELECT c.verdict, c.kind, c.value, c.tries_left, c.wait_until, c.subject
        INTO verdict, kind, value, tries_left, wait_until, order_id
        FROM customers.check_code(code, 'order_act', typed, believed) c;
    IF verdict <> 'right' THEN RETURN; END IF;
    INSERT INTO customers.proof (id, customer_id, contact_id, purpose, subject, proved_at)
        SELECT code, c.customer_id, c.id, 'order_act', order_id, believed FROM customers.contact c
        WHERE c.kind = prove_contact.kind AND c.value = prove_contact.value AND c.replaced_at IS NULL
        ON CONFLICT (id) DO NOTHING;
    IF NOT EXISTS (SELECT FROM customers.proof p WHERE p.id = code) THEN verdict := 'expired'; END IF;
END $$;

DROP FUNCTION customers.fresh_session;
-- The session of a token, if its contact was proven in the last 15 minutes and is still the customer's. The customer is
-- locked: nobody else changes the contacts until the end. Null: no such session, or an older proof (`is_old`).
CREATE FUNCTION customers.fresh_session(
    token bytea, at timestamptz, OUT customer uuid, OUT proven_by uuid, OUT is_old boolean
) LANGUAGE plpgsql AS $$
DECLARE
    opened timestamptz;
BEGIN
    SELECT s.customer_id, s.contact_id, s.created_at INTO customer, proven_by, opened FROM customers.session s
        WHERE s.token_digest = sha256(token)
            AND customers.is_signed_in(s.expires_at, coalesce(s.used_at, s.created_at), at);
    is_old := at >= opened + interval '15 minutes';
    PERFORM FROM customers.customer p WHERE p.id = customer FOR NO KEY UPDATE;
    IF is_old OR NOT EXISTS (SELECT FROM customers.contact c
        WHERE c.id = proven_by AND c.customer_id = customer AND c.replaced_at IS NULL)
    THEN
        customer := NULL;
    END IF;
END $$;

DROP FUNCTION customers.add_contact;
-- Tries a code for a contact that the customer of this session wants to add. The right one adds it, unless it has a
-- customer (`owner`). Verdicts beside those of check_code: no_session, old_session.
CREATE FUNCTION customers.add_contact(
    token bytea, code uuid, typed text, new_contact uuid, at timestamptz,
    OUT verdict text, OUT kind text, OUT value text, OUT tries_left integer, OUT wait_until timestamptz,
    OUT owner uuid, OUT is_new boolean
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
    SELECT c.verdict, c.kind, c.value, c.tries_left, c.wait_until, c.subject
        INTO verdict, kind, value, tries_left, wait_until, meant_for
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

DROP FUNCTION customers.end_session;
-- Ends what a browser has: the session of its cookie, and what it is known by.
CREATE FUNCTION customers.end_session(token bytea, mark bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, customers, pg_temp AS $$
    DELETE FROM customers.session WHERE token_digest = sha256($1) OR mark_digest = sha256($2);
$$;

-- Notes that a session was used; the site calls it once an hour. A session that is over stays over.
CREATE FUNCTION customers.use_session(token bytea, at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, customers, pg_temp AS $$
    UPDATE customers.session s SET used_at = customers.checked_time(at)
    WHERE s.token_digest = sha256($1)
        AND customers.is_signed_in(s.expires_at, coalesce(s.used_at, s.created_at), customers.checked_time(at));
$$;

-- Ends sessions of the customer who is signed in with this token: `which` is one (that with the digest `target`),
-- others, or all. Gives how many.
CREATE FUNCTION customers.end_sessions(token bytea, which text, target bytea, at timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, customers, pg_temp AS $$
DECLARE
    own bytea := sha256(token);
    ended integer;
BEGIN
    DELETE FROM customers.session s
        WHERE s.customer_id = (SELECT mine.customer_id FROM customers.session mine
                WHERE mine.token_digest = own AND customers.is_signed_in(
                    mine.expires_at, coalesce(mine.used_at, mine.created_at), customers.checked_time(at)))
            AND CASE which WHEN 'one' THEN s.token_digest = target WHEN 'others' THEN s.token_digest <> own
                ELSE which = 'all' END;
    GET DIAGNOSTICS ended = ROW_COUNT;
    RETURN ended;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA customers FROM PUBLIC;
GRANT SELECT (known_until) ON customers.session TO meterai_worker;
GRANT EXECUTE ON FUNCTION customers.ask_for_code, customers.try_code, customers.prove_contact, customers.add_contact,
    customers.remove_contact, customers.end_session, customers.end_sessions, customers.use_session,
    customers.is_signed_in TO meterai_site;
