-- Who knocked at the door and what they take home: refused claims, certificates of attempt, reminders.

-- Somebody who is called and found the door full. Says how many want to enter now, and, at closing time, who
-- was refused. One row per contact and event.
CREATE TABLE waiting_room.knock (
    queue smallint NOT NULL REFERENCES waiting_room.queue,
    id bytea NOT NULL CHECK (octet_length(id) = 12),
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (queue, id)
) WITH (fillfactor = 70);
CREATE INDEX knock_lately ON waiting_room.knock (queue, last_at);

-- Certificates of attempt, as they were signed.
CREATE TABLE waiting_room.certificate (
    queue smallint NOT NULL REFERENCES waiting_room.queue,
    id bytea NOT NULL CHECK (octet_length(id) = 12),
    code text NOT NULL UNIQUE,              -- what people type
    document bytea NOT NULL,
    issued_at timestamptz NOT NULL,
    PRIMARY KEY (queue, id)
);

-- A reminder is told twice: that the turn is near, and that it has come; then it is deleted.
ALTER TABLE waiting_room.reminder ADD COLUMN told_soon boolean NOT NULL DEFAULT false;
ALTER TABLE waiting_room.reminder ADD COLUMN place numeric(20);   -- in its window, once that is drawn

GRANT SELECT, INSERT, UPDATE, DELETE ON waiting_room.knock TO meterai_app;
GRANT SELECT, INSERT ON waiting_room.certificate TO meterai_app;
GRANT SELECT ON waiting_room.knock, waiting_room.certificate TO meterai_reader;
