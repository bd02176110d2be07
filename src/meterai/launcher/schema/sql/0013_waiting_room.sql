-- The waiting room: who may move the frontiers, where they are, who was let in (docs/waiting-room.md).

CREATE SCHEMA waiting_room;

-- One controller for all queues. Each new holder gets a greater epoch; a late writer with an old one is refused.
CREATE TABLE waiting_room.lease (
    name text PRIMARY KEY,
    holder text NOT NULL,
    epoch bigint NOT NULL,
    until timestamptz NOT NULL
);
INSERT INTO waiting_room.lease VALUES ('controller', '', 0, 'epoch');

CREATE TABLE waiting_room.queue (
    number smallint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    event text NOT NULL UNIQUE REFERENCES sales.event,
    schedule jsonb NOT NULL,
    policy jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    -- what operators want
    is_on boolean NOT NULL,
    halted_because text,                    -- null: not halted
    rate_cap integer CHECK (rate_cap >= 0), -- people a minute; null: the policy's
    note jsonb NOT NULL DEFAULT '{"id": "", "en": ""}',
    -- what the controller keeps
    epoch bigint NOT NULL DEFAULT 0,        -- of the last writer
    sequence bigint NOT NULL DEFAULT 0,     -- of its statuses
    state text NOT NULL DEFAULT 'off',
    closed_through integer NOT NULL DEFAULT -1,
    revealed_through integer NOT NULL DEFAULT -1,
    frontier_window integer NOT NULL DEFAULT 0,
    frontier_x numeric(20) NOT NULL DEFAULT 0 CHECK (frontier_x >= 0 AND frontier_x < 18446744073709551616),
    moved_at double precision NOT NULL DEFAULT 0,  -- Unix time up to which the frontier has been paid for
    joined bigint NOT NULL DEFAULT 0,       -- people in all closed windows
    called bigint NOT NULL DEFAULT 0,       -- places that the frontier has passed
    admitted bigint NOT NULL DEFAULT 0,
    log_size bigint NOT NULL DEFAULT 0,
    config_version integer NOT NULL DEFAULT 1,
    config_sha256 text NOT NULL DEFAULT '', -- of the rules that stand in the log
    memory jsonb NOT NULL DEFAULT '{}'      -- of the admission controller
) WITH (fillfactor = 50);

-- The door's limit. Apart from the queue's row, so that claims and the controller do not wait for each other.
CREATE TABLE waiting_room.door (
    queue smallint PRIMARY KEY REFERENCES waiting_room.queue,
    rate double precision NOT NULL DEFAULT 0,      -- people a minute
    new_level double precision NOT NULL DEFAULT 0, -- people that may enter at once
    returner_level double precision NOT NULL DEFAULT 0,
    filled_at double precision NOT NULL DEFAULT 0
) WITH (fillfactor = 20);

-- Windows that are closed; rows that nobody needs any more are deleted, the published documents stay.
CREATE TABLE waiting_room.closed_window (
    queue smallint NOT NULL REFERENCES waiting_room.queue,
    number integer NOT NULL,
    people bigint NOT NULL,                 -- different ids
    closed_at double precision NOT NULL,
    document bytea NOT NULL,                -- as published
    reveal bytea,                           -- as published; null: its seed is secret still
    PRIMARY KEY (queue, number)
);

-- A gate that did not say what it counted in a window. Its tickets are honoured although no list has them.
CREATE TABLE waiting_room.dead_gate (
    queue smallint NOT NULL REFERENCES waiting_room.queue,
    number integer NOT NULL,
    gate integer NOT NULL,
    PRIMARY KEY (queue, number, gate)
);

