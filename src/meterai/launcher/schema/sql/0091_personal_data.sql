-- Personal data: what ends with its term, what is handed out, and what is erased. Each function that forgets has the
-- shortest term that it allows: a worker that is taken over can't erase what is not due by law.

ALTER TABLE stamping.document
    ADD COLUMN forgotten_at timestamptz,      -- its name and what was typed about it are gone, and nobody gets its files
    ADD COLUMN files_deleted_at timestamptz;  -- its stamped files are deleted
CREATE INDEX document_to_delete ON stamping.document (forgotten_at)
    WHERE forgotten_at IS NOT NULL AND files_deleted_at IS NULL;

-- When the worker last kept all terms. One row.
CREATE TABLE operations.retention_run (
    is_kept boolean PRIMARY KEY DEFAULT true CHECK (is_kept),
    begun_at timestamptz,                     -- a worker is at it; null: none is
    finished_at timestamptz NOT NULL
);
INSERT INTO operations.retention_run (finished_at) VALUES (now());
GRANT SELECT ON operations.retention_run TO meterai_site, meterai_operator, meterai_reader, meterai_worker;
GRANT UPDATE (begun_at, finished_at) ON operations.retention_run TO meterai_worker;

-- What must be settled before a customer is erased, by kind: nothing of it can be put right afterwards.
CREATE FUNCTION operations.person_blockers(of_customer uuid) RETURNS TABLE (code text, found bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT b.code, b.found::bigint FROM (
        SELECT 'order', count(*) FROM sales.orders o
            WHERE o.customer_id = of_customer AND o.state IN ('awaiting_payment', 'paid')
        UNION ALL SELECT 'payment', count(*) FROM sales.payment p JOIN sales.orders o ON o.id = p.order_id
            WHERE o.customer_id = of_customer AND o.state IN ('expired', 'cancelled') AND p.poll_at IS NOT NULL
        UNION ALL SELECT 'refund', count(*) FROM sales.refund r JOIN sales.orders o ON o.id = r.order_id
            WHERE o.customer_id = of_customer AND r.state <> 'paid'
        UNION ALL SELECT 'quota', coalesce(sum(a.credits_posted - a.debits_posted), 0) FROM ledger.account a
            WHERE a.customer_id = of_customer AND a.kind = 'lot'
        UNION ALL SELECT 'stamping', count(*) FROM stamping.job j
            WHERE j.customer_id = of_customer AND j.ended_at IS NULL
        UNION ALL SELECT 'time_stamp', count(*) FROM stamping.time_stamp_owed t
            JOIN stamping.document d ON d.id = t.document_id
            WHERE d.customer_id = of_customer AND t.next_attempt_at < 'infinity'
    ) b (code, found) WHERE b.found > 0
$$;

-- Contacts that their customer took off, and those of customers who have not come for long and have nothing left here.
-- Every sign-in leaves a session for 180 days at least.
CREATE FUNCTION customers.forget_contacts(removed_before timestamptz, idle_before timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    forgotten bigint;
BEGIN
    removed_before := least(removed_before, clock_timestamp() - interval '1 day');
    idle_before := least(idle_before, clock_timestamp() - interval '365 days');
    DELETE FROM customers.contact c
        WHERE (c.replaced_at < removed_before
                OR c.verified_at < idle_before
                AND NOT EXISTS (SELECT FROM customers.session s WHERE s.customer_id = c.customer_id)
                AND NOT EXISTS (SELECT FROM sales.orders o
                    WHERE o.customer_id = c.customer_id AND o.created_at >= idle_before)
                AND NOT EXISTS (SELECT FROM operations.person_blockers(c.customer_id)))
            AND NOT EXISTS (SELECT FROM customers.proof p WHERE p.contact_id = c.id);
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    RETURN forgotten;
END $$;

-- The contact of orders that have ended, and the buyer of those that were never paid.
CREATE FUNCTION sales.forget_order_contacts(before timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    forgotten bigint;
BEGIN
    before := least(before, clock_timestamp() - interval '90 days');
    DELETE FROM sales.buyer b USING sales.orders o
        WHERE o.id = b.order_id AND o.state IN ('expired', 'cancelled') AND o.paid_at IS NULL
            AND coalesce(o.closed_at, o.created_at) < before;
    UPDATE sales.orders o SET contact_kind = NULL, contact_value = NULL
        WHERE o.contact_value IS NOT NULL AND o.state IN ('completed', 'expired', 'cancelled')
            AND coalesce(o.closed_at, o.paid_at, o.created_at) < before
            AND NOT EXISTS (SELECT FROM sales.refund r WHERE r.order_id = o.id AND r.state <> 'paid');
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    RETURN forgotten;
END $$;

-- Buyers on receipts of payments up to the end of a year (WIB). Tax law asks for ten years after it.
CREATE FUNCTION sales.forget_buyers(through_year integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH gone AS (
        DELETE FROM sales.buyer b USING sales.orders o
        WHERE o.id = b.order_id AND extract(year FROM o.paid_at AT TIME ZONE 'Asia/Jakarta')
            <= least(through_year, extract(year FROM clock_timestamp() AT TIME ZONE 'Asia/Jakarta') - 11)
        RETURNING 1
    ) SELECT count(*) FROM gone
$$;

-- Bank accounts of refunds that were paid, here, in the audit trail and in what officers signed. The bank's name stays.
CREATE FUNCTION sales.forget_bank_accounts(before timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ids uuid[];
BEGIN
    before := least(before, clock_timestamp() - interval '14 days');
    WITH forgotten AS (
        UPDATE sales.refund SET account_number = NULL, account_holder = NULL
        WHERE state = 'paid' AND paid_at < before AND (account_number IS NOT NULL OR account_holder IS NOT NULL)
        RETURNING id
    ) SELECT coalesce(array_agg(id), '{}') INTO ids FROM forgotten;
    PERFORM operations.forget_accounts(ids::text[]);
    RETURN cardinality(ids);
END $$;
CREATE FUNCTION operations.forget_accounts(refunds text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF cardinality(refunds) = 0 THEN RETURN; END IF;
    UPDATE operations.audit_value v SET key = NULL, value = NULL, erased_at = clock_timestamp()
        FROM operations.audit_entry e
        WHERE e.id = v.entry_id AND e.action IN ('refund', 'refund.name_account') AND e.subject = ANY (refunds)
            AND v.erased_at IS NULL;
    UPDATE operations.officer_signature s SET signed_text = '' FROM operations.release_request r
        WHERE s.request_id = r.id AND r.kind = 'refund' AND r.subject = ANY (refunds);
    UPDATE operations.release_request SET facts = '{}' WHERE kind = 'refund' AND subject = ANY (refunds);
END $$;

-- The wording of payment notices that were worked on. What they settled is booked.
CREATE FUNCTION sales.forget_notices(before timestamptz) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH forgotten AS (
        UPDATE sales.notice SET raw = '' WHERE processed_at IS NOT NULL AND raw <> ''
            AND received_at < least(before, clock_timestamp() - interval '90 days') RETURNING 1
    ) SELECT count(*) FROM forgotten
$$;

-- Names of documents and what was typed about them. Serial numbers, places of stamps and digests stay: the verifier
-- answers as before. The clean-up deletes the files.
CREATE FUNCTION stamping.forget(documents uuid[], at timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE stamping.bundle_file f SET path = 'dokumen-' || left(f.id::text, 8) || '.pdf', refusal_facts = '{}'
        WHERE f.document_id = ANY (documents);
    DELETE FROM stamping.archive a WHERE a.document_id = ANY (documents);
    UPDATE stamping.document d SET name = 'dokumen.pdf', number = NULL, document_date = NULL, stated_value = NULL,
            liable_party = NULL, network = NULL, photos = '[]', differences = '[]',
            inspection = d.inspection - 'signers', retained_until = least(d.retained_until, at), forgotten_at = at
        WHERE d.id = ANY (documents);
END $$;
CREATE FUNCTION stamping.forget_old(before timestamptz, at timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ids uuid[];
BEGIN
    before := least(before, clock_timestamp() - interval '30 days');
    ids := ARRAY(SELECT d.id FROM stamping.document d
        WHERE d.forgotten_at IS NULL AND d.created_at < before
            AND EXISTS (SELECT FROM stamping.job j WHERE j.document_id = d.id)
            AND NOT EXISTS (SELECT FROM stamping.job j
                WHERE j.document_id = d.id AND (j.ended_at >= before) IS NOT FALSE)
            AND NOT EXISTS (SELECT FROM stamping.time_stamp_owed t
                WHERE t.document_id = d.id AND t.next_attempt_at < 'infinity'));
    PERFORM stamping.forget(ids, at);
    UPDATE stamping.bundle_file f SET path = 'dokumen-' || left(f.id::text, 8) || '.pdf', refusal_facts = '{}'
        FROM stamping.bundle b WHERE b.id = f.bundle_id AND b.created_at < before AND f.document_id IS NULL
            AND f.path NOT LIKE 'dokumen-________.pdf';
    RETURN cardinality(ids);
END $$;
GRANT UPDATE (files_deleted_at) ON stamping.document TO meterai_worker, meterai_operator;

-- Names and contacts of people in lines of events that closed. A certificate's digest stays in the public log.
CREATE FUNCTION waiting_room.forget_people(before timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    closed smallint[] := ARRAY(SELECT q.number FROM waiting_room.queue q JOIN sales.event e ON e.slug = q.event
        WHERE e.closes_at < least(before, clock_timestamp() - interval '31 days'));
    reminders bigint;
    certificates bigint;
BEGIN
    DELETE FROM waiting_room.reminder WHERE queue = ANY (closed);
    GET DIAGNOSTICS reminders = ROW_COUNT;
    UPDATE waiting_room.certificate SET document = '' WHERE queue = ANY (closed) AND document <> '';
    GET DIAGNOSTICS certificates = ROW_COUNT;
    RETURN reminders + certificates;
END $$;

-- Values beside old entries of the audit trail, and in what officers signed then.
CREATE FUNCTION operations.forget_audit_values(before timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    forgotten bigint;
BEGIN
    before := least(before, clock_timestamp() - interval '365 days');
    UPDATE operations.audit_value v SET key = NULL, value = NULL, erased_at = clock_timestamp()
        FROM operations.audit_entry e WHERE e.id = v.entry_id AND e.at < before AND v.erased_at IS NULL;
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    UPDATE operations.officer_signature s SET signed_text = '' FROM operations.release_request r
        WHERE s.request_id = r.id AND r.person IS NOT NULL AND r.expires_at < before AND s.signed_text <> '';
    UPDATE operations.release_request SET facts = '{}'
        WHERE person IS NOT NULL AND expires_at < before AND facts <> '{}';
    RETURN forgotten;
END $$;

-- The release of a payout held its account for good, in what the officers signed. It stands beside the entry now.
CREATE OR REPLACE FUNCTION sales.judge_payouts(above bigint, wait interval, at timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, sales, pg_temp AS $$
DECLARE
    r sales.refund;
    owner uuid;
    together bigint;
    waiting integer := 0;
BEGIN
    FOR r IN SELECT * FROM sales.refund
        WHERE state = 'payable' AND account_number IS NOT NULL AND released_at IS NULL AND needs_release IS NOT FALSE
        ORDER BY named_at FOR NO KEY UPDATE SKIP LOCKED
    LOOP
        SELECT customer_id INTO owner FROM sales.orders WHERE id = r.order_id;
        IF r.needs_release IS NULL THEN
            SELECT sum(n.amount) INTO together FROM sales.refund n JOIN sales.orders o ON o.id = n.order_id
                WHERE o.customer_id = owner AND n.account_number IS NOT NULL
                    AND n.named_at BETWEEN r.named_at - interval '24 hours' AND r.named_at;
            UPDATE sales.refund SET needs_release = together > above AND operations.is_checked(),
                    pays_from = greatest(pays_from, named_at + wait),
                    next_attempt_at = greatest(next_attempt_at, named_at + wait)
                WHERE id = r.id RETURNING needs_release INTO r.needs_release;
        END IF;
        CONTINUE WHEN NOT r.needs_release;
        IF operations.use_release('refund', r.id::text, sales.release_facts(r)) THEN
            UPDATE sales.refund SET released_at = at WHERE id = r.id;
            PERFORM operations.write_audit('officers', 'refund', r.id::text, jsonb_build_object(
                'amount', r.amount, 'bank', r.bank), at, owner::text, jsonb_build_object(
                'account', r.account_number, 'holder', r.account_holder), r.release_id);
        ELSE
            UPDATE sales.refund SET release_id = operations.ask_release('refund', r.id::text, sales.release_facts(r),
                interval '31 days', owner::text) WHERE id = r.id;
            waiting := waiting + 1;
        END IF;
    END LOOP;
    RETURN waiting;
END $$;

REVOKE ALL ON FUNCTION customers.forget_contacts, operations.person_blockers, sales.forget_order_contacts,
    sales.forget_buyers, sales.forget_bank_accounts, operations.forget_accounts, sales.forget_notices,
    stamping.forget, stamping.forget_old, waiting_room.forget_people, operations.forget_audit_values FROM PUBLIC;
GRANT EXECUTE ON FUNCTION customers.forget_contacts, sales.forget_order_contacts, sales.forget_buyers,
    sales.forget_bank_accounts, sales.forget_notices, stamping.forget_old, waiting_room.forget_people,
    operations.forget_audit_values TO meterai_worker;
