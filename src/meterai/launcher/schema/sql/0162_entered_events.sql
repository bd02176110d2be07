-- Events that officers enter. Their entry stands above the events file's (docs/waiting-room.md, "Whose word counts").
-- EV001: the event is known · EV002: it is not · EV003: it is over · EV004: officers entered nothing
INSERT INTO operations.act VALUES
    ('event.open', '{admin}', 2), ('event.change', '{admin}', 2), ('event.close', '{admin}', 2),
    ('event.follow_file', '{admin}', 2);
INSERT INTO operations.audit_writer (role, kind) VALUES ('meterai_operator', 'event'), ('meterai_console', 'event');

-- What the events file says, and what officers say, as `sales.events.Event` has it. A start writes the file's.
CREATE TABLE sales.event_entry (
    slug text NOT NULL,
    is_officers boolean NOT NULL,
    says jsonb NOT NULL,
    entered_at timestamptz NOT NULL,
    PRIMARY KEY (slug, is_officers)
);
GRANT SELECT ON sales.event_entry TO meterai_operator, meterai_console, meterai_reader;
GRANT INSERT, UPDATE, DELETE ON sales.event_entry TO meterai_operator;

-- The entries that count: of each event the officers', else the file's.
CREATE VIEW sales.event_in_force AS
    SELECT DISTINCT ON (slug) slug, is_officers, says FROM sales.event_entry ORDER BY slug, is_officers DESC;
GRANT SELECT ON sales.event_in_force TO meterai_operator, meterai_console, meterai_reader;

