-- The share of the door for orders of partners while people wait in line (docs/waiting-room.md).
CREATE TABLE waiting_room.partner_share (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    level double precision NOT NULL DEFAULT 0,     -- orders that may begin at once
    filled_at double precision NOT NULL DEFAULT 0  -- Unix time
) WITH (fillfactor = 20);
INSERT INTO waiting_room.partner_share DEFAULT VALUES;

GRANT SELECT ON waiting_room.partner_share TO meterai_site, meterai_worker, meterai_controller, meterai_operator,
    meterai_reader;
GRANT UPDATE (level, filled_at) ON waiting_room.partner_share TO meterai_site;
GRANT UPDATE (filled_at) ON waiting_room.partner_share TO meterai_controller;
