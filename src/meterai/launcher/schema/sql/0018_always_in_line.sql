-- An operator's wish: everybody stands in line, also when nobody has to wait (`meterai queue on --always`).

ALTER TABLE waiting_room.queue ADD COLUMN always_in_line boolean NOT NULL DEFAULT false;
