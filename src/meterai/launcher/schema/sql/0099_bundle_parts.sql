-- Bundles of any size: stamps are reserved part by part, and files may be named before their content comes.

-- files, bytes: of all files in it, so that nobody counts a hundred thousand rows for each upload.
-- rule: where its stamps go; fixed at the start, or when a partner opens it.
-- next_part_at: when a worker looks whether to reserve the next part; null: nothing waits.
-- halt_code: why no part could be reserved at the last try.
ALTER TABLE stamping.bundle
    ADD COLUMN files integer NOT NULL DEFAULT 0,
    ADD COLUMN bytes bigint NOT NULL DEFAULT 0,
    ADD COLUMN rule jsonb,
    ADD COLUMN next_part_at timestamptz,
    ADD COLUMN halt_code text,
    ADD COLUMN cancelled_at timestamptz,
    DROP CONSTRAINT bundle_door_check,
    ADD CONSTRAINT bundle_door_check CHECK (door IN ('web', 'cli', 'api'));
UPDATE stamping.bundle b SET files = f.files, bytes = f.bytes FROM (
    SELECT bundle_id, count(*) AS files, coalesce(sum(bytes) FILTER (WHERE document_id IS NOT NULL), 0)::bigint AS bytes
    FROM stamping.bundle_file GROUP BY bundle_id) f WHERE f.bundle_id = b.id;
CREATE INDEX bundle_next_part ON stamping.bundle (next_part_at) WHERE next_part_at IS NOT NULL;

-- has_come: false for a file that was named, and whose content is still to come.
-- waits: chosen for stamping, and no stamp is reserved for it yet.
ALTER TABLE stamping.bundle_file
    ADD COLUMN has_come boolean NOT NULL DEFAULT true,
    ADD COLUMN waits boolean NOT NULL DEFAULT false;
DROP INDEX stamping.bundle_file_by_bundle;
CREATE INDEX bundle_file_by_path ON stamping.bundle_file (bundle_id, path, id);
CREATE INDEX bundle_file_waiting ON stamping.bundle_file (bundle_id, path, id) WHERE waits;

-- What came of a file before its upload broke off. It goes when the file is complete, or after a day.
CREATE TABLE stamping.upload_piece (
    file_id uuid NOT NULL REFERENCES stamping.bundle_file ON DELETE CASCADE,
    begins bigint NOT NULL CHECK (begins >= 0),
    content bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (file_id, begins)
);
CREATE INDEX upload_piece_by_age ON stamping.upload_piece (created_at);

GRANT UPDATE (files, bytes, rule, next_part_at, halt_code, cancelled_at) ON stamping.bundle
    TO meterai_site, meterai_operator;
GRANT UPDATE (has_come, waits) ON stamping.bundle_file TO meterai_site, meterai_operator;
GRANT SELECT, INSERT, DELETE ON stamping.upload_piece TO meterai_site;
-- The worker reserves the parts behind the first. The places of their stamps are fixed by then.
GRANT UPDATE (next_part_at, halt_code) ON stamping.bundle TO meterai_worker;
GRANT UPDATE (waits) ON stamping.bundle_file TO meterai_worker;
GRANT SELECT (file_id, created_at), DELETE ON stamping.upload_piece TO meterai_worker;
