-- Events of partners, and the webhooks to which messages about them go (docs/partners.md). The worker notes events and
-- delivers messages. The site keeps webhooks; it never reads a secret after it has made it.

CREATE TABLE partners.event_count (
    organisation_id uuid PRIMARY KEY REFERENCES partners.organisation,
    last bigint NOT NULL DEFAULT 0
);
CREATE TABLE partners.event (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES partners.organisation,
    sequence bigint NOT NULL,                        -- in the order in which they can be read
    kind text NOT NULL CHECK (length(kind) BETWEEN 1 AND 60),
    subject_id uuid NOT NULL,
    source_id uuid NOT NULL,                         -- what made it; it makes one event of a kind
    facts jsonb NOT NULL,
    happened_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (organisation_id, sequence),
    UNIQUE (source_id, kind)
);
CREATE INDEX event_by_age ON partners.event (created_at);

CREATE TABLE partners.webhook (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES partners.organisation,
    url text NOT NULL CHECK (length(url) BETWEEN 8 AND 2048),
    kinds text[] NOT NULL DEFAULT '{}',              -- empty: all
    description text NOT NULL DEFAULT '' CHECK (length(description) <= 200),
    scheme text NOT NULL CHECK (scheme IN ('hmac', 'ed25519')),
    state text NOT NULL DEFAULT 'enabled' CHECK (state IN ('enabled', 'disabled', 'removed')),
    disabled_because text CHECK (disabled_because IN ('gone', 'failing', 'asked')),
    created_at timestamptz NOT NULL,
    failures integer NOT NULL DEFAULT 0,             -- requests in a row that were not taken
    failing_since timestamptz,                       -- the first of them
    paused_until timestamptz,
    due_at timestamptz,                              -- null: nothing waits
    lease_until timestamptz                          -- a worker visits it until then
);
CREATE INDEX webhook_by_organisation ON partners.webhook (organisation_id);
CREATE INDEX webhook_due ON partners.webhook (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE partners.webhook_secret (
    webhook_id uuid NOT NULL REFERENCES partners.webhook ON DELETE CASCADE,
    made_at timestamptz NOT NULL,
    ends_at timestamptz,                             -- null: it is the newest
    public_key text,
    secret text NOT NULL,
    PRIMARY KEY (webhook_id, made_at)
);

CREATE TABLE partners.delivery (
    id uuid PRIMARY KEY,
    webhook_id uuid NOT NULL REFERENCES partners.webhook ON DELETE CASCADE,
    event_id uuid NOT NULL REFERENCES partners.event ON DELETE CASCADE,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'failed', 'stopped')),
    attempts integer NOT NULL DEFAULT 0,
    is_replay boolean NOT NULL DEFAULT false,
    next_attempt_at timestamptz,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    CHECK ((state = 'waiting') = (next_attempt_at IS NOT NULL)),
    CHECK ((state = 'waiting') = (ended_at IS NULL))
);
CREATE INDEX delivery_by_webhook ON partners.delivery (webhook_id, id);
CREATE INDEX delivery_by_event ON partners.delivery (event_id);
CREATE INDEX delivery_due ON partners.delivery (webhook_id, next_attempt_at) WHERE next_attempt_at IS NOT NULL;

CREATE TABLE partners.delivery_attempt (
    delivery_id uuid NOT NULL REFERENCES partners.delivery ON DELETE CASCADE,
    number integer NOT NULL,
    at timestamptz NOT NULL,
    milliseconds integer NOT NULL,
    status integer,
    trouble text CHECK (length(trouble) <= 60),
    PRIMARY KEY (delivery_id, number)
);

-- How few stamps an organisation wants to hear of, and whether it has.
CREATE TABLE partners.quota_alert (
    organisation_id uuid PRIMARY KEY REFERENCES partners.organisation,
    pieces bigint NOT NULL CHECK (pieces BETWEEN 0 AND 100000000),
    told_at timestamptz
);

