-- Requests of others never refuse a code to anybody, and nobody is flooded with messages: while a code is open, later
-- requests of the same kind share it instead of getting a message each (see customers/codes.py).
ALTER TABLE customers.code
    ADD COLUMN same_as uuid,           -- the code whose digits and message this one shares; null: it has its own
    ADD COLUMN is_long boolean NOT NULL DEFAULT false;
CREATE INDEX code_by_shared ON customers.code (same_as) WHERE same_as IS NOT NULL;

-- The messages with codes to a contact, by kind of asker. A used code ends the count.
CREATE TABLE customers.code_message (
    kind text NOT NULL,
    value text NOT NULL,
    asker text NOT NULL,
    unused integer NOT NULL,           -- messages since a code was used
    sent_at timestamptz NOT NULL,
    PRIMARY KEY (kind, value, asker)
);
CREATE INDEX code_message_by_age ON customers.code_message (sent_at);

-- The codes that went to a country prefix, or to e-mail addresses, on a day in Jakarta. Each count is spread over eight
-- rows, so that people who ask at the same moment seldom wait for each other.
CREATE TABLE customers.code_count (
    day date NOT NULL,
    prefix text NOT NULL,              -- 62, 1, 971 ...; email
    part integer NOT NULL,
    sent bigint NOT NULL,
    PRIMARY KEY (day, prefix, part)
);

