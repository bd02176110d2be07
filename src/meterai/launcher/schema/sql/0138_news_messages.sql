-- Messages about incidents and announcements (docs/news.md). They are sent at most once: a row is claimed as `sending` before
-- the call. When the worker dies before the end is noted, the row becomes `unknown`, and nobody sends it again by itself.
CREATE TABLE news.message (
    id uuid PRIMARY KEY,
    incident integer REFERENCES news.incident,
    announcement integer REFERENCES news.announcement,
    customer_id uuid NOT NULL REFERENCES customers.customer,
    contact_kind text NOT NULL CHECK (contact_kind IN ('email', 'phone')),
    prefix text NOT NULL,                        -- `email`, or the country code: whose budget it uses
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN
        ('waiting', 'sending', 'sent', 'unknown', 'refused', 'unwanted', 'dropped')),
    valid_until timestamptz NOT NULL,            -- later it is dropped
    available_at timestamptz NOT NULL,
    attempted_at timestamptz,
    ended_at timestamptz,
    reference text,                              -- by which the next station knows it
    CHECK ((incident IS NULL) <> (announcement IS NULL)),
    CHECK ((state IN ('waiting', 'sending')) = (ended_at IS NULL))
);
CREATE UNIQUE INDEX message_of_incident ON news.message (incident, customer_id, contact_kind) WHERE incident IS NOT NULL;
CREATE UNIQUE INDEX message_of_announcement ON news.message (announcement, customer_id, contact_kind)
    WHERE announcement IS NOT NULL;
