-- People and organisations. A customer is an id; contacts belong to it and can change: quota never expires.

CREATE SCHEMA customers;

CREATE TABLE customers.organisation (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    role text NOT NULL CHECK (role IN ('issuer', 'distributor', 'seller', 'partner', 'collector')),
    created_at timestamptz NOT NULL
);

CREATE TABLE customers.customer (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES customers.organisation,
    language text NOT NULL CHECK (language IN ('id', 'en')),
    created_at timestamptz NOT NULL
);

CREATE TABLE customers.contact (
    id uuid PRIMARY KEY,
    customer_id uuid NOT NULL REFERENCES customers.customer,
    kind text NOT NULL CHECK (kind IN ('email', 'phone')),
    value text NOT NULL,               -- canonical: lower-case e-mail, +62... phone
    verified_at timestamptz NOT NULL,
    replaced_at timestamptz            -- the number was given to somebody else or taken off
);
CREATE UNIQUE INDEX contact_belongs_to_one ON customers.contact (kind, value) WHERE replaced_at IS NULL;
CREATE INDEX contact_by_customer ON customers.contact (customer_id);

CREATE TABLE customers.code (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('email', 'phone')),
    value text NOT NULL,
    code_mac bytea NOT NULL,           -- HMAC-SHA-256 of id and code
    address_mac bytea NOT NULL,        -- HMAC of the asking address, for limits only
    attempts integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX code_by_contact ON customers.code (kind, value, created_at DESC);
CREATE INDEX code_by_address ON customers.code (address_mac, created_at);

CREATE TABLE customers.session (
    token_digest bytea PRIMARY KEY,
    customer_id uuid NOT NULL REFERENCES customers.customer,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX session_by_end ON customers.session (expires_at);

GRANT USAGE ON SCHEMA customers TO meterai_app, meterai_reader;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA customers TO meterai_app;
GRANT DELETE ON customers.code, customers.session TO meterai_app;
GRANT SELECT ON customers.organisation, customers.customer TO meterai_reader;
