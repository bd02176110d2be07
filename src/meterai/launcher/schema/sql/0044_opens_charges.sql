-- A gateway that does not answer leaves the site quick and without a fault: the controllers are told of it.

ALTER TABLE waiting_room.behind ADD COLUMN opens_charges boolean NOT NULL DEFAULT true;
