-- Stamps released while the time-stamp authority was down (METERAI_TSA_POLICY=later): the token is owed to them.

CREATE TABLE stamping.time_stamp_owed (
    sha256 text PRIMARY KEY,                -- of the released file, version 1
    document_id uuid NOT NULL REFERENCES stamping.document,
    serial text NOT NULL REFERENCES stamping.serial,  -- whose seal is the last one and lacks the token
    gap_start bigint NOT NULL,
    gap_end bigint NOT NULL,
    created_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,            -- null when paid: version 2 carries the token
    paid_at timestamptz,
    CHECK ((next_attempt_at IS NULL) = (paid_at IS NOT NULL))
);
CREATE INDEX time_stamp_owed_due ON stamping.time_stamp_owed (next_attempt_at) WHERE paid_at IS NULL;
GRANT SELECT, INSERT ON stamping.time_stamp_owed TO meterai_app;
GRANT UPDATE (attempts, next_attempt_at, paid_at) ON stamping.time_stamp_owed TO meterai_app;
GRANT SELECT ON stamping.time_stamp_owed TO meterai_reader;
