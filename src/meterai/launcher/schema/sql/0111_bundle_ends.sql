-- When a bundle was found to have ended: no stamp of it will be made any more. Its organisation has an event about it.
-- What began before this version has none.
ALTER TABLE stamping.bundle ADD COLUMN ended_at timestamptz;
UPDATE stamping.bundle SET ended_at = coalesce(cancelled_at, started_at) WHERE next_part_at IS NULL;
CREATE INDEX bundle_to_end ON stamping.bundle (id)
    WHERE ended_at IS NULL AND next_part_at IS NULL AND (started_at IS NOT NULL OR cancelled_at IS NOT NULL);
GRANT UPDATE (ended_at) ON stamping.bundle TO meterai_site, meterai_operator, meterai_worker;
