-- How long each released file's proof lasts, and when it is to be renewed (docs/stamping.md, archive).

CREATE TABLE stamping.archive (
    document_id uuid PRIMARY KEY REFERENCES stamping.document,
    level text NOT NULL CHECK (level IN ('B-T', 'B-LT', 'B-LTA')),  -- PAdES, of the newest version
    proof_until timestamptz,                -- null: not looked at yet
    due_at timestamptz NOT NULL,            -- when to look, raise or renew; a worker's lease while it does
    attempts integer NOT NULL DEFAULT 0,
    trouble_code text,                      -- why the last attempt did not finish; tried again
    pending_object text                     -- being written; deleted if a crash leaves it without a release
);
CREATE INDEX archive_due ON stamping.archive (due_at);
GRANT SELECT, INSERT, UPDATE ON stamping.archive TO meterai_app;
GRANT SELECT ON stamping.archive TO meterai_reader;

INSERT INTO stamping.archive (document_id, level, due_at)
SELECT DISTINCT document_id, 'B-T', now() FROM stamping.release;
