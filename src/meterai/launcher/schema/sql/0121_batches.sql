-- Batches of documents for which a client of the wire took serial numbers in one call (docs/wire.md). The site notes them.
-- The worker tells the client about each document with one POST, and forgets old batches.

CREATE TABLE partners.wire_batch (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES partners.organisation,
    return_url text NOT NULL CHECK (length(return_url) BETWEEN 8 AND 2048),
    created_at timestamptz NOT NULL,
    failures integer NOT NULL DEFAULT 0,             -- requests in a row that were not taken
    failing_since timestamptz,                       -- the first of them
    due_at timestamptz,                              -- null: nothing waits
    lease_until timestamptz                          -- a worker sends until then
);
CREATE INDEX wire_batch_due ON partners.wire_batch (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX wire_batch_leased ON partners.wire_batch (organisation_id) WHERE lease_until IS NOT NULL;
CREATE INDEX wire_batch_by_age ON partners.wire_batch (created_at);

CREATE TABLE partners.wire_batch_document (
    batch_id uuid NOT NULL REFERENCES partners.wire_batch ON DELETE CASCADE,
    number integer NOT NULL CHECK (number BETWEEN 1 AND 1000),
    serial text REFERENCES stamping.taken_serial,    -- null: the quota was short
    said jsonb NOT NULL,                             -- what the client said of the document; it is told so again
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'received', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    status integer,                                  -- of the answer to the last attempt; null: there was none
    trouble text CHECK (length(trouble) <= 60),
    next_attempt_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (batch_id, number),
    CHECK ((state = 'waiting') = (next_attempt_at IS NOT NULL)),
    CHECK ((state = 'waiting') = (ended_at IS NULL))
);
CREATE INDEX wire_batch_document_due ON partners.wire_batch_document (batch_id, next_attempt_at)
    WHERE next_attempt_at IS NOT NULL;

GRANT SELECT ON partners.wire_batch, partners.wire_batch_document
    TO meterai_site, meterai_worker, meterai_operator, meterai_reader;
GRANT INSERT ON partners.wire_batch, partners.wire_batch_document TO meterai_site;
GRANT UPDATE (failures, failing_since, due_at, lease_until), DELETE ON partners.wire_batch TO meterai_worker;
GRANT UPDATE (state, attempts, status, trouble, next_attempt_at, ended_at) ON partners.wire_batch_document
    TO meterai_worker;
