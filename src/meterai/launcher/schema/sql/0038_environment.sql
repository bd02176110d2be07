-- Whether the installation deals in real money: one row, written by its first start and never changed.
CREATE TABLE operations.environment (
    is_kept boolean PRIMARY KEY DEFAULT true CHECK (is_kept),
    name text NOT NULL CHECK (name IN ('development', 'production')),
    since timestamptz NOT NULL
);
GRANT SELECT, INSERT ON operations.environment TO meterai_app;
GRANT SELECT ON operations.environment TO meterai_reader;

-- What is announced is said in the line of an event (waiting_room.queue).
DROP TABLE operations.announcement;
