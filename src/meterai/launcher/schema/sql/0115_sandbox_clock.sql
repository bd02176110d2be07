-- The clock that an organisation moves in the sandbox for partners (docs/partners.md, decision 0041).
CREATE TABLE partners.sandbox_clock (
    organisation_id uuid PRIMARY KEY REFERENCES partners.organisation,
    ahead_s bigint NOT NULL CHECK (ahead_s BETWEEN 0 AND 34560000),   -- of the real time: at most 400 days
    moved_at timestamptz NOT NULL
);

-- Nobody moves a clock of a real installation.
CREATE FUNCTION partners.refuse_moved_clock() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT partners.is_sandbox() THEN PERFORM partners.refuse('SB001', 'not a sandbox'); END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER clock_in_sandbox BEFORE INSERT OR UPDATE ON partners.sandbox_clock
    FOR EACH ROW EXECUTE FUNCTION partners.refuse_moved_clock();

REVOKE ALL ON FUNCTION partners.refuse_moved_clock FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE (ahead_s, moved_at), DELETE ON partners.sandbox_clock TO meterai_site;
GRANT SELECT ON partners.sandbox_clock TO meterai_operator, meterai_reader;
