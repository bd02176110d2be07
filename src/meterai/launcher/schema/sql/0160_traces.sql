-- Which trace a worker goes on with (docs/metrics.md#traces). A process whose traces are on names it in its transaction.
-- What inserts a row, a function too, need not know of it. NULL: no trace.

ALTER TABLE jobs.outbox ADD COLUMN traceparent text;
ALTER TABLE jobs.outbox ALTER COLUMN traceparent
    SET DEFAULT left(nullif(current_setting('meterai.traceparent', true), ''), 55);
ALTER TABLE stamping.job ADD COLUMN traceparent text;
ALTER TABLE stamping.job ALTER COLUMN traceparent
    SET DEFAULT left(nullif(current_setting('meterai.traceparent', true), ''), 55);
