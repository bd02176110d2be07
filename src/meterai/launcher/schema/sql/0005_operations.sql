-- What must happen next (outbox), the stop switch, announcements.

CREATE SCHEMA jobs;
CREATE TABLE jobs.outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    payload jsonb NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    available_at timestamptz NOT NULL,   -- also the lease: moved on when claimed
    created_at timestamptz NOT NULL
);
CREATE INDEX outbox_due ON jobs.outbox (available_at);
ALTER TABLE jobs.outbox SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
GRANT USAGE ON SCHEMA jobs TO meterai_app, meterai_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON jobs.outbox TO meterai_app;
GRANT SELECT ON jobs.outbox TO meterai_reader;

CREATE SCHEMA operations;
CREATE TABLE operations.switch (
    name text PRIMARY KEY,
    thrown boolean NOT NULL,
    reason text NOT NULL,
    changed_at timestamptz NOT NULL
);
INSERT INTO operations.switch VALUES ('sealing_stopped', false, '', now());
CREATE TABLE operations.announcement (
    id uuid PRIMARY KEY,
    text_id text NOT NULL,
    text_en text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz
);
GRANT USAGE ON SCHEMA operations TO meterai_app, meterai_reader, meterai_signer;
GRANT SELECT, INSERT, UPDATE ON operations.announcement, operations.switch TO meterai_app;
GRANT SELECT ON ALL TABLES IN SCHEMA operations TO meterai_reader, meterai_signer;
