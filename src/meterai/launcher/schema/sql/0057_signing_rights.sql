-- What is signed and dated. No process writes intents or versions of released files by itself: functions do, and
-- compare with the rows of job, serial number and ledger.

-- Stores intents before signing, one for each job. Gives the jobs whose lease still holds; when one does not, nothing
-- is written. The commit does not wait for the disk: the signer does, before it uses the key.
CREATE OR REPLACE FUNCTION stamping.store_intents(
    jobs uuid[], tokens bigint[], serials text[], digests bytea[], objects text[], starts bigint[], ends bigint[],
    sealed text[], until timestamptz, at timestamptz
) RETURNS uuid[] LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, stamping, pg_temp AS $$
DECLARE
    held uuid[] := stamping.held_jobs(jobs, tokens);
    fitting bigint;
BEGIN
    IF cardinality(held) < cardinality(jobs) THEN RETURN held; END IF;
    SELECT count(*) INTO fitting FROM unnest(jobs, serials) AS i(job, serial)
        JOIN stamping.serial s ON s.serial = i.serial AND s.job_id = i.job AND s.state = 'allocated'
        JOIN stamping.job j ON j.id = i.job AND j.state IN ('accepted', 'sealing');
    IF fitting <> cardinality(serials) OR EXISTS (
        SELECT FROM stamping.serial s WHERE s.serial = ANY (sealed) AND s.job_id <> ALL (jobs)
    ) THEN
        RAISE EXCEPTION 'a serial number is not one of its job that can be sealed' USING ERRCODE = 'SL003';
    END IF;
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

-- Counts an attempt for each serial number with an intent, whose job is being sealed and whose stamp is still held:
-- taken from the job's lot, neither used nor given back.
CREATE OR REPLACE FUNCTION stamping.begin_signing(serials text[], key text, at timestamptz)
RETURNS TABLE (serial text, digest bytea, attempt bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, stamping, pg_temp AS $$
    WITH wanted AS (
        SELECT i.serial, i.digest FROM stamping.intent i
        JOIN stamping.serial s ON s.serial = i.serial AND s.state IN ('allocated', 'sealed')
        JOIN stamping.job j ON j.id = s.job_id AND j.state = 'sealing'
        JOIN ledger.transfer t ON t.id = s.reservation_id AND t.kind = 'pending' AND t.code = 'reserve_stamping'
            AND t.reference_id = j.id AND t.debit_account_id = j.lot_account_id
        WHERE i.serial = ANY (serials)
            AND NOT EXISTS (SELECT FROM ledger.transfer e WHERE e.pending_id = s.reservation_id)
    ), counted AS (
        INSERT INTO stamping.sign_attempt (serial, key_id, attempted_at)
        SELECT w.serial, key, at FROM wanted w RETURNING sign_attempt.serial, sign_attempt.id
    )
    SELECT w.serial, w.digest, c.id FROM wanted w JOIN counted c ON c.serial = w.serial;
$$;

-- The digest that the time-stamp authority shall date for a released file: of the signature that lacks its token, or of
-- the file's next version. One at a time. The signer dates no other.
ALTER TABLE stamping.archive ADD COLUMN asked_digest bytea CHECK (octet_length(asked_digest) = 32);
CREATE INDEX archive_by_asked_digest ON stamping.archive (asked_digest) WHERE asked_digest IS NOT NULL;

CREATE FUNCTION stamping.ask_token(document uuid, digest bytea, at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, stamping, pg_temp AS $$
BEGIN
    UPDATE stamping.archive a SET asked_digest = digest
        WHERE a.document_id = document AND EXISTS (SELECT FROM stamping.release r WHERE r.document_id = document)
            AND ((a.attempts > 0 AND a.due_at > at) OR EXISTS (
                SELECT FROM stamping.time_stamp_owed o
                WHERE o.document_id = document AND o.attempts > 0 AND o.next_attempt_at < 'infinity'));
    IF NOT FOUND THEN RAISE EXCEPTION 'not a file that needs a time stamp' USING ERRCODE = 'SL003'; END IF;
END $$;

CREATE FUNCTION stamping.may_be_dated(digests bytea[]) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, stamping, pg_temp AS $$
    SELECT NOT EXISTS (SELECT FROM unnest(digests) AS d(digest) WHERE NOT EXISTS (
        SELECT FROM stamping.archive a JOIN stamping.release r ON r.document_id = a.document_id
        WHERE a.asked_digest = d.digest));
$$;

-- Binds the serial numbers of a file to the file with its time stamp, as their next version. False: that was done.
CREATE FUNCTION stamping.pay_time_stamp(was text, becomes text, size bigint, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, stamping, pg_temp AS $$
DECLARE
    document uuid;
BEGIN
    UPDATE stamping.time_stamp_owed o SET paid_at = at, next_attempt_at = NULL
        WHERE o.sha256 = was AND o.next_attempt_at IS NOT NULL RETURNING o.document_id INTO document;
    IF document IS NULL THEN RETURN false; END IF;
    INSERT INTO stamping.release (serial, version, sha256, bytes, pages, document_id, released_at, key_id)
        SELECT r.serial, 2, becomes, size, r.pages, r.document_id, at, r.key_id
        FROM stamping.release r WHERE r.sha256 = was AND r.version = 1
        ON CONFLICT DO NOTHING;  -- renewed in another way since
    UPDATE stamping.archive a SET asked_digest = NULL WHERE a.document_id = document;
    RETURN true;
END $$;

-- Notes the level of a file that was looked after, and binds its serial numbers to the new bytes as their next version,
-- if there are any: those noted before they were stored. False, and nothing written: the lease was lost.
CREATE FUNCTION stamping.complete_archive(
    document uuid, lease timestamptz, was text, was_version integer, becomes text, size bigint,
    reached text, proven_until timestamptz, due timestamptz, at timestamptz
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, stamping, pg_temp AS $$
BEGIN
    UPDATE stamping.archive a SET level = reached, proof_until = proven_until, due_at = due, attempts = 0,
            trouble_code = NULL, pending_object = NULL, asked_digest = NULL
        WHERE a.document_id = document AND a.due_at = lease AND (becomes = '' OR a.pending_object = becomes);
    IF NOT FOUND THEN RETURN false; END IF;
    IF becomes <> '' THEN
        INSERT INTO stamping.release (serial, version, sha256, bytes, pages, document_id, released_at, key_id)
            SELECT r.serial, r.version + 1, becomes, size, r.pages, r.document_id, at, r.key_id
            FROM stamping.release r
            WHERE r.document_id = document AND r.sha256 = was AND r.version = was_version;
    END IF;
    RETURN true;
END $$;

REVOKE ALL ON FUNCTION stamping.store_intents, stamping.ask_token, stamping.may_be_dated, stamping.pay_time_stamp,
    stamping.complete_archive FROM PUBLIC;
GRANT EXECUTE ON FUNCTION stamping.store_intents, stamping.pay_time_stamp TO meterai_worker;
GRANT EXECUTE ON FUNCTION stamping.ask_token, stamping.complete_archive TO meterai_worker, meterai_operator;
GRANT EXECUTE ON FUNCTION stamping.may_be_dated TO meterai_signer;
REVOKE INSERT ON stamping.intent FROM meterai_app;
