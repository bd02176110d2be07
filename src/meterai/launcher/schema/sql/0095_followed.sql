-- How far the copies of `meterai follow` are (docs/backup.md). One row for each folder that is followed to.
CREATE TABLE operations.followed (
    folder text PRIMARY KEY CHECK (length(folder) BETWEEN 1 AND 4096),
    begun_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL,
    complete_at timestamptz
);
GRANT USAGE ON SCHEMA operations, stamping TO meterai_follower;
GRANT SELECT, INSERT, UPDATE, DELETE ON operations.followed TO meterai_follower;
GRANT SELECT (id) ON operations.installation TO meterai_follower;
GRANT SELECT ON operations.followed TO meterai_site, meterai_operator, meterai_reader;

-- Which files of the store jobs need, and which nobody does.
GRANT SELECT (id, document_id, next_attempt_at) ON stamping.job TO meterai_follower;
GRANT SELECT (serial, job_id) ON stamping.serial TO meterai_follower;
GRANT SELECT (serial, prepared_object) ON stamping.intent TO meterai_follower;
GRANT SELECT (sha256, document_id) ON stamping.release TO meterai_follower;
GRANT SELECT (id, input_object, rewritten_from, other_object, upload_object, input_deleted_at, forgotten_at)
    ON stamping.document TO meterai_follower;
