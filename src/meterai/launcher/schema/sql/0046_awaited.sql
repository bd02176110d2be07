-- Who was told that the page may be closed while stamps from quota are made: they are told of the end.
CREATE TABLE stamping.awaited (
    id uuid NOT NULL,                       -- of a document, or of a bundle; nobody asked yet whose it is
    customer_id uuid NOT NULL REFERENCES customers.customer,
    contact_id uuid,                        -- the one that was proven for it; null: it is not known
    since timestamptz NOT NULL,
    PRIMARY KEY (id, customer_id)
);
CREATE INDEX awaited_by_age ON stamping.awaited (since);
GRANT SELECT, INSERT, DELETE ON stamping.awaited TO meterai_app;
GRANT SELECT ON stamping.awaited TO meterai_reader;
