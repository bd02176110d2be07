-- What became of what people were promised, and how long they took (docs/waiting-room.md, "Verdict and promises").

-- First promises of gates that are not judged yet. Deleted when judged.
CREATE TABLE waiting_room.promise (
    queue smallint NOT NULL REFERENCES waiting_room.queue,
    id bytea NOT NULL CHECK (octet_length(id) = 12),
    number integer NOT NULL,                -- the window of the ticket
    done_by bigint NOT NULL,                -- Unix time
    was_called boolean,                     -- when it was due; null: not due yet
    PRIMARY KEY (queue, id)
);
CREATE INDEX promise_not_due ON waiting_room.promise (queue, done_by) WHERE was_called IS NULL;
CREATE INDEX promise_due ON waiting_room.promise (queue, id) WHERE was_called IS NOT NULL;

-- What a worker found out, for the status. One row for each queue.
CREATE TABLE waiting_room.outcome (
    queue smallint PRIMARY KEY REFERENCES waiting_room.queue,
    kept bigint NOT NULL DEFAULT 0,         -- promises
    given bigint NOT NULL DEFAULT 0,        -- promises that are judged: kept or broken
    done_after_s integer                    -- from the claim to the stamped document, 95 of 100; null: too few yet
) WITH (fillfactor = 20);

CREATE INDEX pass_lately ON waiting_room.pass (queue, claimed_at) WHERE order_id IS NOT NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON waiting_room.promise TO meterai_app;
GRANT SELECT, INSERT, UPDATE ON waiting_room.outcome TO meterai_app;
GRANT SELECT ON waiting_room.promise, waiting_room.outcome TO meterai_reader;