-- The country code of a telephone number in the form +628... (ITU-T E.164); for an e-mail address: email.
CREATE FUNCTION customers.prefix_of(contact_kind text, contact_value text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN contact_kind = 'email' THEN 'email' ELSE coalesce(substring(contact_value FROM
        '^\+(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|...)'), '') END;
$$;

-- How long after its last message a contact gets the next one: 30 seconds after the first, then twice as long each
-- time, at most an hour. Codes that were used do not count.
CREATE FUNCTION customers.message_gap(unused integer) RETURNS interval LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN unused < 1 THEN interval '0' ELSE least(interval '1 hour',
        interval '30 seconds' * 2 ^ least(unused - 1, 10)) END;
$$;

-- Which of the kinds of contact may get no more codes from strangers today: those of a foreign country.
CREATE FUNCTION customers.is_budget_spent(of_prefix text, home text, most bigint, today date) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT of_prefix NOT IN ('email', home)
        AND coalesce((SELECT sum(c.sent) FROM customers.code_count c
            WHERE c.day = today AND c.prefix = of_prefix), 0) >= most;
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
    INSERT INTO customers.code (id, kind, value, asker, browser, purpose, subject, code_digest, is_long, address_mac,
            created_at, tries_from, expires_at)
        VALUES (code, contact_kind, contact_value, who, known, of_purpose, of_subject,
            customers.code_digest(code, digits), is_long, asking, at, tries_from, until);
    INSERT INTO jobs.outbox (topic, payload, available_at, created_at) VALUES (topic, message || jsonb_build_object(
        'to_kind', contact_kind, 'to', contact_value, 'code', digits, 'expires_at', until,
        'text', replace(message->>'text', '{code}', digits)), at, at);
    INSERT INTO customers.code_message AS m (kind, value, asker, unused, sent_at)
        VALUES (contact_kind, contact_value, who, 1, at)
        ON CONFLICT (kind, value, asker) DO UPDATE SET sent_at = at,
            unused = CASE WHEN m.sent_at > at - interval '1 day' THEN m.unused + 1 ELSE 1 END;
    INSERT INTO customers.code_count AS c (day, prefix, part, sent)
        VALUES ((at AT TIME ZONE 'Asia/Jakarta')::date, customers.prefix_of(contact_kind, contact_value),
            floor(random() * 8), 1)
        ON CONFLICT (day, prefix, part) DO UPDATE SET sent = c.sent + 1;
END $$;

-- Gives a request the code of an earlier one. It has five tries and ten minutes of its own.
CREATE FUNCTION customers.share_code(
    code uuid, shared customers.code, of_purpose text, of_subject text, asking bytea, at timestamptz, wait interval,
    OUT until timestamptz, OUT tries_from timestamptz
) LANGUAGE plpgsql AS $$
BEGIN
    tries_from := at + wait;
    until := tries_from + interval '10 minutes';
    INSERT INTO customers.code (id, kind, value, asker, purpose, subject, code_digest, is_long, same_as, address_mac,
            created_at, tries_from, expires_at)
        VALUES (code, shared.kind, shared.value, shared.asker, of_purpose, of_subject, shared.code_digest,
            shared.is_long, shared.id, asking, at, tries_from, until);
END $$;

-- How difficult the work is after so many requests for a contact in 15 minutes.
CREATE FUNCTION customers.work_of(asked bigint) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN asked < 10 THEN 0 WHEN asked < 20 THEN 1 WHEN asked < 50 THEN 2 WHEN asked < 200 THEN 4 ELSE 8 END;
$$;

DROP FUNCTION customers.ask_for_code;
-- A code for a contact. The contact is locked until the end, so that parallel requests for it count each other.
-- `mark`: the cookie of a browser that may be known. It has five messages in 15 minutes of its own, whatever others do.
-- `needed`: the work that a stranger's network needs; more may be needed for the contact, which `difficulty` says.
-- `work`: how difficult the work was that the request brought. `waited`: it waited instead. The caller has checked both.
-- Others than the known get a long code where somebody may be guessing: after ten failures at the account, or while
-- four codes of its contact are open; a stranger also where somebody guesses from the asking address (see
-- customers/codes.py). After ten failures a stranger's first try waits, too.
-- A stranger gets no message while more than `behind_min` of the topic have been due since before `behind_since`, and
-- none at a foreign country's number when the day's `foreign_most` were sent there.
-- `outcome`: sent; shared (with the code sent at `sent_at`; the next message is due at `next_at`); work; many; behind;
-- budget.
CREATE FUNCTION customers.ask_for_code(
    code uuid, contact_kind text, contact_value text, who text, mark bytea, of_purpose text, of_subject text,
    asking bytea, at timestamptz, needed integer, work integer, waited boolean, tried_since timestamptz, code_tries integer,
    address_tries bigint, address_open bigint, behind_since timestamptz, behind_min bigint, home text,
    foreign_most bigint, message jsonb,
    OUT outcome text, OUT asked_as text, OUT difficulty integer, OUT free_at timestamptz, OUT sent_at timestamptz,
    OUT next_at timestamptz, OUT until timestamptz, OUT tries_from timestamptz
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, customers, pg_temp AS $$
DECLARE
    believed timestamptz := customers.checked_time(at);
    since timestamptz := believed - interval '15 minutes';
    known bytea;
    failed bigint;
    asked bigint;
    must_be_long boolean := false;
    wait interval := '0';
    last customers.code_message;
    shared customers.code;
BEGIN
    asked_as := CASE who WHEN 'called' THEN 'called' ELSE 'stranger' END;
    IF mark IS NOT NULL THEN
        known := customers.known_browser(mark, contact_kind, contact_value, believed);
    END IF;
    IF known IS NOT NULL THEN asked_as := 'known'; END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('customers.code ' || contact_value, 0));
    SELECT count(*), min(c.created_at) + interval '15 minutes' INTO asked, free_at FROM customers.code c
        WHERE c.kind = contact_kind AND c.value = contact_value AND c.asker = asked_as AND c.created_at > since
            AND (known IS NULL OR c.browser = known);
    IF known IS NOT NULL AND asked >= 5 THEN
        outcome := 'many';
        RETURN;
    END IF;
    difficulty := CASE asked_as WHEN 'known' THEN 0 WHEN 'called' THEN customers.work_of(asked)
        ELSE greatest(customers.work_of(asked), needed) END;
    IF difficulty > 0 AND work * 2 < difficulty AND NOT waited THEN
        outcome := 'work';
        RETURN;
    END IF;
    IF known IS NULL THEN
        failed := customers.failures(contact_kind, contact_value, believed);
        must_be_long := failed >= 10 OR EXISTS (
            SELECT FROM customers.code c
            WHERE c.kind = contact_kind AND c.value = contact_value AND c.browser IS NULL AND c.used_at IS NULL
                AND c.created_at > since AND c.expires_at > believed
            HAVING count(*) >= 4
        ) OR asked_as = 'stranger' AND EXISTS (
            SELECT FROM customers.code c
            WHERE c.address_mac = asking AND c.asker = 'stranger' AND c.used_at IS NULL AND c.created_at > tried_since
            HAVING sum(least(c.attempts, code_tries)) >= address_tries
                OR count(*) FILTER (WHERE c.created_at > since) >= address_open);
        IF asked_as = 'stranger' THEN wait := customers.pause(failed - 7); END IF;
        SELECT * INTO last FROM customers.code_message m
            WHERE m.kind = contact_kind AND m.value = contact_value AND m.asker = asked_as
                AND m.sent_at > believed - interval '1 day';
        next_at := last.sent_at + customers.message_gap(last.unused);
        IF next_at > believed THEN
            SELECT * INTO shared FROM customers.code c
                WHERE c.kind = contact_kind AND c.value = contact_value AND c.asker = asked_as
                    AND (c.purpose = 'order_act') = (of_purpose = 'order_act')
                    AND (of_purpose <> 'order_act' OR c.subject = of_subject)
                    AND c.same_as IS NULL AND c.used_at IS NULL AND (c.is_long OR NOT must_be_long)
                    AND c.created_at > believed - interval '1 hour'
                ORDER BY c.created_at DESC LIMIT 1;
        END IF;
        IF shared.id IS NOT NULL THEN
            outcome := 'shared';
            sent_at := shared.created_at;
            SELECT s.until, s.tries_from INTO until, tries_from
                FROM customers.share_code(code, shared, of_purpose, of_subject, asking, believed, wait) s;
            RETURN;
        END IF;
    END IF;
    IF asked_as = 'stranger' AND customers.is_budget_spent(customers.prefix_of(contact_kind, contact_value), home,
        foreign_most, (believed AT TIME ZONE 'Asia/Jakarta')::date)
    THEN
        outcome := 'budget';
        RETURN;
    END IF;
    IF asked_as = 'stranger' AND EXISTS (
        SELECT FROM jobs.outbox o WHERE o.topic = 'code.stranger.' || contact_kind AND o.available_at < behind_since
        OFFSET behind_min)
    THEN
        outcome := 'behind';
        RETURN;
    END IF;
    outcome := 'sent';
    sent_at := believed;
    SELECT m.until, m.tries_from INTO until, tries_from FROM customers.make_code(code, contact_kind, contact_value,
        asked_as, known, of_purpose, of_subject, must_be_long, asking, believed, wait, message) m;
END $$;

DROP FUNCTION customers.check_code;
-- Counts a try of a code that was asked for with this purpose, and says what it was: right (again for a minute),
-- wrong, used_up or expired; early: it was not looked at, because the next try is due at `wait_until`. After a wrong
-- try the next one waits, by the failures of the known browser that asked for the code, or by those of the account.
-- So nobody slows down a known browser. Other requests that share the right code end with it.
-- Whoever calls this acts on the answer in the same transaction.
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
        WHEN tried.code_digest = customers.code_digest(coalesce(tried.same_as, code), typed) THEN 'right'
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
    IF verdict = 'right' AND NOT is_repeat THEN
        UPDATE customers.code c SET expires_at = at
            WHERE c.id <> tried.id AND c.expires_at > at
                AND (c.id = tried.same_as OR c.same_as = coalesce(tried.same_as, tried.id));
        UPDATE customers.code_message m SET unused = 0
            WHERE m.kind = tried.kind AND m.value = tried.value AND m.asker = tried.asker;
    END IF;
    IF verdict = 'right' OR is_repeat OR verdict = 'expired' OR tries_left < 0 THEN RETURN; END IF;
    UPDATE customers.session s
        SET failures = CASE WHEN s.failed_at > at - interval '1 day' THEN s.failures + 1 ELSE 1 END, failed_at = at
        WHERE s.token_digest = tried.browser RETURNING s.failures INTO failed;
    IF NOT FOUND THEN failed := customers.failures(kind, value, at); END IF;
    wait_until := at + customers.pause(failed);
    UPDATE customers.code c SET tries_from = wait_until WHERE c.id = tried.id;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA customers FROM PUBLIC;
GRANT EXECUTE ON FUNCTION customers.ask_for_code TO meterai_site;
GRANT SELECT (same_as) ON customers.code TO meterai_worker, meterai_controller;
GRANT SELECT (kind, same_as, created_at, used_at) ON customers.code TO meterai_site;  -- for metrics
GRANT SELECT ON customers.code_count TO meterai_site;
GRANT SELECT, DELETE ON customers.code_count, customers.code_message TO meterai_worker;  -- those that are over
