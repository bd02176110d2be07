-- What others than the controller may say in the public log. The controller says everything else itself, in its
-- own step, so a row of another kind is never honest.
ALTER TABLE waiting_room.to_log ADD CONSTRAINT said_by_others
    CHECK (what IN ('operator', 'bypass', 'late_ticket', 'certificate', 'dead_gate')) NOT VALID;

-- Forms with which people may go on when others have to wait: how many were given in each minute of the database's
-- clock, by event (empty: for none). The controller states in the public log how many of them may be used.
CREATE TABLE waiting_room.begun_form (
    event text NOT NULL,
    minute bigint NOT NULL,
    forms bigint NOT NULL,
    PRIMARY KEY (event, minute)
);
GRANT SELECT, INSERT, UPDATE (forms) ON waiting_room.begun_form TO meterai_site;
GRANT SELECT, DELETE ON waiting_room.begun_form TO meterai_controller;
GRANT SELECT ON waiting_room.begun_form TO meterai_worker, meterai_operator, meterai_reader;