-- A UUIDv7 (RFC 9562): the milliseconds of a moment, and chance.
CREATE FUNCTION partners.new_id(at timestamptz) RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING substring(
        int8send((extract(epoch FROM at) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
$$;

-- Queues a message about events, for all webhooks of their organisation that take them.
CREATE FUNCTION partners.queue_deliveries(events uuid[], at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM partners.webhook w WHERE w.state = 'enabled' AND w.organisation_id IN (
            SELECT e.organisation_id FROM partners.event e WHERE e.id = ANY (events))
        ORDER BY w.id FOR NO KEY UPDATE;
    WITH queued AS (
        INSERT INTO partners.delivery (id, webhook_id, event_id, next_attempt_at, created_at)
        SELECT partners.new_id(at), w.id, e.id, at, at
        FROM partners.event e JOIN partners.webhook w ON w.organisation_id = e.organisation_id
            AND w.state = 'enabled' AND (w.kinds = '{}' OR e.kind = ANY (w.kinds))
        WHERE e.id = ANY (events) ORDER BY e.sequence RETURNING webhook_id
    )
    UPDATE partners.webhook w SET due_at = least(w.due_at, greatest(at, w.paused_until))
    WHERE w.id IN (SELECT webhook_id FROM queued);
END $$;

-- Notes events that are not noted yet, and queues messages about them. Gives how many were new. The count of an
-- organisation is locked until the commit: so nobody reads an event before all that have lower numbers.
CREATE FUNCTION partners.note_events(
    organisations uuid[], kinds text[], subjects uuid[], sources uuid[], facts jsonb[], happened timestamptz[],
    at timestamptz
) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    noted uuid[];
BEGIN
    INSERT INTO partners.event_count (organisation_id)
        SELECT o.id FROM partners.organisation o WHERE o.id = ANY (organisations) ORDER BY o.id ON CONFLICT DO NOTHING;
    PERFORM FROM partners.event_count c WHERE c.organisation_id = ANY (organisations)
        ORDER BY c.organisation_id FOR NO KEY UPDATE;
    WITH new AS (
        INSERT INTO partners.event (id, organisation_id, sequence, kind, subject_id, source_id, facts, happened_at,
            created_at)
        SELECT partners.new_id(at), n.organisation, c.last + row_number() OVER (
                PARTITION BY n.organisation ORDER BY n.place), n.kind, n.subject, n.source, n.facts, n.happened, at
        FROM (SELECT DISTINCT ON (g.source, g.kind) g.*
              FROM unnest(organisations, kinds, subjects, sources, facts, happened) WITH ORDINALITY
                  AS g(organisation, kind, subject, source, facts, happened, place)
              ORDER BY g.source, g.kind, g.place) n
        JOIN partners.event_count c ON c.organisation_id = n.organisation
        WHERE NOT EXISTS (SELECT FROM partners.event e WHERE e.source_id = n.source AND e.kind = n.kind)
        RETURNING id, organisation_id
    ), counted AS (
        UPDATE partners.event_count c SET last = c.last + t.pieces
        FROM (SELECT organisation_id, count(*) AS pieces FROM new GROUP BY organisation_id) t
        WHERE c.organisation_id = t.organisation_id
    )
    SELECT array_agg(id) INTO noted FROM new;
    IF noted IS NULL THEN RETURN 0; END IF;
    PERFORM partners.queue_deliveries(noted, at);
    RETURN cardinality(noted);
END $$;

-- A test event, for one webhook alone. False: the organisation has no such webhook that is enabled.
CREATE FUNCTION partners.test_webhook(delivery uuid, of_webhook uuid, organisation uuid, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    number bigint;
    event uuid := partners.new_id(at);
BEGIN
    INSERT INTO partners.event_count (organisation_id)
        SELECT o.id FROM partners.organisation o WHERE o.id = organisation ON CONFLICT DO NOTHING;
    UPDATE partners.event_count c SET last = c.last + 1 WHERE c.organisation_id = organisation
        RETURNING last INTO number;
    UPDATE partners.webhook w SET due_at = at, paused_until = NULL
        WHERE w.id = of_webhook AND w.organisation_id = organisation AND w.state = 'enabled';
    IF NOT FOUND THEN RETURN false; END IF;
    INSERT INTO partners.event (id, organisation_id, sequence, kind, subject_id, source_id, facts, happened_at,
            created_at)
        VALUES (event, organisation, number, 'webhook.test', of_webhook, delivery, '{}', at, at);
    INSERT INTO partners.delivery (id, webhook_id, event_id, next_attempt_at, created_at)
        VALUES (delivery, of_webhook, event, at, at);
    RETURN true;
END $$;

-- Queues messages again: those of a webhook's deliveries that have ended; only of these deliveries, states, or since
-- this time, where they are given. Gives how many; -1: the organisation has no such webhook that is enabled.
CREATE FUNCTION partners.replay_deliveries(
    of_webhook uuid, organisation uuid, deliveries uuid[], states text[], since timestamptz, most integer,
    at timestamptz
) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    queued integer;
BEGIN
    UPDATE partners.webhook w SET due_at = least(w.due_at, at), paused_until = NULL
        WHERE w.id = of_webhook AND w.organisation_id = organisation AND w.state = 'enabled';
    IF NOT FOUND THEN RETURN -1; END IF;
    INSERT INTO partners.delivery (id, webhook_id, event_id, next_attempt_at, created_at, is_replay)
        SELECT partners.new_id(at), of_webhook, one.event_id, at, at, true FROM (
            SELECT d.event_id, min(d.created_at) AS first FROM partners.delivery d
            WHERE d.webhook_id = of_webhook AND d.ended_at IS NOT NULL
                AND (deliveries IS NULL OR d.id = ANY (deliveries))
                AND (states IS NULL OR d.state = ANY (states)) AND (since IS NULL OR d.created_at >= since)
                AND NOT EXISTS (SELECT FROM partners.delivery w WHERE w.event_id = d.event_id
                    AND w.webhook_id = of_webhook AND w.state = 'waiting')
            GROUP BY d.event_id ORDER BY first LIMIT most
        ) one;
    GET DIAGNOSTICS queued = ROW_COUNT;
    RETURN queued;
END $$;

-- Disables or removes a webhook, and stops what waits for it. False: it was not enabled.
CREATE FUNCTION partners.stop_webhook(
    of_webhook uuid, organisation uuid, new_state text, because text, at timestamptz
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE partners.webhook w SET state = new_state, disabled_because = because, due_at = NULL
        WHERE w.id = of_webhook AND w.organisation_id = organisation AND new_state IN ('disabled', 'removed')
            AND w.state IN ('enabled', CASE new_state WHEN 'removed' THEN 'disabled' END);
    IF NOT FOUND THEN RETURN false; END IF;
    UPDATE partners.delivery d SET state = 'stopped', next_attempt_at = NULL, ended_at = at
        WHERE d.webhook_id = of_webhook AND d.state = 'waiting';
    DELETE FROM partners.webhook_secret s WHERE s.webhook_id = of_webhook AND new_state = 'removed';
    RETURN true;
END $$;

-- Blocks are events of organisations that get them, and of partners to whom pieces come back.
CREATE FUNCTION partners.tell_block() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO jobs.outbox (topic, payload, available_at, created_at) VALUES ('partners.event', jsonb_build_object(
        'organisation_id', NEW.receiver, 'kind', 'block.received', 'subject_id', NEW.id, 'source_id', NEW.id,
        'happened_at', NEW.at, 'facts', jsonb_build_object('pieces', NEW.pieces)), NEW.at, NEW.at);
    RETURN NULL;
END $$;
CREATE FUNCTION partners.tell_return() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO jobs.outbox (topic, payload, available_at, created_at) SELECT 'partners.event', jsonb_build_object(
        'organisation_id', o.id, 'kind', 'block.returned', 'subject_id', b.id, 'source_id', NEW.id,
        'happened_at', NEW.at, 'facts', jsonb_build_object('pieces', NEW.pieces)), NEW.at, NEW.at
    FROM partners.block b JOIN partners.organisation o ON o.id = b.giver WHERE b.id = NEW.block_id;
    RETURN NULL;
END $$;
CREATE TRIGGER block_is_told AFTER INSERT ON partners.block FOR EACH ROW EXECUTE FUNCTION partners.tell_block();
CREATE TRIGGER return_is_told AFTER INSERT ON partners.block_return FOR EACH ROW
    EXECUTE FUNCTION partners.tell_return();

REVOKE ALL ON FUNCTION partners.new_id, partners.queue_deliveries, partners.note_events, partners.test_webhook,
    partners.replay_deliveries, partners.stop_webhook, partners.tell_block, partners.tell_return FROM PUBLIC;
GRANT EXECUTE ON FUNCTION partners.test_webhook, partners.replay_deliveries TO meterai_site;
GRANT EXECUTE ON FUNCTION partners.stop_webhook TO meterai_site, meterai_worker;
GRANT EXECUTE ON FUNCTION partners.note_events TO meterai_worker;

GRANT SELECT ON partners.event, partners.webhook, partners.delivery, partners.delivery_attempt, partners.quota_alert
    TO meterai_site, meterai_worker, meterai_operator, meterai_reader;
GRANT INSERT, UPDATE (url, kinds, description, state, disabled_because, failures, failing_since, paused_until, due_at)
    ON partners.webhook TO meterai_site;
GRANT SELECT (webhook_id, made_at, ends_at, public_key), INSERT, UPDATE (ends_at) ON partners.webhook_secret
    TO meterai_site;
GRANT INSERT, UPDATE (pieces) ON partners.quota_alert TO meterai_site;
GRANT SELECT, DELETE ON partners.webhook_secret TO meterai_worker;
GRANT UPDATE (failures, failing_since, paused_until, due_at, lease_until), DELETE ON partners.webhook TO meterai_worker;
GRANT UPDATE (state, attempts, next_attempt_at, ended_at), DELETE ON partners.delivery TO meterai_worker;
GRANT INSERT ON partners.delivery_attempt TO meterai_worker;
GRANT UPDATE (told_at) ON partners.quota_alert TO meterai_worker;
GRANT DELETE ON partners.event TO meterai_worker;
