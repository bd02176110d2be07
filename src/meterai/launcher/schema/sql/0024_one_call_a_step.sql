-- Steps of the stamping cycle and what follows a release, each as one call for a whole batch. A call costs worker
-- and server more than most of the work in it.

-- Step 1 for documents just paid: the jobs, leased to the worker that asks; their reservations; their serial
-- numbers; the outbox' rows that asked for them are deleted. False, and nothing written: a lot is not its job's customer's. 23505: a job has the key or the document
-- already. Nobody waits for the disk: a crash of the database that forgets the jobs brings the rows back.
CREATE FUNCTION stamping.accept_jobs(
    jobs uuid[], job_organisations uuid[], customers uuid[], documents uuid[], keys text[], digests bytea[],
    lots uuid[], job_refs uuid[], inputs bytea[], until timestamptz, holder text,
    serials text[], serial_jobs uuid[], ordinals integer[], reservations uuid[], places jsonb[], asked_by bigint[],
    ids uuid[], kinds text[], pendings uuid[], debits uuid[], credits uuid[], amounts bigint[], codes text[],
    refs uuid[], organisations uuid[], expiries timestamptz[], at timestamptz
) RETURNS boolean LANGUAGE plpgsql AS $$
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
    PERFORM ledger.post_transfers(ids, kinds, pendings, debits, credits, amounts, codes, refs, organisations,
        expiries, at);
    INSERT INTO stamping.serial (serial, job_id, ordinal, reservation_id, placement, state, allocated_at)
        SELECT s.*, 'allocated', at FROM unnest(serials, serial_jobs, ordinals, reservations, places) AS s;
    DELETE FROM jobs.outbox o WHERE o.id = ANY (asked_by);
    RETURN true;
END $$;

-- Which of these jobs are still leased with these tokens; they stay locked until the end of the transaction.
CREATE FUNCTION stamping.held_jobs(jobs uuid[], tokens bigint[]) RETURNS uuid[] LANGUAGE plpgsql AS $$
DECLARE
    held uuid[];
BEGIN
    SELECT coalesce(array_agg(h.id), '{}') INTO held FROM (
        SELECT j.id FROM stamping.job j
        JOIN unnest(jobs, tokens) AS f(id, token) ON f.id = j.id AND f.token = j.lease_token
        WHERE j.next_attempt_at IS NOT NULL ORDER BY j.id FOR NO KEY UPDATE OF j
    ) h;
    RETURN held;
END $$;

-- Step 3: what is about to be signed; `sealed` are the serials whose signatures lie in these revisions. Gives the
-- jobs whose lease still holds; when one does not, nothing is written. Nobody waits for the disk here: the signer's
-- own transaction (stamping.begin_signing) does, and brings all that was committed before it onto the disk.
CREATE FUNCTION stamping.store_intents(
    jobs uuid[], tokens bigint[], serials text[], digests bytea[], objects text[], starts bigint[], ends bigint[],
    sealed text[], until timestamptz, at timestamptz
) RETURNS uuid[] LANGUAGE plpgsql AS $$
DECLARE
    held uuid[] := stamping.held_jobs(jobs, tokens);
BEGIN
    IF cardinality(held) < cardinality(jobs) THEN RETURN held; END IF;
    PERFORM set_config('synchronous_commit', 'off', true);
    INSERT INTO stamping.intent (serial, digest, prepared_object, gap_start, gap_end, created_at)
        SELECT i.*, at FROM unnest(serials, digests, objects, starts, ends) AS i;
    UPDATE stamping.job j SET state = 'sealing', next_attempt_at = until WHERE j.id = ANY (jobs);
    IF cardinality(sealed) > 0 THEN
        UPDATE stamping.serial s SET state = 'sealed', sealed_at = at
            WHERE s.serial = ANY (sealed) AND s.state = 'allocated';
    END IF;
    RETURN held;
END $$;

-- Step 6: binds serials to the released bytes, ends the jobs, enters the documents in the archive's book, tells the
-- outbox, notes owed time stamps, posts the reservations. Last the ledger: its locks are the hot ones.
-- Gives the jobs whose lease still holds; when one does not, nothing is written. told: the outbox' rows, one a job.
CREATE FUNCTION stamping.release_jobs(
    jobs uuid[], tokens bigint[], documents uuid[],
    serials text[], digests text[], sizes bigint[], page_counts integer[], serial_documents uuid[], keys text[],
    archive_at timestamptz, topic text, payloads jsonb[], news_at timestamptz,
    owed_digests text[], owed_documents uuid[], owed_serials text[], owed_starts bigint[], owed_ends bigint[],
    ids uuid[], kinds text[], pendings uuid[], debits uuid[], credits uuid[], amounts bigint[], codes text[],
    refs uuid[], organisations uuid[], expiries timestamptz[], at timestamptz,
    OUT held uuid[], OUT told bigint[]
) LANGUAGE plpgsql AS $$
BEGIN
    held := stamping.held_jobs(jobs, tokens);
    IF cardinality(held) < cardinality(jobs) THEN RETURN; END IF;
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
    PERFORM ledger.post_transfers(ids, kinds, pendings, debits, credits, amounts, codes, refs, organisations,
        expiries, at);
END $$;

-- Moves items on, and their orders when no item of them is left to wait for; writes the news of both, and deletes
-- the outbox' rows that asked for it. Orders are locked in the order of their ids. Gives the items that exist; those
-- that had moved on before stay as they are. Nobody waits for the disk: what a crash forgets is asked for again.
CREATE FUNCTION sales.end_items(
    wanted uuid[], was text, becomes text, refusal text, finished timestamptz, ended text[],
    order_was text, order_becomes text, topic text, item_news text, order_news text, asked_by bigint[],
    at timestamptz
) RETURNS uuid[] LANGUAGE plpgsql AS $$
DECLARE
    known uuid[];
    changed uuid[];
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    SELECT array_agg(i.id) INTO known FROM (
        SELECT i.id FROM sales.item i JOIN sales.orders o ON o.id = i.order_id WHERE i.id = ANY (wanted)
        ORDER BY o.id FOR NO KEY UPDATE OF o
    ) i;
    WITH moved AS (
        UPDATE sales.item i SET state = becomes, refusal_code = refusal, done_at = coalesce(finished, i.done_at)
        WHERE i.id = ANY (known) AND i.state = was RETURNING i.order_id
    ), told AS (
        INSERT INTO jobs.outbox (topic, payload, available_at, created_at)
        SELECT end_items.topic, jsonb_build_object('order_id', order_id, 'news', item_news), at, at FROM moved
        WHERE item_news IS NOT NULL
    ), done AS (
        DELETE FROM jobs.outbox WHERE id = ANY (asked_by)
    )
    SELECT array_agg(order_id) INTO changed FROM moved;
    IF changed IS NOT NULL THEN
        WITH closed AS (
            UPDATE sales.orders o SET state = order_becomes, closed_at = at
            WHERE o.id = ANY (changed) AND o.state = order_was AND NOT EXISTS
                (SELECT FROM sales.item i WHERE i.order_id = o.id AND i.state <> ALL (ended))
            RETURNING o.id
        )
        INSERT INTO jobs.outbox (topic, payload, available_at, created_at)
        SELECT end_items.topic, jsonb_build_object('order_id', id, 'news', order_news), at, at FROM closed
        WHERE order_news IS NOT NULL;
    END IF;
    RETURN coalesce(known, '{}');
END $$;
DROP FUNCTION sales.end_item;
