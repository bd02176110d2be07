-- Statements, reports and forgetting know serial numbers that were taken first (docs/wire.md).

-- What moved on the accounts of an organisation (0103), now with the stamps of its unstamped serial numbers.
CREATE OR REPLACE FUNCTION partners.account_moves(of_organisation uuid, first date, until date) RETURNS TABLE (
    business_date date, account text, code text, block_id uuid, amount bigint
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH own AS (
        SELECT a.id, a.kind, CASE a.balance_side WHEN 'debit' THEN -1 ELSE 1 END AS sign FROM ledger.account a
        WHERE a.id = ANY (ARRAY[ledger.own('partner_stock', of_organisation), ledger.own('unstamped', of_organisation),
            ledger.own('partner_funds', of_organisation), ledger.own('credit_owed', of_organisation),
            ledger.own('treasury_prepaid', of_organisation)])
    ), source AS (
        SELECT b.id, b.id AS block FROM partners.block b WHERE b.receiver = of_organisation
        UNION SELECT b.id, b.id FROM partners.block b WHERE b.giver = of_organisation
        UNION SELECT p.id, NULL FROM partners.payment p WHERE p.organisation_id = of_organisation
        UNION SELECT d.id, NULL FROM partners.deposit d WHERE d.organisation_id = of_organisation
    )
    SELECT t.business_date, o.kind, t.code, s.block,
        t.amount * o.sign * CASE t.credit_account_id WHEN o.id THEN 1 ELSE -1 END
    FROM source s JOIN ledger.transfer t ON t.reference_id = s.id
    JOIN own o ON o.id IN (t.debit_account_id, t.credit_account_id)
    WHERE t.posted_at IS NOT NULL AND t.business_date >= first AND t.business_date < until
    UNION ALL
    SELECT t.business_date, a.kind, 'stamping', NULL, -sum(t.amount)::bigint
    FROM partners.organisation o
    JOIN stamping.job j ON j.customer_id = o.account_holder
    JOIN ledger.transfer t ON t.reference_id = j.id AND t.code = 'stamping'
    JOIN own a ON a.id = t.debit_account_id
    WHERE o.id = of_organisation AND j.state = 'released' AND t.business_date >= first AND t.business_date < until
    GROUP BY 1, 2
    UNION ALL
    SELECT t.business_date, a.kind, t.code, NULL,
        sum(t.amount * CASE t.credit_account_id WHEN a.id THEN 1 ELSE -1 END)::bigint
    FROM stamping.taken_serial s JOIN ledger.transfer t ON t.reference_id = ledger.derived_id('serial', s.serial)
    JOIN own a ON a.id IN (t.debit_account_id, t.credit_account_id)
    WHERE s.organisation_id = of_organisation AND t.posted_at IS NOT NULL
        AND t.business_date >= first AND t.business_date < until
    GROUP BY 1, 2, 3
$$;

CREATE OR REPLACE FUNCTION partners.account_balances(of_organisation uuid) RETURNS TABLE (account text, balance bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT a.kind, CASE a.balance_side WHEN 'debit' THEN -1 ELSE 1 END * (a.credits_posted - a.debits_posted)
    FROM ledger.account a
    WHERE a.id = ANY (ARRAY[ledger.own('partner_stock', of_organisation), ledger.own('unstamped', of_organisation),
        ledger.own('partner_funds', of_organisation), ledger.own('credit_owed', of_organisation),
        ledger.own('treasury_prepaid', of_organisation)])
$$;

-- The stamps that were used (0104), with those of serial numbers for which a hash was signed.
CREATE OR REPLACE FUNCTION partners.stamps_used(of_organisation uuid, first date, until date) RETURNS TABLE (
    organisation_id uuid, serial text, business_date date, used_at timestamptz, duty bigint, document_type text,
    document_number text, document_date date, document_value bigint, liable_identity_type text, liable_identity text,
    liable_name text
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT o.id, s.serial, t.business_date, t.posted_at, f.face_value, d.document_type, d.document_number,
        d.document_date, d.document_value, d.liable_identity_type, d.liable_identity, d.liable_name
    FROM partners.tree_below(of_organisation) b JOIN partners.organisation o ON o.id = b.id
    JOIN stamping.job j ON j.customer_id = o.account_holder AND j.state = 'released'
    JOIN stamping.serial s ON s.job_id = j.id
    JOIN ledger.transfer t ON t.pending_id = s.reservation_id AND t.kind = 'post'
        AND t.credit_account_id = ledger.own('used', o.id)
    JOIN LATERAL (SELECT partners.tariff_on(t.business_date) AS face_value) f ON true
    LEFT JOIN partners.stamp_facts d ON d.job_id = j.id
    WHERE t.business_date >= first AND t.business_date < until
    UNION ALL
    SELECT s.organisation_id, s.serial, t.business_date, t.posted_at, f.face_value, d.document_type, d.document_number,
        d.document_date, d.document_value, d.liable_identity_type, d.liable_identity, d.liable_name
    FROM partners.tree_below(of_organisation) b
    JOIN stamping.taken_serial s ON s.organisation_id = b.id AND s.used_at IS NOT NULL
    JOIN ledger.transfer t ON t.reference_id = ledger.derived_id('serial', s.serial) AND t.code = 'stamp_serial'
        AND t.credit_account_id = ledger.own('used', b.id)
    JOIN LATERAL (SELECT partners.tariff_on(t.business_date) AS face_value) f ON true
    LEFT JOIN partners.serial_facts d ON d.serial = s.serial
    WHERE t.business_date >= first AND t.business_date < until
$$;

-- The stock of an organisation and of each below it in a month (0104). `taken`: for serial numbers, less those given back.
DROP FUNCTION partners.stock_report;
CREATE FUNCTION partners.stock_report(of_organisation uuid, first date, until date) RETURNS TABLE (
    organisation_id uuid, depth integer, opening bigint, received bigint, passed_on bigint, returned bigint,
    taken_back bigint, used bigint, taken bigint, closing bigint, moved bigint, balance bigint
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT b.id, b.depth,
        coalesce(sum(m.amount) FILTER (WHERE m.business_date < first), 0)::bigint,
        coalesce(sum(m.amount) FILTER (
            WHERE m.within AND m.code NOT IN ('block_return', 'return_serial') AND m.amount > 0), 0)::bigint,
        coalesce(-sum(m.amount) FILTER (WHERE m.within AND m.code = 'block' AND m.amount < 0), 0)::bigint,
        coalesce(-sum(m.amount) FILTER (WHERE m.within AND m.code = 'block_return' AND m.amount < 0), 0)::bigint,
        coalesce(sum(m.amount) FILTER (WHERE m.within AND m.code = 'block_return' AND m.amount > 0), 0)::bigint,
        coalesce(-sum(m.amount) FILTER (WHERE m.within AND m.code = 'stamping'), 0)::bigint,
        coalesce(-sum(m.amount) FILTER (WHERE m.within AND m.code IN ('take_serial', 'return_serial')), 0)::bigint,
        coalesce(sum(m.amount) FILTER (WHERE m.business_date < until), 0)::bigint,
        coalesce(sum(m.amount), 0)::bigint, coalesce(max(a.balance), 0)::bigint
    FROM partners.tree_below(of_organisation) b
    LEFT JOIN LATERAL (
        SELECT k.business_date, k.code, k.amount, k.business_date >= first AND k.business_date < until AS within
        FROM partners.account_moves(b.id, '-infinity', 'infinity') k WHERE k.account = 'partner_stock'
    ) m ON true
    LEFT JOIN LATERAL (
        SELECT l.balance FROM partners.account_balances(b.id) l WHERE l.account = 'partner_stock') a ON true
    GROUP BY b.id, b.depth
$$;
REVOKE ALL ON FUNCTION partners.stock_report FROM PUBLIC;
GRANT EXECUTE ON FUNCTION partners.stock_report TO meterai_worker, meterai_operator;

-- Forgets who owed the duty (0108), also of serial numbers that were taken. What is known of those that were given back
-- goes completely. Nothing of one that waits is forgotten.
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
    ), of_serials AS (
        UPDATE partners.serial_facts f SET liable_identity_type = NULL, liable_identity = NULL, liable_name = NULL
        FROM stamping.taken_serial t JOIN stamping.serial s ON s.serial = t.serial, limits
        WHERE t.serial = f.serial AND f.liable_identity IS NOT NULL AND t.returned_at IS NULL
            AND extract(year FROM coalesce(t.used_at, s.released_at) AT TIME ZONE 'Asia/Jakarta') <= limits.year
        RETURNING 1
    ), useless AS (
        DELETE FROM partners.file_facts f USING stamping.bundle_file b, stamping.bundle u, limits
        WHERE b.id = f.file_id AND u.id = b.bundle_id AND NOT b.waits AND (
            u.cancelled_at IS NOT NULL OR u.started_at IS NOT NULL AND b.refusal_code IS NOT NULL
            OR extract(year FROM u.created_at AT TIME ZONE 'Asia/Jakarta') <= limits.year)
        RETURNING 1
    ), given_back AS (
        DELETE FROM partners.serial_facts f USING stamping.taken_serial t
        WHERE t.serial = f.serial AND t.returned_at IS NOT NULL RETURNING 1
    ) SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM of_serials) + (SELECT count(*) FROM useless)
        + (SELECT count(*) FROM given_back)
$$;
