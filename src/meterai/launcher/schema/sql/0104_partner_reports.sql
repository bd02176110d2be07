-- Reports of partners: asked for on the site or by the API, made by the worker, kept for a month (docs/partners.md).

CREATE TABLE partners.report (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES partners.organisation,
    kind text NOT NULL CHECK (kind IN ('collector_month', 'stock', 'treasury_dues')),
    month date NOT NULL CHECK (month = date_trunc('month', month)),
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'ready', 'failed')),
    asked_at timestamptz NOT NULL,
    made_at timestamptz,
    code text,                         -- why it failed
    lines bigint,
    figures jsonb,                     -- the sums, and the ledger's beside them
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    CHECK ((state = 'waiting') = (next_attempt_at IS NOT NULL))
);
CREATE INDEX report_to_make ON partners.report (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX report_by_organisation ON partners.report (organisation_id, id DESC);
CREATE INDEX report_by_age ON partners.report (asked_at);

-- A report's files, in parts that a process sends one after the other.
CREATE TABLE partners.report_part (
    report_id uuid NOT NULL REFERENCES partners.report ON DELETE CASCADE,
    format text NOT NULL CHECK (format IN ('csv', 'xlsx')),
    number integer NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (report_id, format, number)
);

GRANT SELECT, INSERT (id, organisation_id, kind, month, asked_at, next_attempt_at) ON partners.report
    TO meterai_site, meterai_operator;
GRANT SELECT ON partners.report_part TO meterai_site, meterai_operator;
GRANT SELECT, UPDATE (state, made_at, code, lines, figures, attempts, next_attempt_at), DELETE ON partners.report
    TO meterai_worker;
GRANT SELECT, INSERT, DELETE ON partners.report_part TO meterai_worker;
GRANT SELECT ON partners.report TO meterai_reader;

-- An organisation and all below it, with their depth.
CREATE FUNCTION partners.tree_below(of_organisation uuid) RETURNS TABLE (id uuid, depth integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH RECURSIVE below AS (
        SELECT of_organisation AS id, 0 AS depth
        UNION ALL SELECT o.id, b.depth + 1 FROM below b JOIN partners.organisation o ON o.parent_id = b.id
    ) SELECT below.id, below.depth FROM below
$$;

-- The stamps of an organisation and all below it that were used on business dates from `first` to before `until`, with
-- what is known of each document.
CREATE FUNCTION partners.stamps_used(of_organisation uuid, first date, until date) RETURNS TABLE (
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
$$;

-- All stamps that an organisation and those below it have used: by serial number, and as the ledger's accounts say.
CREATE FUNCTION partners.used_sums(of_organisation uuid, OUT by_serial bigint, OUT by_ledger bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT (SELECT count(*) FROM partners.stamps_used(of_organisation, '-infinity', 'infinity')),
        (SELECT coalesce(sum(a.credits_posted - a.debits_posted), 0)::bigint FROM partners.tree_below(of_organisation) b
            JOIN ledger.account a ON a.id = ledger.own('used', b.id))
$$;

-- The stock of an organisation and of each below it in a month. `moved` is all that was ever booked, `balance` what the
-- ledger has.
CREATE FUNCTION partners.stock_report(of_organisation uuid, first date, until date) RETURNS TABLE (
    organisation_id uuid, depth integer, opening bigint, received bigint, passed_on bigint, returned bigint,
    taken_back bigint, used bigint, closing bigint, moved bigint, balance bigint
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT b.id, b.depth,
        coalesce(sum(m.amount) FILTER (WHERE m.business_date < first), 0)::bigint,
        coalesce(sum(m.amount) FILTER (WHERE m.within AND m.code <> 'block_return' AND m.amount > 0), 0)::bigint,
        coalesce(-sum(m.amount) FILTER (WHERE m.within AND m.code = 'block' AND m.amount < 0), 0)::bigint,
        coalesce(-sum(m.amount) FILTER (WHERE m.within AND m.code = 'block_return' AND m.amount < 0), 0)::bigint,
        coalesce(sum(m.amount) FILTER (WHERE m.within AND m.code = 'block_return' AND m.amount > 0), 0)::bigint,
        coalesce(-sum(m.amount) FILTER (WHERE m.within AND m.code = 'stamping'), 0)::bigint,
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

-- What the treasury gets for stamps of an organisation, or of all right below the issuer when that is named. A collector
-- owes for the blocks of each tax period up to `last`; a distributor has paid in advance.
CREATE FUNCTION partners.treasury_report(of_organisation uuid, last date) RETURNS TABLE (
    organisation_id uuid, basis text, period date, pieces bigint, amount bigint, paid bigint, due bigint,
    in_advance bigint
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH asked AS (
        SELECT o.id, o.role FROM partners.organisation o WHERE o.parent_id = ledger.organisation('issuer')
            AND of_organisation IN (o.id, o.parent_id)
    )
    SELECT a.id, b.paid_by, b.period, sum(b.pieces - b.returned)::bigint,
        sum((b.pieces - b.returned) * (b.unit_price + b.service_fee))::bigint,
        sum((b.pieces - b.returned) * (b.unit_price + b.service_fee) - partners.unpaid(b))::bigint,
        sum(partners.unpaid(b))::bigint, 0::bigint
    FROM asked a JOIN partners.block b ON b.receiver = a.id AND b.paid_by <> 'deposit' AND b.period <= last
    GROUP BY a.id, b.paid_by, b.period
    UNION ALL
    SELECT a.id, 'deposit', NULL, (
            SELECT coalesce(sum(b.pieces - b.returned), 0)::bigint FROM partners.block b WHERE b.receiver = a.id),
        coalesce(-sum(m.amount) FILTER (WHERE m.code <> 'partner_deposit'), 0)::bigint,
        coalesce(sum(m.amount) FILTER (WHERE m.code = 'partner_deposit'), 0)::bigint, 0::bigint, sum(m.amount)::bigint
    FROM asked a JOIN LATERAL partners.account_moves(a.id, '-infinity', 'infinity') m ON m.account = 'treasury_prepaid'
    GROUP BY a.id
$$;

-- All that is due to the treasury, less what was paid in advance: by blocks and deposits, and as the ledger's accounts say.
CREATE FUNCTION partners.treasury_sums(of_organisation uuid, OUT due bigint, OUT by_ledger bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT (SELECT coalesce(sum(r.due - r.in_advance), 0)::bigint FROM partners.treasury_report(of_organisation, 'infinity') r),
        (SELECT coalesce(sum(CASE b.account WHEN 'credit_owed' THEN b.balance
                WHEN 'treasury_prepaid' THEN -b.balance ELSE 0 END), 0)::bigint
            FROM partners.organisation o CROSS JOIN LATERAL partners.account_balances(o.id) b
            WHERE o.parent_id = ledger.organisation('issuer') AND of_organisation IN (o.id, o.parent_id))
$$;

REVOKE ALL ON FUNCTION partners.tree_below, partners.stamps_used, partners.used_sums, partners.stock_report,
    partners.treasury_report, partners.treasury_sums FROM PUBLIC;
GRANT EXECUTE ON FUNCTION partners.tree_below, partners.stamps_used, partners.used_sums, partners.stock_report,
    partners.treasury_report, partners.treasury_sums TO meterai_worker, meterai_operator;
