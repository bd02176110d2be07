-- How many attempts of a row have ended: it was put off. An attempt that has not ended belongs to a process that died, or
-- that took longer than its lease. Such a message may have arrived (docs/news.md).
ALTER TABLE jobs.outbox ADD COLUMN ended integer NOT NULL DEFAULT 0;
UPDATE jobs.outbox SET ended = attempts;
GRANT UPDATE (ended) ON jobs.outbox TO meterai_worker;
