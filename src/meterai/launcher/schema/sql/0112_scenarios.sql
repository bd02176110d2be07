-- Scripted outcomes of stamps in the sandbox for partners (docs/partners.md, decision 0041).
CREATE TABLE stamping.scenario (
    job_id uuid PRIMARY KEY REFERENCES stamping.job ON DELETE CASCADE,
    name text NOT NULL CHECK (name IN ('refused-file', 'slow', 'signer-down', 'webhook-lost')),
    until timestamptz NOT NULL                       -- how long the trouble lasts
);

-- No job of a real installation has a scripted outcome.
CREATE FUNCTION stamping.refuse_scenarios() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT partners.is_sandbox() THEN PERFORM partners.refuse('SB001', 'not a sandbox'); END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER scenario_in_sandbox BEFORE INSERT OR UPDATE ON stamping.scenario
    FOR EACH ROW EXECUTE FUNCTION stamping.refuse_scenarios();

REVOKE ALL ON FUNCTION stamping.refuse_scenarios FROM PUBLIC;
GRANT SELECT, INSERT ON stamping.scenario TO meterai_site;
GRANT SELECT ON stamping.scenario TO meterai_worker, meterai_operator, meterai_reader;
