-- What a collector says of the files of its bundles, until each has a job: then it stands in partners.stamp_facts.

CREATE TABLE partners.file_facts (LIKE partners.stamp_facts INCLUDING CONSTRAINTS);
ALTER TABLE partners.file_facts RENAME COLUMN job_id TO file_id;
ALTER TABLE partners.file_facts
    ADD PRIMARY KEY (file_id),
    ADD FOREIGN KEY (file_id) REFERENCES stamping.bundle_file ON DELETE CASCADE,
    ADD FOREIGN KEY (organisation_id) REFERENCES partners.organisation;

GRANT SELECT, INSERT, UPDATE, DELETE ON partners.file_facts TO meterai_site;
GRANT SELECT, DELETE ON partners.file_facts TO meterai_worker;
GRANT SELECT ON partners.file_facts TO meterai_operator, meterai_reader;

-- Forgets who owed the duty for stamps up to the end of a year (WIB), and what is known of files that get no stamp: their
-- bundle was cancelled, or they were refused, or it is older than a stamp may be.
CREATE OR REPLACE FUNCTION partners.forget_liable_parties(through_year integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH limits AS (
        SELECT least(through_year, extract(year FROM clock_timestamp() AT TIME ZONE 'Asia/Jakarta') - 11) AS year
    ), gone AS (
        UPDATE partners.stamp_facts f SET liable_identity_type = NULL, liable_identity = NULL, liable_name = NULL
        FROM stamping.job j, limits
        WHERE j.id = f.job_id AND f.liable_identity IS NOT NULL
            AND extract(year FROM j.created_at AT TIME ZONE 'Asia/Jakarta') <= limits.year
        RETURNING 1
    ), useless AS (
        DELETE FROM partners.file_facts f USING stamping.bundle_file b, stamping.bundle u, limits
        WHERE b.id = f.file_id AND u.id = b.bundle_id AND NOT b.waits AND (
            u.cancelled_at IS NOT NULL OR u.started_at IS NOT NULL AND b.refusal_code IS NOT NULL
            OR extract(year FROM u.created_at AT TIME ZONE 'Asia/Jakarta') <= limits.year)
        RETURNING 1
    ) SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM useless)
$$;
