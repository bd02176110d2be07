-- What partners stamp: the day's limit of an agreement, what collectors report, digests of uploads (docs/partners.md).

-- Stamps that an organisation with a limit has ordered on a business date. Its older days go with the first of a new one.
CREATE TABLE partners.stamp_day (
    organisation_id uuid NOT NULL REFERENCES partners.organisation,
    day date NOT NULL,
    pieces bigint NOT NULL CHECK (pieces > 0),
    PRIMARY KEY (organisation_id, day)
);

-- What is known of the document that a job stamps. A collector says all of it. The liable party is forgotten when tax law
-- asks for it no longer.
CREATE TABLE partners.stamp_facts (
    job_id uuid PRIMARY KEY REFERENCES stamping.job,
    organisation_id uuid NOT NULL REFERENCES partners.organisation,
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
CREATE INDEX stamp_facts_with_party ON partners.stamp_facts (job_id) WHERE liable_identity IS NOT NULL;

-- The digest of a file as a partner uploaded it. What is stored of it may differ.
CREATE TABLE partners.upload (
    document_id uuid PRIMARY KEY REFERENCES stamping.document ON DELETE CASCADE,
    organisation_id uuid NOT NULL REFERENCES partners.organisation,
    sha256 bytea NOT NULL CHECK (length(sha256) = 32)
);
CREATE INDEX upload_by_digest ON partners.upload (organisation_id, sha256);

-- Counts ordered stamps against the agreement of today, in the transaction that orders them. It locks no row but the
-- organisation's own count. True: the organisation is a collector, or stands below one, so facts are needed.
-- PA001 not active · PA010 more on a document than agreed · PA011 more on a day. Their detail is the limit.
CREATE FUNCTION partners.count_stamps(
    of_organisation uuid, some_pieces bigint, per_document bigint, at timestamptz
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    today date := (at AT TIME ZONE 'Asia/Jakarta')::date;
    a partners.agreement := partners.agreement_on(of_organisation, today);
    is_active boolean;
    is_collector boolean;
    ordered bigint;
BEGIN
    WITH RECURSIVE up AS (
        SELECT o.parent_id, o.state, o.role FROM partners.organisation o WHERE o.id = of_organisation
        UNION ALL SELECT o.parent_id, o.state, o.role FROM up JOIN partners.organisation o ON o.id = up.parent_id
    ) SELECT bool_and(state = 'active'), bool_or(role = 'collector') INTO is_active, is_collector FROM up;
    IF is_active IS NOT TRUE THEN PERFORM partners.refuse('PA001', 'not active'); END IF;
    IF per_document > a.stamps_per_document_max THEN
        RAISE EXCEPTION 'more stamps on a document than agreed'
            USING ERRCODE = 'PA010', DETAIL = a.stamps_per_document_max;
    END IF;
    IF a.stamps_per_day_max IS NULL THEN RETURN is_collector; END IF;
    INSERT INTO partners.stamp_day AS s VALUES (of_organisation, today, some_pieces)
        ON CONFLICT (organisation_id, day) DO UPDATE SET pieces = s.pieces + some_pieces
        RETURNING pieces INTO ordered;
    IF ordered > a.stamps_per_day_max THEN
        RAISE EXCEPTION 'more stamps on a day than agreed' USING ERRCODE = 'PA011', DETAIL = a.stamps_per_day_max;
    END IF;
    IF ordered = some_pieces THEN
        DELETE FROM partners.stamp_day WHERE organisation_id = of_organisation AND day < today - 7;
    END IF;
    RETURN is_collector;
END $$;

-- Forgets who owed the duty for stamps up to the end of a year (WIB). Tax law asks for ten years after it.
CREATE FUNCTION partners.forget_liable_parties(through_year integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH gone AS (
        UPDATE partners.stamp_facts f SET liable_identity_type = NULL, liable_identity = NULL, liable_name = NULL
        FROM stamping.job j
        WHERE j.id = f.job_id AND f.liable_identity IS NOT NULL
            AND extract(year FROM j.created_at AT TIME ZONE 'Asia/Jakarta')
                <= least(through_year, extract(year FROM clock_timestamp() AT TIME ZONE 'Asia/Jakarta') - 11)
        RETURNING 1
    ) SELECT count(*) FROM gone
$$;

REVOKE ALL ON FUNCTION partners.count_stamps, partners.forget_liable_parties FROM PUBLIC;
GRANT EXECUTE ON FUNCTION partners.count_stamps TO meterai_site, meterai_worker;
GRANT EXECUTE ON FUNCTION partners.forget_liable_parties TO meterai_worker;
GRANT SELECT ON partners.stamp_facts, partners.upload TO meterai_site, meterai_worker, meterai_operator, meterai_reader;
GRANT SELECT ON partners.stamp_day TO meterai_operator, meterai_reader;
GRANT INSERT ON partners.stamp_facts, partners.upload TO meterai_site, meterai_worker;
