-- The transfers of the stamping cycle, made from its rows: a stamp is held for a serial number of a job, and used or
-- freed with it. No process names an account or a reservation.

-- Allocates serial numbers to jobs that were just written, and holds a stamp for each (lot -> used) for a day. The lot
-- and the document must be the customer's who asks. Serials name their reservations: the ledger comes first.
-- Refusals: those of ledger.post_transfers.
CREATE FUNCTION stamping.allocate_serials(
    serials text[], serial_jobs uuid[], ordinals integer[], places jsonb[], at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    lines ledger.line[];
BEGIN
    SELECT array_agg(ROW(ledger.derived_id('reserve_stamping', j.id::text, n.ordinal::text), 'pending', NULL,
            'reserve_stamping', j.lot_account_id, ledger.house('used'), 1, j.id, j.organisation_id,
            at + interval '24 hours')::ledger.line)
        INTO lines
        FROM unnest(serial_jobs, ordinals) AS n(job, ordinal)
        JOIN stamping.job j ON j.id = n.job AND j.state = 'accepted'
        JOIN stamping.document d ON d.id = j.document_id AND d.customer_id = j.customer_id
        JOIN ledger.account a ON a.id = j.lot_account_id AND a.kind = 'lot' AND a.customer_id = j.customer_id;
    IF cardinality(lines) IS DISTINCT FROM cardinality(serials)
        OR EXISTS (SELECT FROM stamping.serial s WHERE s.job_id = ANY (serial_jobs))
    THEN RAISE EXCEPTION 'stamps of another person, or for a job that has some' USING ERRCODE = 'SL003'; END IF;
    PERFORM ledger.post_lines(lines, at);
    INSERT INTO stamping.serial (serial, job_id, ordinal, reservation_id, placement, state, allocated_at)
        SELECT n.serial, n.job, n.ordinal, ledger.derived_id('reserve_stamping', n.job::text, n.ordinal::text), n.place,
            'allocated', at
        FROM unnest(serials, serial_jobs, ordinals, places) AS n(serial, job, ordinal, place);
END $$;

-- Step 1 for documents just paid: the jobs, leased to the worker that asks, and their serial numbers; the outbox' rows
-- that asked for them are deleted. False, and nothing written: a lot is not its job's customer's. 23505: a job has the
-- key or the document already. Nobody waits for the disk: a crash of the database that forgets the jobs brings the rows
-- back.
DROP FUNCTION stamping.accept_jobs;
CREATE FUNCTION stamping.accept_jobs(
    jobs uuid[], job_organisations uuid[], customers uuid[], documents uuid[], keys text[], digests bytea[],
    lots uuid[], job_refs uuid[], inputs bytea[], until timestamptz, holder text,
    serials text[], serial_jobs uuid[], ordinals integer[], places jsonb[], asked_by bigint[], at timestamptz
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    IF EXISTS (
        SELECT FROM unnest(lots, customers) AS w(lot, customer) WHERE NOT EXISTS (
            SELECT FROM ledger.account a WHERE a.id = w.lot AND a.customer_id = w.customer AND a.kind = 'lot')
    ) THEN RETURN false; END IF;
    INSERT INTO stamping.job (id, organisation_id, customer_id, document_id, idempotency_key, request_digest,
            lot_account_id, reference_id, input_digest, next_attempt_at, lease_holder, created_at, state,
            lease_token, attempts)
        SELECT j.*, until, holder, at, 'accepted', 1, 1
        FROM unnest(jobs, job_organisations, customers, documents, keys, digests, lots, job_refs, inputs) AS j;
    PERFORM stamping.allocate_serials(serials, serial_jobs, ordinals, places, at);
    DELETE FROM jobs.outbox o WHERE o.id = ANY (asked_by);
    RETURN true;
END $$;

-- Step 6: binds serials to the released bytes, ends the jobs, enters the documents in the archive's book, tells the
-- outbox, notes owed time stamps, and posts the stamps of the jobs' serial numbers as used. Last the ledger: its locks
-- are the hot ones.
-- Gives the jobs whose lease still holds; when one does not, nothing is written. told: the outbox' rows, one a job.
DROP FUNCTION stamping.release_jobs;
CREATE FUNCTION stamping.release_jobs(
    jobs uuid[], tokens bigint[], documents uuid[],
    serials text[], digests text[], sizes bigint[], page_counts integer[], serial_documents uuid[], keys text[],
    archive_at timestamptz, topic text, payloads jsonb[], news_at timestamptz,
    owed_digests text[], owed_documents uuid[], owed_serials text[], owed_starts bigint[], owed_ends bigint[],
    at timestamptz, OUT held uuid[], OUT told bigint[]
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    lines ledger.line[];
BEGIN
    held := stamping.held_jobs(jobs, tokens);
    IF cardinality(held) < cardinality(jobs) THEN RETURN; END IF;
    SELECT array_agg(ROW(ledger.derived_id('stamping', s.reservation_id::text), 'post', s.reservation_id, 'stamping',
            NULL, NULL, NULL, j.id, j.organisation_id, NULL)::ledger.line)
        INTO lines FROM stamping.serial s JOIN stamping.job j ON j.id = s.job_id
        WHERE s.job_id = ANY (jobs) AND s.serial = ANY (serials) AND s.state IN ('allocated', 'sealed');
    IF cardinality(lines) IS DISTINCT FROM cardinality(serials)
        OR EXISTS (SELECT FROM stamping.serial s WHERE s.job_id = ANY (jobs) AND s.serial <> ALL (serials))
    THEN RAISE EXCEPTION 'not the serial numbers of these jobs' USING ERRCODE = 'SL003'; END IF;
    WITH bound AS (
        INSERT INTO stamping.release (serial, version, sha256, bytes, pages, document_id, released_at, key_id)
        SELECT r.serial, 1, r.digest, r.size, r.pages, r.document, at, r.key
        FROM unnest(serials, digests, sizes, page_counts, serial_documents, keys)
            AS r(serial, digest, size, pages, document, key)
    ), ended AS (
        UPDATE stamping.job j SET state = 'released', ended_at = at, next_attempt_at = NULL, lease_holder = NULL,
            trouble_code = NULL
        WHERE j.id = ANY (jobs)
    ), enrolled AS (
        INSERT INTO stamping.archive (document_id, level, due_at)
        SELECT d, 'B-T', archive_at FROM unnest(documents) AS d ON CONFLICT DO NOTHING
    ), news AS (
        INSERT INTO jobs.outbox (topic, payload, available_at, created_at)
        SELECT release_jobs.topic, p, news_at, at FROM unnest(payloads) WITH ORDINALITY AS n(p, place) ORDER BY place
        RETURNING id
    ), bound_serials AS (
        UPDATE stamping.serial s SET state = 'released', sealed_at = coalesce(s.sealed_at, at), released_at = at
        WHERE s.serial = ANY (serials)
    )
    SELECT array_agg(id ORDER BY id) INTO told FROM news;
    IF cardinality(owed_digests) > 0 THEN
        INSERT INTO stamping.time_stamp_owed
                (sha256, document_id, serial, gap_start, gap_end, created_at, next_attempt_at)
            SELECT o.*, at, at
            FROM unnest(owed_digests, owed_documents, owed_serials, owed_starts, owed_ends) AS o;
    END IF;
    PERFORM ledger.post_lines(lines, at);
END $$;

-- Refuses jobs that have not ended, annuls their serial numbers and frees their stamps.
CREATE FUNCTION stamping.refuse_jobs(jobs uuid[], refusals text[], at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    refused uuid[];
BEGIN
    WITH gone AS (
        UPDATE stamping.job j SET state = 'refused', refusal_code = r.code, ended_at = at, next_attempt_at = NULL,
            lease_holder = NULL, trouble_code = NULL
        FROM unnest(jobs, refusals) AS r(id, code) WHERE j.id = r.id AND j.ended_at IS NULL RETURNING j.id
    ) SELECT array_agg(id) INTO refused FROM gone;
    PERFORM ledger.post_lines(array_agg(ROW(ledger.derived_id('release_stamping', s.reservation_id::text), 'void',
            s.reservation_id, 'release_stamping', NULL, NULL, NULL, j.id, j.organisation_id, NULL)::ledger.line), at)
        FROM stamping.serial s JOIN stamping.job j ON j.id = s.job_id WHERE s.job_id = ANY (refused);
    UPDATE stamping.serial SET state = 'annulled', annulled_at = at WHERE job_id = ANY (refused);
END $$;

REVOKE ALL ON FUNCTION stamping.allocate_serials, stamping.accept_jobs, stamping.release_jobs, stamping.refuse_jobs
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION stamping.allocate_serials TO meterai_site, meterai_worker;
GRANT EXECUTE ON FUNCTION stamping.accept_jobs, stamping.release_jobs, stamping.refuse_jobs TO meterai_worker;
