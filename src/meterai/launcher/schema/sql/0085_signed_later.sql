-- Whether people may want to sign a stamped file of the event digitally. If not, the placing page does not ask.
ALTER TABLE sales.event ADD COLUMN signed_later boolean NOT NULL DEFAULT true;
