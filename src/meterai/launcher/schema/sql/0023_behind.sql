-- Nobody wrote it: how long orders take is measured in waiting_room.outcome.

ALTER TABLE waiting_room.behind DROP COLUMN done_after_s;
