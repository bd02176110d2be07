-- For what a code was asked. A code proves its contact for this alone: that for an order signs nobody in.
CREATE DOMAIN customers.proof_purpose AS text CHECK (VALUE IN ('sign_in', 'contact', 'order_act'));
ALTER TABLE customers.code
    ADD COLUMN purpose customers.proof_purpose NOT NULL DEFAULT 'sign_in',
    ADD COLUMN subject text;           -- of an act on an order: the order's id

-- A person typed the code that was sent to a contact of theirs. One act of the purpose uses it up.
CREATE TABLE customers.proof (
    id uuid PRIMARY KEY,
    customer_id uuid NOT NULL REFERENCES customers.customer,
    contact_id uuid NOT NULL REFERENCES customers.contact,
    purpose customers.proof_purpose NOT NULL,
    subject text NOT NULL,
    proved_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX proof_by_age ON customers.proof (proved_at);
GRANT SELECT ON customers.proof TO meterai_app;

-- Uses a proof up, for functions that do what it allows. Gives the contact.
-- CU001: it is unknown, used, older than ten minutes, for something else, or its contact is no longer the customer's.
CREATE FUNCTION customers.use_proof(
    proof uuid, of_customer uuid, wanted_purpose text, wanted_subject text, at timestamptz
) RETURNS uuid LANGUAGE plpgsql SET search_path = pg_catalog, customers, pg_temp AS $$
DECLARE
    proven_by uuid;
BEGIN
    UPDATE customers.proof p SET used_at = at FROM customers.contact c
        WHERE p.id = proof AND p.used_at IS NULL AND p.customer_id = of_customer AND p.purpose = wanted_purpose
            AND p.subject = wanted_subject
            AND p.proved_at BETWEEN at - interval '10 minutes' AND at + interval '1 minute'
            AND c.id = p.contact_id AND c.customer_id = of_customer AND c.replaced_at IS NULL
        RETURNING c.id INTO proven_by;
    IF NOT FOUND THEN RAISE EXCEPTION 'no fresh proof for this' USING ERRCODE = 'CU001'; END IF;
    RETURN proven_by;
END $$;
REVOKE ALL ON FUNCTION customers.use_proof FROM PUBLIC;
