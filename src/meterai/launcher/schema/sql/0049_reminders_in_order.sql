-- Whose turn is near or has come is asked every few seconds: they stand at the front of this.
CREATE INDEX reminder_in_order ON waiting_room.reminder (queue, number, place);
