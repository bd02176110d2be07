-- The share of the door for purchases for no event while people wait in line for one (docs/decisions/0013).

CREATE TABLE waiting_room.general_share (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    level double precision NOT NULL DEFAULT 0,     -- purchases that may begin at once
    filled_at double precision NOT NULL DEFAULT 0  -- Unix time
) WITH (fillfactor = 20);
INSERT INTO waiting_room.general_share DEFAULT VALUES;

GRANT SELECT, UPDATE ON waiting_room.general_share TO meterai_app;
GRANT SELECT ON waiting_room.general_share TO meterai_reader;
