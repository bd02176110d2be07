-- News: incidents with their updates, and announcements (docs/news.md). All of it is public: who wrote it stands in the
-- audit trail alone. Officers write; every process that shows news to people reads.
CREATE SCHEMA news;

CREATE TABLE news.incident (
    number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    components text[] NOT NULL CHECK (cardinality(components) > 0 AND components <@ ARRAY[
        'site', 'payment', 'stamping', 'line', 'messages', 'verification', 'partners']),
    severity text NOT NULL CHECK (severity IN ('minor', 'major', 'critical')),
    state text NOT NULL CHECK (state IN ('investigating', 'identified', 'watching', 'resolved')),
    title_id text NOT NULL CHECK (title_id <> ''),
    title_en text NOT NULL CHECK (title_en <> ''),
    started_at timestamptz NOT NULL,
    ended_at timestamptz CHECK (ended_at >= started_at),
    next_update_at timestamptz,                  -- when people can expect the next update; null: it is over
    CHECK ((state = 'resolved') = (ended_at IS NOT NULL)),
    CHECK ((state = 'resolved') = (next_update_at IS NULL)),
    CHECK (octet_length(title_id) + octet_length(title_en) <= 160)   -- wait pages show it as a whole
);
CREATE INDEX incident_open ON news.incident (number) WHERE state <> 'resolved';
CREATE INDEX incident_by_start ON news.incident (started_at);
CREATE TABLE news.incident_update (
    incident integer NOT NULL REFERENCES news.incident,
    place integer NOT NULL,
    state text NOT NULL CHECK (state IN ('investigating', 'identified', 'watching', 'resolved')),
    text_id text NOT NULL CHECK (length(text_id) BETWEEN 1 AND 600),
    text_en text NOT NULL CHECK (length(text_en) BETWEEN 1 AND 600),
    at timestamptz NOT NULL,
    PRIMARY KEY (incident, place)
);
CREATE TABLE news.announcement (
    number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    audience text NOT NULL CHECK (audience IN ('all', 'event', 'line', 'partners')),
    event text CHECK ((event IS NOT NULL) = (audience IN ('event', 'line'))),
    title_id text NOT NULL CHECK (title_id <> ''),
    title_en text NOT NULL CHECK (title_en <> ''),
    text_id text NOT NULL CHECK (length(text_id) <= 600),
    text_en text NOT NULL CHECK (length(text_en) <= 600),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at >= starts_at),
    CHECK ((text_id = '') = (text_en = '')),
    CHECK (octet_length(title_id) + octet_length(title_en) <= 160)
);
CREATE INDEX announcement_by_end ON news.announcement (ends_at);

GRANT USAGE ON SCHEMA news TO meterai_site, meterai_worker, meterai_controller, meterai_operator, meterai_reader;
GRANT SELECT ON news.incident, news.incident_update, news.announcement
    TO meterai_site, meterai_worker, meterai_controller, meterai_operator, meterai_reader;
GRANT INSERT ON news.incident, news.incident_update, news.announcement TO meterai_operator;
GRANT UPDATE (severity, components, state, ended_at, next_update_at) ON news.incident TO meterai_operator;
GRANT UPDATE (ends_at) ON news.announcement TO meterai_operator;
INSERT INTO operations.audit_writer (role, kind)
    VALUES ('meterai_operator', 'incident'), ('meterai_operator', 'announcement');
