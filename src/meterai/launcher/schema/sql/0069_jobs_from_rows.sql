-- Jobs and releases are made from rows: owner, organisation, bytes and places of a job are its document's, document and
-- message of a release are its job's. No process writes jobs by itself. SL003: rows do not allow the call.

-- Writes jobs for documents of the customers who ask, to be stamped from their lots. Gives the new ones: those whose key
-- and document were both unused. Runs inside the functions below only.
CREATE FUNCTION stamping.insert_jobs(
    jobs uuid[], customers uuid[], documents uuid[], keys text[], digests bytea[], lots uuid[], job_refs uuid[],
    inputs bytea[], until timestamptz, holder text, at timestamptz
) RETURNS uuid[] LANGUAGE sql AS $$
    WITH new AS (
        INSERT INTO stamping.job (id, organisation_id, customer_id, document_id, idempotency_key, request_digest,
                lot_account_id, reference_id, input_digest, next_attempt_at, lease_holder, created_at, state,
                lease_token, attempts)
        SELECT n.job, d.organisation_id, d.customer_id, d.id, n.key, n.digest, n.lot, n.ref, n.input, until, holder, at,
            'accepted', 1, 1
        FROM unnest(jobs, customers, documents, keys, digests, lots, job_refs, inputs)
            AS n(job, customer, document, key, digest, lot, ref, input)
        JOIN stamping.document d
            ON d.id = n.document AND d.customer_id = n.customer AND d.input_object = encode(n.input, 'hex')
        JOIN ledger.account a ON a.id = n.lot AND a.kind = 'lot' AND a.customer_id = n.customer
        ON CONFLICT DO NOTHING RETURNING id
    ) SELECT coalesce(array_agg(id), '{}') FROM new
$$;

