-- Requests to the API that carry an Idempotency-Key, with their answers (kit/idempotency.py).
CREATE TABLE jobs.keyed_request (
    owner uuid NOT NULL,                   -- the client of the API
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    request_id uuid NOT NULL,              -- what the request makes gets this id, however often it is tried
    digest bytea NOT NULL CHECK (length(digest) = 32),
    begun_at timestamptz NOT NULL,
    running_until timestamptz NOT NULL,
    status integer CHECK (status BETWEEN 200 AND 299),
    headers jsonb,
    body bytea CHECK (length(body) <= 262144),
    PRIMARY KEY (owner, key),
    CONSTRAINT answer_is_whole CHECK ((status IS NULL) = (headers IS NULL) AND (status IS NULL) = (body IS NULL))
);
CREATE INDEX keyed_request_begun ON jobs.keyed_request (begun_at);
GRANT USAGE ON SCHEMA jobs TO meterai_site, meterai_worker;
GRANT SELECT, INSERT ON jobs.keyed_request TO meterai_site;
GRANT UPDATE (running_until, status, headers, body) ON jobs.keyed_request TO meterai_site;
GRANT SELECT (owner, key, begun_at), DELETE ON jobs.keyed_request TO meterai_worker;