-- Everybody who was let in, once per contact and event.
CREATE TABLE waiting_room.pass (
    id bytea NOT NULL CHECK (octet_length(id) = 12),
    pass_id uuid NOT NULL,
    order_id uuid,                          -- the order for which it was used
    claimed_at timestamptz NOT NULL,
    number integer NOT NULL,                -- the window of the ticket
    queue smallint NOT NULL REFERENCES waiting_room.queue,
    lane smallint NOT NULL,
    gate integer NOT NULL,                  -- of the ticket; with its sequence it stands in the published list
    sequence bigint NOT NULL,
    logged boolean NOT NULL DEFAULT false,  -- in the public log
    PRIMARY KEY (queue, id)
);
CREATE INDEX pass_to_log ON waiting_room.pass (queue, claimed_at) WHERE NOT logged;

-- What is to be said in the public log besides claims: actions of operators, late tickets, bypasses.
CREATE TABLE waiting_room.to_log (
    n bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    queue smallint NOT NULL REFERENCES waiting_room.queue,
    at timestamptz NOT NULL,
    what text NOT NULL,
    facts jsonb NOT NULL
);

-- The public log as it was decided; the file is a copy of it. Rows that are in the file for long are deleted.
CREATE TABLE waiting_room.log_entry (
    queue smallint NOT NULL REFERENCES waiting_room.queue,
    n bigint NOT NULL,
    at bigint NOT NULL,
    what text NOT NULL,
    facts jsonb NOT NULL,
    PRIMARY KEY (queue, n)
);

-- People who asked to be told when they are called; the contact is verified. Deleted when told.
CREATE TABLE waiting_room.reminder (
    queue smallint NOT NULL REFERENCES waiting_room.queue,
    id bytea NOT NULL,
    number integer NOT NULL,
    contact_kind text NOT NULL,
    contact_value text NOT NULL,
    language text NOT NULL,
    ticket text NOT NULL,
    PRIMARY KEY (queue, id)
);

-- What each site process measured in the last seconds; renewed once a second.
CREATE TABLE waiting_room.site_load (
    process text PRIMARY KEY,
    at timestamptz NOT NULL,
    p95_ms double precision NOT NULL,
    in_flight integer NOT NULL,
    requests integer NOT NULL,
    faults integer NOT NULL,
    entered jsonb NOT NULL                  -- event -> people a minute who came in without a pass
) WITH (fillfactor = 20);

-- What lies behind the site, as a worker finds it: stamping and stock. One row.
CREATE TABLE waiting_room.behind (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    at timestamptz NOT NULL,
    backlog_s double precision NOT NULL,    -- age of the oldest item that is paid and not stamped
    stock bigint NOT NULL,                  -- stamps that can be sold
    done_after_s double precision           -- from order to stamped document, 95 of 100; null: too few yet
) WITH (fillfactor = 20);

-- The lease for this holder: renewed when it has it, taken when nobody does. No row: somebody else has it.
-- By the server's clock alone.
CREATE FUNCTION waiting_room.take_lease(who text, seconds double precision) RETURNS bigint
LANGUAGE sql AS $$
    UPDATE waiting_room.lease
    SET epoch = CASE WHEN holder = who AND until > clock_timestamp() THEN epoch ELSE epoch + 1 END,
        holder = who, until = clock_timestamp() + make_interval(secs => seconds)
    WHERE name = 'controller' AND (holder = who OR until <= clock_timestamp())
    RETURNING epoch
$$;

GRANT USAGE ON SCHEMA waiting_room TO meterai_app, meterai_reader;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA waiting_room TO meterai_app;
REVOKE INSERT ON waiting_room.lease FROM meterai_app;
GRANT DELETE ON waiting_room.closed_window, waiting_room.to_log, waiting_room.log_entry, waiting_room.reminder,
    waiting_room.site_load TO meterai_app;
GRANT SELECT ON waiting_room.lease, waiting_room.queue, waiting_room.door, waiting_room.closed_window,
    waiting_room.dead_gate, waiting_room.pass, waiting_room.to_log, waiting_room.log_entry, waiting_room.site_load,
    waiting_room.behind TO meterai_reader;
