-- Statements of closed days (docs/day-close.md). The role meterai_closer closes days and signs their statements, and
-- reaches nothing else. What a statement says of a day is what the database itself adds up.
CREATE SCHEMA IF NOT EXISTS accounting;

CREATE TABLE accounting.statement_key (
    id text PRIMARY KEY CHECK (id ~ '^[0-9a-f]{16}$'),
    public_key text NOT NULL CHECK (length(public_key) BETWEEN 50 AND 500),
    first_used_at timestamptz NOT NULL
);
CREATE TABLE accounting.day_statement (
    business_date date PRIMARY KEY,
    statement bytea NOT NULL CHECK (octet_length(statement) BETWEEN 2 AND 1000000),
    signature bytea NOT NULL CHECK (octet_length(signature) = 64),
    key_id text NOT NULL REFERENCES accounting.statement_key,
    stored_at timestamptz NOT NULL
);
CREATE TRIGGER day_statement_is_history BEFORE UPDATE OR DELETE OR TRUNCATE ON accounting.day_statement
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER statement_key_is_history BEFORE UPDATE OR DELETE OR TRUNCATE ON accounting.statement_key
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- The first day without a statement; NULL: there are no books.
CREATE FUNCTION accounting.next_day() RETURNS date LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce((SELECT max(s.business_date) + 1 FROM accounting.day_statement s),
        (SELECT min(c.business_date) FROM ledger.closed_day c), ledger.first_open_day())
$$;

-- What was booked on a day, in rupiah and pieces. Paid: money that came, and stamps of orders that it paid for. Stamped,
-- held, refunded: stamps of lots at the price of their order's item, and money owed back. Held and suspense: by how much
-- they grew. Pieces come from orders on one side and from lots on the other; rupiah from payments, and from lots.
CREATE FUNCTION accounting.day_figures(of_day date) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    WITH moved AS MATERIALIZED (
        SELECT t.code, t.amount, t.reference_id, t.organisation_id, t.debit_account_id, t.credit_account_id,
            d.kind AS debit, c.kind AS credit
        FROM ledger.transfer t JOIN ledger.account d ON d.id = t.debit_account_id
        JOIN ledger.account c ON c.id = t.credit_account_id
        WHERE t.business_date = of_day AND t.posted_at IS NOT NULL
    ), lots AS (
        SELECT l.lot, sum(l.bought) AS bought, sum(l.used) AS used, sum(l.back) AS back, sum(l.gone) AS gone
        FROM (
            SELECT credit_account_id AS lot, amount AS bought, 0 AS used, 0 AS back, 0 AS gone FROM moved
            WHERE credit = 'lot'
            UNION ALL
            SELECT debit_account_id, 0, CASE credit WHEN 'used' THEN amount ELSE 0 END,
                CASE credit WHEN 'seller_stock' THEN amount ELSE 0 END, amount
            FROM moved WHERE debit = 'lot'
        ) l GROUP BY l.lot
    ), stamps AS (
        SELECT coalesce(sum(l.used), 0) AS used, coalesce(sum(l.used * p.price), 0) AS used_for,
            coalesce(sum(l.back), 0) AS back, coalesce(sum(l.bought - l.gone), 0) AS kept,
            coalesce(sum((l.bought - l.gone) * p.price), 0) AS kept_for
        FROM lots l LEFT JOIN LATERAL (
            SELECT i.unit_face_value + i.unit_fee AS price FROM sales.item i WHERE i.lot_account_id = l.lot
        ) p ON true
    ), money AS (
        SELECT coalesce(sum(amount) FILTER (WHERE credit = 'suspense'), 0) AS paid,
            coalesce(sum(amount) FILTER (WHERE debit = 'suspense'), 0) AS explained,
            coalesce(sum(amount) FILTER (WHERE credit = 'refund_payable' AND code <> 'refund_returned'), 0) AS refunded,
            coalesce(sum(amount) FILTER (WHERE debit = 'refund_payable'), 0)
                - coalesce(sum(amount) FILTER (WHERE code = 'refund_returned'), 0) AS paid_back,
            coalesce(sum(amount) FILTER (WHERE code = 'reversal'), 0) AS taken_back
        FROM moved
    ), orders AS (
        SELECT coalesce(sum(o.quantity), 0) AS pieces FROM moved m JOIN sales.orders o ON o.id = m.reference_id
        WHERE m.code = 'sale_face_value'
    )
    SELECT jsonb_build_object(
        'paid', jsonb_build_object('rupiah', m.paid, 'pieces', o.pieces),
        'stamped', jsonb_build_object('rupiah', s.used_for, 'pieces', s.used),
        'held', jsonb_build_object('rupiah', s.kept_for, 'pieces', s.kept),
        'refunded', jsonb_build_object('rupiah', m.refunded, 'pieces', s.back),
        'suspense', jsonb_build_object('rupiah', m.paid - m.explained, 'pieces', 0),
        'paid_back', m.paid_back, 'taken_back', m.taken_back)
    FROM money m, stamps s, orders o
$$;

