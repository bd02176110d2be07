-- For the console, to show the last hours: a sample of the service each ten seconds, and the last check of invariants.

CREATE TABLE operations.sample (
    slot timestamptz PRIMARY KEY,        -- the beginning of ten seconds: whoever writes it measures them
    orders integer NOT NULL,             -- orders for which a charge was asked for, in the ten seconds before
    stamps_sold bigint NOT NULL,         -- all that left the seller's stock since the first day
    stamps_made bigint NOT NULL,         -- all that were used since the first day
    people integer NOT NULL,             -- in the lines
    late_s real NOT NULL,                -- age of the oldest that is paid and not stamped
    p95_s real,                          -- from payment to stamp, of the last minutes; none: nobody paid
    signer_trouble text NOT NULL,        -- why the signer can't sign; empty: it can
    tsa_ends timestamptz,
    free_bytes jsonb NOT NULL,           -- of the disk of each folder
    reserve_bytes bigint NOT NULL
);
CREATE TABLE operations.invariant_run (
    is_kept boolean PRIMARY KEY DEFAULT true CHECK (is_kept),
    begun_at timestamptz NOT NULL,
    finished_at timestamptz,             -- none: no run was finished yet
    seconds real NOT NULL DEFAULT 0,     -- how long that run took
    broken jsonb NOT NULL DEFAULT '[]'   -- of that run: [{id, title, violations}]
);
INSERT INTO operations.invariant_run (begun_at) VALUES (clock_timestamp());
GRANT SELECT ON operations.sample, operations.invariant_run TO meterai_operator, meterai_reader, meterai_worker;
GRANT INSERT, DELETE ON operations.sample TO meterai_worker;
GRANT UPDATE (begun_at, finished_at, seconds, broken) ON operations.invariant_run TO meterai_worker;

-- The worker reads what the invariants compare. It reads no personal data more than before.
GRANT SELECT ON jobs.waiting, ledger.closed_day, operations.audit_entry TO meterai_worker;

-- The console measures the service as the site does for monitors.
GRANT EXECUTE ON FUNCTION operations.audit_head_behind TO meterai_console;