CREATE INDEX message_due ON news.message (available_at, id) WHERE state = 'waiting';
CREATE INDEX message_open ON news.message (attempted_at) WHERE state = 'sending';
CREATE INDEX message_ended ON news.message (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX message_by_customer ON news.message (customer_id);

-- How many were sent on a day, by Jakarta's clock. Those whose end is unknown count.
CREATE TABLE news.message_count (
    day date NOT NULL,
    prefix text NOT NULL,
    sent bigint NOT NULL,
    PRIMARY KEY (day, prefix)
);

CREATE FUNCTION news.day_of(at timestamptz) RETURNS date LANGUAGE sql IMMUTABLE AS $$
    SELECT (at AT TIME ZONE 'Asia/Jakarta')::date
$$;

-- Writes messages for customers: one for each kind of contact that takes such news. Those that exist are left alone. Gives
-- how many are new.
CREATE FUNCTION news.add_messages(
    of_incident integer, of_announcement integer, customers uuid[], until timestamptz, at timestamptz
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    added bigint;
BEGIN
    INSERT INTO news.message (id, incident, announcement, customer_id, contact_kind, prefix, valid_until, available_at)
        SELECT DISTINCT ON (c.customer_id, c.kind) gen_random_uuid(), of_incident, of_announcement, c.customer_id, c.kind,
            customers.prefix_of(c.kind, c.value), until, at
        FROM customers.contact c
        WHERE c.customer_id = ANY (customers) AND c.replaced_at IS NULL
            AND customers.takes_news(c.id, CASE WHEN of_incident IS NULL THEN 'announcement' ELSE 'incident' END)
        ORDER BY c.customer_id, c.kind, c.verified_at, c.id
        ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS added = ROW_COUNT;
    RETURN added;
END $$;

-- How many messages a prefix may have on a day.
CREATE FUNCTION news.most_of(of_prefix text, home text, home_most bigint, email_most bigint, foreign_most bigint)
RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE of_prefix WHEN 'email' THEN email_most WHEN home THEN home_most ELSE foreign_most END
$$;

-- Ends messages that are too late, and those whose worker died: `unknown`. Gives how many of each. Those that ended more than a
-- year ago are forgotten.
CREATE FUNCTION news.end_lost_messages(begun_before timestamptz, at timestamptz, OUT dropped bigint, OUT unknown bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE news.message m SET state = 'dropped', ended_at = at WHERE m.state = 'waiting' AND m.valid_until <= at;
    GET DIAGNOSTICS dropped = ROW_COUNT;
    UPDATE news.message m SET state = 'unknown', ended_at = at WHERE m.state = 'sending' AND m.attempted_at < begun_before;
    GET DIAGNOSTICS unknown = ROW_COUNT;
    DELETE FROM news.message m WHERE m.ended_at < at - interval '400 days';
    DELETE FROM news.message_count n WHERE n.day < news.day_of(at) - 400;
END $$;

-- Claims up to `most` messages of these kinds of contact, the oldest first, and counts them. What no longer fits into the day's
-- budget waits for the next day. A message whose customer no longer wants it ends as `unwanted`.
CREATE FUNCTION news.claim_messages(
    kinds text[], home text, home_most bigint, email_most bigint, foreign_most bigint, most integer, at timestamptz
) RETURNS TABLE (
    id uuid, incident integer, announcement integer, contact_id uuid, contact_kind text, contact_value text, language text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    today date := news.day_of(at);
    m news.message;
    c record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('news.claim_messages'));
    FOR m IN SELECT * FROM news.message w WHERE w.state = 'waiting' AND w.available_at <= at AND w.valid_until > at
            AND w.contact_kind = ANY (kinds) ORDER BY w.available_at, w.id LIMIT most FOR UPDATE LOOP
        SELECT k.id, k.value, p.language INTO c FROM customers.contact k JOIN customers.customer p ON p.id = k.customer_id
            WHERE k.customer_id = m.customer_id AND k.kind = m.contact_kind AND k.replaced_at IS NULL
                AND customers.takes_news(k.id, CASE WHEN m.incident IS NULL THEN 'announcement' ELSE 'incident' END)
            ORDER BY k.verified_at, k.id LIMIT 1;
        IF NOT FOUND THEN
            UPDATE news.message w SET state = 'unwanted', ended_at = at WHERE w.id = m.id;
            CONTINUE;
        END IF;
        INSERT INTO news.message_count AS n (day, prefix, sent)
            SELECT today, m.prefix, 1 WHERE news.most_of(m.prefix, home, home_most, email_most, foreign_most) > 0
            ON CONFLICT (day, prefix) DO UPDATE SET sent = n.sent + 1
                WHERE n.sent < news.most_of(m.prefix, home, home_most, email_most, foreign_most);
        IF NOT FOUND THEN
            UPDATE news.message w SET available_at = (today + 1)::timestamp AT TIME ZONE 'Asia/Jakarta'
                WHERE w.state = 'waiting' AND w.prefix = m.prefix AND w.available_at <= at;
            CONTINUE;
        END IF;
        UPDATE news.message w SET state = 'sending', attempted_at = at WHERE w.id = m.id;
        id := m.id; incident := m.incident; announcement := m.announcement; contact_id := c.id;
        contact_kind := m.contact_kind; contact_value := c.value; language := c.language;
        RETURN NEXT;
    END LOOP;
END $$;

-- Notes the end of a message that is being sent.
CREATE FUNCTION news.end_message(of_message uuid, as_state text, of_reference text, at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE news.message m SET state = as_state, reference = nullif(of_reference, ''), ended_at = at
        WHERE m.id = of_message AND m.state = 'sending' AND as_state IN ('sent', 'unknown', 'refused')
$$;

-- Puts a message off that its station has not taken: it does not count for the day.
CREATE FUNCTION news.put_message_off(of_message uuid, until timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    m news.message;
BEGIN
    UPDATE news.message w SET state = 'waiting', available_at = until WHERE w.id = of_message AND w.state = 'sending'
        RETURNING * INTO m;
    UPDATE news.message_count n SET sent = n.sent - 1
        WHERE n.day = news.day_of(m.attempted_at) AND n.prefix = m.prefix AND n.sent > 0;
END $$;

-- How many there are by state: of an incident, of an announcement, or (both null) those that wait and those that ended today.
CREATE FUNCTION news.message_states(of_incident integer, of_announcement integer, at timestamptz)
RETURNS TABLE (state text, number bigint) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT m.state, count(*) FROM news.message m
    WHERE CASE WHEN of_incident IS NULL AND of_announcement IS NULL
        THEN m.ended_at IS NULL OR m.ended_at >= news.day_of(at)::timestamp AT TIME ZONE 'Asia/Jakarta'
        ELSE m.incident = of_incident OR m.announcement = of_announcement END
    GROUP BY m.state
$$;

REVOKE ALL ON FUNCTION news.day_of, news.add_messages, news.most_of, news.end_lost_messages, news.claim_messages,
    news.end_message, news.put_message_off, news.message_states FROM PUBLIC;
GRANT EXECUTE ON FUNCTION news.add_messages TO meterai_operator;
GRANT EXECUTE ON FUNCTION news.end_lost_messages, news.claim_messages, news.end_message, news.put_message_off
    TO meterai_worker;
GRANT EXECUTE ON FUNCTION news.message_states TO meterai_site, meterai_worker, meterai_operator;
GRANT SELECT ON news.message_count TO meterai_site, meterai_worker, meterai_operator, meterai_reader;
GRANT SELECT ON news.message TO meterai_operator;