-- Offers an event as an entry says.
CREATE FUNCTION sales.offer_event(says jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO sales.event (slug, name, name_en, agency, agency_en, opens_at, closes_at, zone, required_documents,
            output_bytes_max, pdf_version_min, signed_later, hand_in, active)
        VALUES (says ->> 'slug', says ->> 'name', says ->> 'name_en', says ->> 'agency', says ->> 'agency_en',
            (says ->> 'opens_at')::timestamptz, (says ->> 'closes_at')::timestamptz, says ->> 'zone',
            says -> 'required_documents', (says ->> 'output_bytes_max')::bigint, says ->> 'pdf_version_min',
            (says ->> 'signed_later')::boolean, nullif(says -> 'hand_in', 'null'), true)
        ON CONFLICT (slug) DO UPDATE SET name = excluded.name, name_en = excluded.name_en,
            agency = excluded.agency, agency_en = excluded.agency_en,
            opens_at = excluded.opens_at, closes_at = excluded.closes_at, zone = excluded.zone,
            required_documents = excluded.required_documents,
            output_bytes_max = excluded.output_bytes_max, pdf_version_min = excluded.pdf_version_min,
            signed_later = excluded.signed_later, hand_in = excluded.hand_in, active = true
$$;

-- What the entry of an event says once an officer's act is done; null: nothing is offered.
CREATE FUNCTION sales.event_after(kind text, of_event text, facts jsonb, at timestamptz) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    now_says jsonb := (SELECT e.says FROM sales.event_in_force e WHERE e.slug = of_event);
    closing timestamptz;
BEGIN
    CASE kind
    WHEN 'event.open' THEN
        IF EXISTS (SELECT FROM sales.event e WHERE e.slug = of_event) THEN
            RAISE EXCEPTION '% is known', of_event USING ERRCODE = 'EV001';
        END IF;
        RETURN facts - 'reason' || jsonb_build_object('slug', of_event);
    WHEN 'event.change' THEN
        IF NOT EXISTS (SELECT FROM sales.event e WHERE e.slug = of_event) THEN
            RAISE EXCEPTION '% is unknown', of_event USING ERRCODE = 'EV002';
        END IF;
        RETURN facts - 'reason' || jsonb_build_object('slug', of_event);
    WHEN 'event.close' THEN
        IF now_says IS NULL THEN RAISE EXCEPTION '% is not offered', of_event USING ERRCODE = 'EV002'; END IF;
        IF (now_says ->> 'closes_at')::timestamptz <= at THEN
            RAISE EXCEPTION '% is over', of_event USING ERRCODE = 'EV003';
        END IF;
        closing := greatest(at, (nullif(facts ->> 'closes_at', 'now'))::timestamptz);
        RETURN now_says || jsonb_build_object('closes_at', closing,
            'opens_at', least((now_says ->> 'opens_at')::timestamptz, closing - interval '1 second'));
    WHEN 'event.follow_file' THEN
        IF NOT EXISTS (SELECT FROM sales.event_entry e WHERE e.slug = of_event AND e.is_officers) THEN
            RAISE EXCEPTION 'nobody entered %', of_event USING ERRCODE = 'EV004';
        END IF;
        RETURN (SELECT e.says FROM sales.event_entry e WHERE e.slug = of_event AND NOT e.is_officers);
    END CASE;
END $$;

-- The rules of an event's queue, as `waiting_room.use_cases.set_queue` makes them: `version` for a queue that is there.
CREATE FUNCTION waiting_room.take_rules(of_event text, rules jsonb, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    new_queue smallint;
BEGIN
    IF rules ? 'version' THEN
        UPDATE waiting_room.queue SET schedule = rules -> 'schedule', policy = rules -> 'policy',
            config_version = (rules ->> 'version')::integer, config_sha256 = '' WHERE event = of_event;
        RETURN;
    END IF;
    INSERT INTO waiting_room.queue (event, schedule, policy, created_at, is_on, closed_through, revealed_through,
            frontier_window)
        VALUES (of_event, rules -> 'schedule', rules -> 'policy', at, (rules ->> 'is_on')::boolean,
            (rules ->> 'first')::integer - 1, (rules ->> 'first')::integer - 1, (rules ->> 'first')::integer)
        ON CONFLICT (event) DO NOTHING RETURNING number INTO new_queue;
    IF new_queue IS NOT NULL THEN INSERT INTO waiting_room.door (queue) VALUES (new_queue); END IF;
END $$;

-- Does what two officers have released with an event, and with its queue (`rules`; null: nothing changes there).
CREATE FUNCTION operations.enter_event(
    kind text, of_event text, facts jsonb, rules jsonb, actor text, request bigint, at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    says jsonb;
BEGIN
    LOCK TABLE sales.event_entry IN SHARE ROW EXCLUSIVE MODE;  -- a start writes it, too
    says := sales.event_after(kind, of_event, facts, at);
    IF NOT operations.use_release(kind, of_event, facts) THEN
        RAISE EXCEPTION 'two officers have not released this' USING ERRCODE = 'OF007';
    END IF;
    IF kind = 'event.follow_file' THEN
        DELETE FROM sales.event_entry e WHERE e.slug = of_event AND e.is_officers;
    ELSE
        INSERT INTO sales.event_entry VALUES (of_event, true, says, at)
            ON CONFLICT (slug, is_officers) DO UPDATE SET says = excluded.says, entered_at = at;
    END IF;
    IF says IS NULL THEN
        UPDATE sales.event SET active = false WHERE slug = of_event;
    ELSE
        PERFORM sales.offer_event(says);
    END IF;
    IF rules IS NOT NULL THEN PERFORM waiting_room.take_rules(of_event, rules, at); END IF;
    PERFORM operations.write_audit(actor, kind, of_event, facts, at, NULL, '{}', request);
END $$;

REVOKE ALL ON FUNCTION sales.offer_event, sales.event_after, waiting_room.take_rules, operations.enter_event FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sales.event_after TO meterai_operator, meterai_console;
GRANT EXECUTE ON FUNCTION sales.offer_event, waiting_room.take_rules TO meterai_operator;
GRANT EXECUTE ON FUNCTION operations.enter_event TO meterai_operator, meterai_console;