-- Allocates serial numbers to jobs that were just written, one for each place on the document, and holds a stamp for
-- each (lot -> used) for a day. Refusals: those of ledger.post_transfers.
DROP FUNCTION stamping.allocate_serials;
CREATE FUNCTION stamping.allocate_serials(serials text[], serial_jobs uuid[], ordinals integer[], at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    lines ledger.line[];
BEGIN
    SELECT array_agg(ROW(ledger.derived_id('reserve_stamping', j.id::text, n.ordinal::text), 'pending', NULL,
            'reserve_stamping', j.lot_account_id, ledger.house('used'), 1, j.id, j.organisation_id,
            at + interval '24 hours')::ledger.line)
        INTO lines
        FROM unnest(serial_jobs, ordinals) AS n(job, ordinal)
        JOIN stamping.job j ON j.id = n.job AND j.state = 'accepted'
        JOIN stamping.document d ON d.id = j.document_id AND d.placements -> (n.ordinal - 1) IS NOT NULL;
    IF cardinality(lines) IS DISTINCT FROM cardinality(serials) OR cardinality(serials) IS DISTINCT FROM (
        SELECT sum(jsonb_array_length(d.placements)) FROM stamping.job j JOIN stamping.document d ON d.id = j.document_id
        WHERE j.id = ANY (serial_jobs))
    THEN RAISE EXCEPTION 'not a serial number for each place on the documents' USING ERRCODE = 'SL003'; END IF;
    PERFORM ledger.post_lines(lines, at);
    INSERT INTO stamping.serial (serial, job_id, ordinal, reservation_id, placement, state, allocated_at)
        SELECT n.serial, n.job, n.ordinal, ledger.derived_id('reserve_stamping', n.job::text, n.ordinal::text),
            d.placements -> (n.ordinal - 1), 'allocated', at
        FROM unnest(serials, serial_jobs, ordinals) AS n(serial, job, ordinal)
        JOIN stamping.job j ON j.id = n.job JOIN stamping.document d ON d.id = j.document_id;
END $$;

-- Step 1, for whoever asks: jobs, and the serial numbers of those that are new. Gives the new ones.
CREATE FUNCTION stamping.start_jobs(
    jobs uuid[], customers uuid[], documents uuid[], keys text[], digests bytea[], lots uuid[], job_refs uuid[],
    inputs bytea[], until timestamptz, holder text, serials text[], serial_jobs uuid[], ordinals integer[],
    at timestamptz
) RETURNS uuid[] LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    new uuid[] := stamping.insert_jobs(jobs, customers, documents, keys, digests, lots, job_refs, inputs, until, holder,
        at);
BEGIN
    IF cardinality(new) > 0 THEN
        PERFORM stamping.allocate_serials(array_agg(n.serial), array_agg(n.job), array_agg(n.ordinal), at)
            FROM unnest(serials, serial_jobs, ordinals) AS n(serial, job, ordinal) WHERE n.job = ANY (new);
    END IF;
    RETURN new;
END $$;

-- Step 1 for documents just paid, all of them or none: the jobs, leased to the worker that asks, and their serial
-- numbers; the outbox' rows that asked for them are deleted. 23505: a job is not new. Nobody waits for the disk: a crash
-- of the database that forgets the jobs brings the rows back.
DROP FUNCTION stamping.accept_jobs;
CREATE FUNCTION stamping.accept_jobs(
    jobs uuid[], customers uuid[], documents uuid[], keys text[], digests bytea[], lots uuid[], job_refs uuid[],
    inputs bytea[], until timestamptz, holder text, serials text[], serial_jobs uuid[], ordinals integer[],
    asked_by bigint[], at timestamptz
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    IF cardinality(stamping.insert_jobs(jobs, customers, documents, keys, digests, lots, job_refs, inputs, until, holder,
        at)) < cardinality(jobs)
    THEN RAISE EXCEPTION 'not all jobs are new' USING ERRCODE = '23505'; END IF;
    IF cardinality(jobs) > 0 THEN PERFORM stamping.allocate_serials(serials, serial_jobs, ordinals, at); END IF;
    DELETE FROM jobs.outbox o WHERE o.id = ANY (asked_by) AND o.topic = 'sales.stamp_item_paid';
    RETURN true;
END $$;

-- Step 6: binds all serial numbers of the jobs to the released bytes, ends the jobs, enters their documents in the
-- archive's book, tells the outbox, notes owed time stamps, and posts the stamps as used. A key counts that a counted
-- attempt names. Last the ledger: its locks are the hot ones.
-- Gives the jobs whose lease still holds; when one does not, nothing is written. told: the outbox' rows, one a job.
DROP FUNCTION stamping.release_jobs;
CREATE FUNCTION stamping.release_jobs(
    jobs uuid[], tokens bigint[], serials text[], digests text[], sizes bigint[], page_counts integer[], keys text[],
    archive_at timestamptz, news_at timestamptz, owed_serials text[], owed_starts bigint[], owed_ends bigint[],
    at timestamptz, OUT held uuid[], OUT told bigint[]
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    lines ledger.line[];
BEGIN
    held := stamping.held_jobs(jobs, tokens);
    IF cardinality(held) < cardinality(jobs) THEN RETURN; END IF;
    SELECT array_agg(ROW(ledger.derived_id('stamping', s.reservation_id::text), 'post', s.reservation_id, 'stamping',
            NULL, NULL, NULL, j.id, j.organisation_id, NULL)::ledger.line)
        INTO lines FROM unnest(serials, keys) AS r(serial, key)
        JOIN stamping.serial s ON s.serial = r.serial AND s.state IN ('allocated', 'sealed')
        JOIN stamping.job j ON j.id = s.job_id AND j.id = ANY (jobs) AND j.state = 'sealing'
        WHERE EXISTS (SELECT FROM stamping.sign_attempt a
            WHERE a.serial = r.serial AND a.key_id = r.key AND a.abandoned_at IS NULL);
    IF cardinality(lines) IS DISTINCT FROM nullif(cardinality(serials), 0)
        OR EXISTS (SELECT FROM stamping.serial s WHERE s.job_id = ANY (jobs) AND s.serial <> ALL (serials))
    THEN RAISE EXCEPTION 'not the signed serial numbers of these jobs' USING ERRCODE = 'SL003'; END IF;
    WITH bound AS (
        INSERT INTO stamping.release (serial, version, sha256, bytes, pages, document_id, released_at, key_id)
        SELECT r.serial, 1, r.digest, r.size, r.pages, j.document_id, at, r.key
        FROM unnest(serials, digests, sizes, page_counts, keys) AS r(serial, digest, size, pages, key)
        JOIN stamping.serial s ON s.serial = r.serial JOIN stamping.job j ON j.id = s.job_id
    ), ended AS (
        UPDATE stamping.job j SET state = 'released', ended_at = at, next_attempt_at = NULL, lease_holder = NULL,
            trouble_code = NULL
        WHERE j.id = ANY (jobs)
    ), enrolled AS (
        INSERT INTO stamping.archive (document_id, level, due_at)
        SELECT j.document_id, 'B-T', archive_at FROM stamping.job j WHERE j.id = ANY (jobs) ON CONFLICT DO NOTHING
    ), news AS (
        INSERT INTO jobs.outbox (topic, payload, available_at, created_at)
        SELECT 'stamping.released', jsonb_build_object('job_id', j.id, 'reference_id', j.reference_id, 'document_id',
            j.document_id), news_at, at
        FROM unnest(jobs) WITH ORDINALITY AS n(job, place) JOIN stamping.job j ON j.id = n.job ORDER BY place
        RETURNING id
    ), bound_serials AS (
        UPDATE stamping.serial s SET state = 'released', sealed_at = coalesce(s.sealed_at, at), released_at = at
        WHERE s.serial = ANY (serials)
    )
    SELECT array_agg(id ORDER BY id) INTO told FROM news;
    IF cardinality(owed_serials) > 0 THEN
        INSERT INTO stamping.time_stamp_owed
                (sha256, document_id, serial, gap_start, gap_end, created_at, next_attempt_at)
            SELECT r.sha256, r.document_id, o.serial, o.gap_start, o.gap_end, at, at
            FROM unnest(owed_serials, owed_starts, owed_ends) AS o(serial, gap_start, gap_end)
            JOIN stamping.release r ON r.serial = o.serial AND r.version = 1 AND r.serial = ANY (serials);
    END IF;
    PERFORM ledger.post_lines(lines, at);
END $$;

REVOKE ALL ON FUNCTION stamping.insert_jobs, stamping.allocate_serials, stamping.start_jobs, stamping.accept_jobs,
    stamping.release_jobs FROM PUBLIC;
GRANT EXECUTE ON FUNCTION stamping.start_jobs TO meterai_site, meterai_worker, meterai_operator;
GRANT EXECUTE ON FUNCTION stamping.accept_jobs, stamping.release_jobs TO meterai_worker;
REVOKE INSERT ON stamping.job FROM meterai_site, meterai_worker, meterai_operator;
