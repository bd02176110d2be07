-- Bundles: many documents of one customer, checked first and then stamped together from quota.

CREATE TABLE stamping.bundle (
    id uuid PRIMARY KEY,                    -- follows from customer and form or folder: asking twice makes one
    organisation_id uuid NOT NULL REFERENCES customers.organisation,
    customer_id uuid NOT NULL REFERENCES customers.customer,
    door text NOT NULL CHECK (door IN ('web', 'cli')),
    created_at timestamptz NOT NULL,
    started_at timestamptz                  -- the first time that documents of it were given to stamping
);
CREATE INDEX bundle_by_customer ON stamping.bundle (customer_id, created_at DESC);
CREATE INDEX bundle_not_started ON stamping.bundle (created_at) WHERE started_at IS NULL;

CREATE TABLE stamping.bundle_file (
    id uuid PRIMARY KEY,                    -- follows from bundle, path and content: no file is stamped twice
    bundle_id uuid NOT NULL REFERENCES stamping.bundle ON DELETE CASCADE,
    path text NOT NULL,                     -- below the folder or in the archive, for its owner only
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    bytes bigint NOT NULL,
    document_id uuid UNIQUE REFERENCES stamping.document ON DELETE SET NULL,  -- null: refused, or kept too long
    refusal_code text,                      -- why it can't be stamped; nothing was reserved for it
    refusal_facts jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX bundle_file_by_bundle ON stamping.bundle_file (bundle_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON stamping.bundle, stamping.bundle_file TO meterai_app;
GRANT SELECT ON stamping.bundle, stamping.bundle_file TO meterai_reader;
