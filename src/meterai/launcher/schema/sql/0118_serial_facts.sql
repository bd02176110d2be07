-- What is known of the document that a taken serial number is for. A job that stamps it gets a copy (partners.stamp_facts).
-- They change only while the serial number is unstamped.
CREATE TABLE partners.serial_facts (
    serial text PRIMARY KEY REFERENCES stamping.taken_serial,
    organisation_id uuid NOT NULL REFERENCES partners.organisation,
    wire_type text CHECK (length(wire_type) BETWEEN 1 AND 20),   -- the code of the document's type, as it was sent
    document_type text CHECK (document_type IN ('statement', 'notarial_deed', 'land_deed', 'security',
        'securities_transaction', 'auction', 'sum_of_money', 'other')),
    document_number text CHECK (length(document_number) BETWEEN 1 AND 80),
    document_date date,
    document_value bigint CHECK (document_value >= 0),
    liable_identity_type text CHECK (liable_identity_type IN ('nik', 'npwp', 'passport')),
    liable_identity text CHECK (length(liable_identity) BETWEEN 5 AND 22),
    liable_name text CHECK (length(liable_name) BETWEEN 1 AND 120),
    CHECK (num_nonnulls(liable_identity_type, liable_identity, liable_name) IN (0, 3))
);
CREATE INDEX serial_facts_with_party ON partners.serial_facts (serial) WHERE liable_identity IS NOT NULL;

CREATE FUNCTION partners.keep_serial_facts() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM stamping.serial s WHERE s.serial = NEW.serial AND s.state = 'unstamped' FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'serial number % is not unstamped', NEW.serial USING ERRCODE = 'SL003';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER serial_facts_while_unstamped BEFORE UPDATE OF document_type, document_number, document_date, document_value
    ON partners.serial_facts FOR EACH ROW EXECUTE FUNCTION partners.keep_serial_facts();

REVOKE ALL ON FUNCTION partners.keep_serial_facts FROM PUBLIC;
GRANT SELECT ON partners.serial_facts TO meterai_site, meterai_worker, meterai_operator, meterai_reader;
GRANT INSERT, UPDATE (wire_type, document_type, document_number, document_date, document_value, liable_identity_type,
    liable_identity, liable_name) ON partners.serial_facts TO meterai_site;
