-- The rules as published, each version: with the entries of the log and the ends of windows they stay for some days, so
-- that files which are older than the rows can be written again. They go with the entry that names them.
-- Databases exist in which step 0047 made it.
CREATE TABLE IF NOT EXISTS waiting_room.config (
    queue smallint NOT NULL REFERENCES waiting_room.queue,
    version integer NOT NULL,
    document bytea NOT NULL,
    PRIMARY KEY (queue, version)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON waiting_room.config TO meterai_app;
GRANT SELECT ON waiting_room.config TO meterai_reader;