-- What the treasury is due by distributor: rupiah deposited there, and the face value of the stamps drawn. Those right below
-- the issuer alone; `distributor` is the site's own.
CREATE FUNCTION accounting.day_dues(of_day date) RETURNS TABLE (organisation text, deposited bigint, drawn bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH moved AS MATERIALIZED (
        SELECT t.code, t.amount, t.reference_id, t.organisation_id FROM ledger.transfer t
        WHERE t.business_date = of_day AND t.posted_at IS NOT NULL
            AND t.code IN ('deposit', 'issue', 'partner_deposit', 'partner_payment', 'partner_prepaid', 'deposit_used',
                'deposit_freed', 'credit_taken', 'credit_freed', 'block_paid', 'block_repaid')
    )
    SELECT 'distributor', coalesce(sum(m.amount) FILTER (WHERE m.code = 'deposit'), 0)::bigint,
        coalesce((SELECT sum(d.amount) FROM moved i
            JOIN ledger.transfer d ON d.reference_id = i.reference_id AND d.code = 'deposit'
            WHERE i.code = 'issue'), 0)::bigint
    FROM moved m HAVING count(*) FILTER (WHERE m.code IN ('deposit', 'issue')) > 0
    UNION ALL
    SELECT o.code,
        coalesce(sum(m.amount) FILTER (WHERE m.code IN ('partner_deposit', 'partner_payment', 'partner_prepaid')), 0)::bigint,
        coalesce(sum(CASE WHEN m.code IN ('deposit_used', 'credit_taken', 'block_paid') THEN m.amount
            WHEN m.code IN ('deposit_freed', 'credit_freed', 'block_repaid') THEN -m.amount ELSE 0 END), 0)::bigint
    FROM moved m JOIN partners.organisation o ON o.id = m.organisation_id
        AND o.parent_id = ledger.organisation('issuer')
    GROUP BY o.code ORDER BY 1
$$;

CREATE FUNCTION accounting.refuse_statement(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', what USING ERRCODE = 'AC001';
END $$;

-- Stores the signed statement of the next day. AC001: it is not that of a closed day, does not follow the one before, does
-- not say what the books say, or does not balance. The signature is checked by who reads it.
CREATE FUNCTION accounting.store_statement(
    of_day date, said bytea, signed bytea, of_key text, public_pem text, at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    content jsonb := convert_from(said, 'UTF8')::jsonb;
    figures jsonb := accounting.day_figures(of_day);
    unit text;
    before bytea := (SELECT s.statement FROM accounting.day_statement s WHERE s.business_date = of_day - 1);
BEGIN
    LOCK TABLE accounting.day_statement IN SHARE ROW EXCLUSIVE MODE;
    IF of_day IS DISTINCT FROM accounting.next_day()
        OR NOT EXISTS (SELECT FROM ledger.closed_day c WHERE c.business_date = of_day)
    THEN PERFORM accounting.refuse_statement('not the next closed day'); END IF;
    IF content ->> 'business_date' IS DISTINCT FROM of_day::text
        OR content ->> 'key' IS DISTINCT FROM of_key
        OR content ->> 'previous' IS DISTINCT FROM encode(sha256(before), 'hex')
    THEN PERFORM accounting.refuse_statement('day, key or the statement before are others'); END IF;
    IF content -> 'day' IS DISTINCT FROM figures THEN PERFORM accounting.refuse_statement('not what the books say'); END IF;
    FOREACH unit IN ARRAY ARRAY['rupiah', 'pieces'] LOOP
        IF (figures #>> ARRAY['paid', unit])::numeric IS DISTINCT FROM (
            SELECT sum((figures #>> ARRAY[part, unit])::numeric)
            FROM unnest(ARRAY['stamped', 'held', 'refunded', 'suspense']) AS part)
        THEN PERFORM accounting.refuse_statement(unit || ' do not balance'); END IF;
    END LOOP;
    INSERT INTO accounting.statement_key VALUES (of_key, public_pem, customers.checked_time(at)) ON CONFLICT DO NOTHING;
    IF (SELECT k.public_key FROM accounting.statement_key k WHERE k.id = of_key) <> public_pem THEN
        PERFORM accounting.refuse_statement('another key has this id');
    END IF;
    INSERT INTO accounting.day_statement VALUES (of_day, said, signed, of_key, customers.checked_time(at));
END $$;

REVOKE ALL ON FUNCTION accounting.next_day, accounting.day_figures, accounting.day_dues, accounting.refuse_statement,
    accounting.store_statement FROM PUBLIC;
GRANT USAGE ON SCHEMA accounting TO meterai_site, meterai_operator, meterai_reader, meterai_closer;
GRANT USAGE ON SCHEMA ledger TO meterai_closer;
GRANT SELECT ON accounting.day_statement, accounting.statement_key
    TO meterai_site, meterai_operator, meterai_reader, meterai_closer;
GRANT EXECUTE ON FUNCTION accounting.next_day TO meterai_site, meterai_operator, meterai_reader, meterai_closer;
GRANT EXECUTE ON FUNCTION accounting.day_figures, accounting.day_dues TO meterai_reader, meterai_closer;
GRANT EXECUTE ON FUNCTION ledger.close_day, accounting.store_statement TO meterai_closer;
