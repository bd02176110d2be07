-- A person types the code of the newest message also where the page belongs to an older one: strangers who ask for codes
-- of the contact cause newer messages. Before, that code was wrong there.

-- Which code these digits are, of those that may be typed for this request: the one that it has, or one that went to the
-- contact in a newer message, for the same kind of asker and of act. No short code takes the place of a long one. A
-- known browser's requests have a code each. null: no code. The end of a newer one by this request does not count: after
-- a double click it is typed twice.
CREATE FUNCTION customers.code_typed(tried customers.code, typed text, at timestamptz) RETURNS uuid
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN tried.code_digest = customers.code_digest(coalesce(tried.same_as, tried.id), typed)
            THEN coalesce(tried.same_as, tried.id)
        ELSE (SELECT c.id FROM customers.code c
            WHERE c.kind = tried.kind AND c.value = tried.value AND c.asker = tried.asker
                AND c.created_at > tried.created_at AND c.same_as IS NULL AND c.used_at IS NULL
                AND c.browser IS NULL AND tried.browser IS NULL
                AND (c.purpose = 'order_act') = (tried.purpose = 'order_act')
                AND (c.purpose <> 'order_act' OR c.subject = tried.subject)
                AND (c.is_long OR NOT tried.is_long)
                AND (c.expires_at > at OR c.expires_at = tried.used_at)
                AND c.code_digest = customers.code_digest(c.id, typed)
            LIMIT 1)
        END;
$$;
REVOKE ALL ON FUNCTION customers.code_typed FROM PUBLIC;

-- Counts a try of a code that was asked for with this purpose, and says what it was: right (again for a minute),
-- wrong, used_up or expired; early: it was not looked at, because the next try is due at `wait_until`. After a wrong
-- try the next one waits, by the failures of the known browser that asked for the code, or by those of the account.
-- So nobody slows down a known browser. Other requests that share the right code end with it, and those that share the
-- code of this request. Whoever calls this acts on the answer in the same transaction.
CREATE OR REPLACE FUNCTION customers.check_code(
    code uuid, of_purpose text, typed text, at timestamptz,
    OUT verdict text, OUT kind text, OUT value text, OUT subject text, OUT tries_left integer,
    OUT wait_until timestamptz, OUT is_repeat boolean
) LANGUAGE plpgsql AS $$
DECLARE
    tried customers.code;
    own uuid;        -- the code that the request has
    right_one uuid;  -- the code that was typed
    failed bigint;
BEGIN
    SELECT * INTO tried FROM customers.code c WHERE c.id = code AND c.purpose = of_purpose FOR UPDATE;
    own := coalesce(tried.same_as, tried.id);
    right_one := customers.code_typed(tried, typed, at);
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
        WHEN right_one IS NOT NULL THEN 'right'
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
                AND (c.id IN (own, right_one) OR c.same_as IN (own, right_one));
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
