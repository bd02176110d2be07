-- Releases whose files were never in this installation's store (docs/decisions/0011).

ALTER TABLE stamping.release ADD COLUMN imported boolean NOT NULL DEFAULT false;
CREATE INDEX release_here ON stamping.release (sha256) WHERE NOT imported;

-- The application can't call a release imported, and so can't take its file from under the scan (I9).
REVOKE INSERT ON stamping.release FROM meterai_app;
GRANT INSERT (serial, version, sha256, bytes, pages, document_id, released_at, key_id)
    ON stamping.release TO meterai_app;
