-- Reconciliation (docs/reconciliation.md): what gateways say that they paid out, what the bank says that came, and where
-- either differs from our payments. Nobody writes these tables but the functions below; they post what follows.

-- The plan of accounts (0117), now with those of the bank.
CREATE OR REPLACE FUNCTION ledger.open_accounts(
    ids uuid[], units text[], kinds text[], organisations uuid[], customers uuid[], sides text[], at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
DECLARE
    plan constant text[] := ARRAY[
        'issuance STAMP none', 'distributor_stock STAMP credit', 'seller_stock STAMP credit', 'lot STAMP credit',
        'partner_stock STAMP credit', 'unstamped STAMP credit', 'used STAMP credit', 'treasury_prepaid IDR debit',
        'distributor_funds IDR none', 'gateway_clearing IDR none', 'suspense IDR credit', 'face_value_payable IDR credit',
        'fee_income IDR credit', 'vat_payable IDR credit', 'gateway_cost IDR none', 'refund_payable IDR credit',
        'receivable IDR debit', 'payout_cash IDR none', 'partner_cash IDR none', 'partner_sales IDR credit',
        'partner_funds IDR credit', 'credit_granted IDR none', 'credit_line IDR credit', 'credit_owed IDR credit',
        'bank_transit IDR none', 'bank_cash IDR none', 'bank_unexplained IDR none', 'bank_cost IDR none',
        'bank_other IDR none'];
    opened integer;
    wrong uuid;
BEGIN
    FOR i IN 1 .. cardinality(ids) LOOP
        IF (concat_ws(' ', kinds[i], units[i], sides[i]) = ANY (plan)) IS NOT TRUE THEN
            RAISE EXCEPTION 'no account of kind % counts % on side %', kinds[i], units[i], sides[i]
                USING ERRCODE = 'LG005';
        END IF;
    END LOOP;
    INSERT INTO ledger.account (id, unit, kind, organisation_id, customer_id, balance_side, created_at)
    SELECT t.*, at FROM unnest(ids, units, kinds, organisations, customers, sides) t
    ON CONFLICT (id) DO NOTHING;
    GET DIAGNOSTICS opened = ROW_COUNT;
    IF opened = cardinality(ids) THEN RETURN; END IF;
    SELECT a.id INTO wrong
    FROM unnest(ids, units, kinds, organisations, customers, sides)
        AS t(id, unit, kind, organisation_id, customer_id, balance_side)
    JOIN ledger.account a ON a.id = t.id
    WHERE (a.unit, a.kind, a.organisation_id, a.customer_id, a.balance_side)
        IS DISTINCT FROM (t.unit, t.kind, t.organisation_id, t.customer_id, t.balance_side)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'account % exists with other content', wrong USING ERRCODE = 'LG001';
    END IF;
END $$;

CREATE OR REPLACE FUNCTION ledger.open_books(at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM ledger.open_accounts(array_agg(ledger.house(p.kind)), array_agg(p.unit), array_agg(p.kind),
            array_agg(ledger.organisation(p.owner)), array_agg(NULL::uuid), array_agg(p.side), at)
        FROM (VALUES
            ('issuance', 'STAMP', 'none', 'issuer'), ('distributor_stock', 'STAMP', 'credit', 'distributor'),
            ('seller_stock', 'STAMP', 'credit', 'seller'), ('used', 'STAMP', 'credit', 'seller'),
            ('treasury_prepaid', 'IDR', 'debit', 'distributor'), ('distributor_funds', 'IDR', 'none', 'distributor'),
            ('gateway_clearing', 'IDR', 'none', 'seller'), ('suspense', 'IDR', 'credit', 'seller'),
            ('face_value_payable', 'IDR', 'credit', 'seller'), ('fee_income', 'IDR', 'credit', 'seller'),
            ('vat_payable', 'IDR', 'credit', 'seller'), ('gateway_cost', 'IDR', 'none', 'seller'),
            ('refund_payable', 'IDR', 'credit', 'seller'), ('receivable', 'IDR', 'debit', 'seller'),
            ('payout_cash', 'IDR', 'none', 'seller'), ('bank_transit', 'IDR', 'none', 'seller'),
            ('bank_cash', 'IDR', 'none', 'seller'), ('bank_unexplained', 'IDR', 'none', 'seller'),
            ('bank_cost', 'IDR', 'none', 'seller'), ('bank_other', 'IDR', 'none', 'seller')) AS p(kind, unit, side, owner);
END $$;

-- ----------------------------------------------------------------------------------------------------------- tables

-- What a gateway says of a day (WIB). A corrected report takes the place of the first.
CREATE TABLE accounting.settlement_report (
    id uuid PRIMARY KEY,
    gateway text NOT NULL CHECK (gateway ~ '^[a-z]{1,20}$'),
    day date NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    revision integer NOT NULL DEFAULT 1,
    payout_reference text CHECK (length(payout_reference) BETWEEN 6 AND 64),
    payout bigint NOT NULL CHECK (payout >= 0),
    payout_withdrawn bigint NOT NULL DEFAULT 0 CHECK (payout_withdrawn >= 0),  -- posted, and posted back by corrections
    cost_added bigint NOT NULL DEFAULT 0 CHECK (cost_added >= 0),              -- charged above what was booked
    cost_reduced bigint NOT NULL DEFAULT 0 CHECK (cost_reduced >= 0),
    cost_postings integer NOT NULL DEFAULT 0,
    received_at timestamptz NOT NULL,
    compared_at timestamptz NOT NULL,
    UNIQUE (gateway, day),
    CONSTRAINT payout_reference_used_once UNIQUE (gateway, payout_reference),
    CONSTRAINT payout_has_a_reference CHECK (payout = 0 OR payout_reference IS NOT NULL)
);

CREATE TABLE accounting.settlement_line (
    report_id uuid NOT NULL REFERENCES accounting.settlement_report,
    position integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('payment', 'refund', 'chargeback', 'carried')),
    reference text NOT NULL,  -- ours; empty for what is carried from one day to another
    amount bigint NOT NULL CHECK (amount > 0 OR kind = 'carried' AND amount <> 0),
    fee bigint NOT NULL CHECK (fee >= 0),
    PRIMARY KEY (report_id, position),
    CONSTRAINT line_names_a_payment CHECK ((kind = 'carried') = (reference = ''))
);
CREATE INDEX settlement_line_by_reference ON accounting.settlement_line (reference);

CREATE TABLE accounting.bank_statement (
    id uuid PRIMARY KEY,
    account text NOT NULL CHECK (length(account) BETWEEN 1 AND 40),
    digest bytea NOT NULL UNIQUE CHECK (length(digest) = 32),
    first_day date NOT NULL,
    last_day date NOT NULL,
    opening bigint,
    closing bigint,
    received_at timestamptz NOT NULL
);
CREATE INDEX bank_statement_by_day ON accounting.bank_statement (account, last_day);

-- A movement on our bank account. What a person wrote is kept until the line is explained, no longer.
CREATE TABLE accounting.bank_line (
    id uuid PRIMARY KEY,
    statement_id uuid NOT NULL REFERENCES accounting.bank_statement,
    booked_on date NOT NULL,
    amount bigint NOT NULL CHECK (amount <> 0),  -- positive: came in
    words text,
    explanation text CHECK (explanation IN ('payout', 'top_up', 'face_value', 'vat', 'bank_cost', 'other')),
    payout_id uuid UNIQUE REFERENCES accounting.settlement_report,
    CONSTRAINT payout_is_named CHECK ((explanation IS NOT DISTINCT FROM 'payout') = (payout_id IS NOT NULL)),
    CONSTRAINT explained_without_words CHECK (explanation IS NULL OR words IS NULL)
);
CREATE INDEX bank_line_unexplained ON accounting.bank_line (booked_on) WHERE explanation IS NULL;

-- Every explanation that a line ever had. The newest counts.
CREATE TABLE accounting.bank_explanation (
    line_id uuid NOT NULL REFERENCES accounting.bank_line,
    round integer NOT NULL,
    account text NOT NULL,  -- its kind
    at timestamptz NOT NULL,
    PRIMARY KEY (line_id, round)
);

CREATE TABLE accounting.difference (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    scope uuid NOT NULL,  -- the report that shows it, or what is compared
    gateway text NOT NULL,  -- empty: of the bank
    name text NOT NULL,
    subject text NOT NULL,
    expected bigint NOT NULL,
    seen bigint NOT NULL,
    found_at timestamptz NOT NULL,
    resolved_at timestamptz CHECK (resolved_at >= found_at),
    asked_at timestamptz
);
CREATE UNIQUE INDEX difference_open_once ON accounting.difference (scope, name, subject) WHERE resolved_at IS NULL;
CREATE INDEX difference_open ON accounting.difference (found_at) WHERE resolved_at IS NULL;
CREATE TYPE accounting.finding AS (name text, subject text, expected bigint, seen bigint);

-- The payments of a day are looked up by the time of their booking, which follows the order of the rows.
CREATE INDEX payment_by_settlement ON sales.payment USING brin (settled_at) WITH (autosummarize = on);
CREATE INDEX payment_reversed ON sales.payment (reversed_at) WHERE reversed_at IS NOT NULL;

-- ----------------------------------------------------------------------------------------------------------- helpers

CREATE FUNCTION accounting.day_of(moment timestamptz) RETURNS date LANGUAGE sql IMMUTABLE AS
$$ SELECT (moment AT TIME ZONE INTERVAL '7 hours')::date $$;
CREATE FUNCTION accounting.start_of(day date) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS
$$ SELECT day::timestamp AT TIME ZONE INTERVAL '7 hours' $$;

-- A line that moves an amount from one house account to another; one below zero moves back.
CREATE FUNCTION accounting.moves(
    name text, settled uuid, code text, debit text, credit text, amount bigint
) RETURNS ledger.line LANGUAGE sql IMMUTABLE AS $$
    SELECT ledger.moves(name, settled, code, ledger.house(CASE WHEN amount < 0 THEN credit ELSE debit END),
        ledger.house(CASE WHEN amount < 0 THEN debit ELSE credit END), abs(amount), settled)
$$;

-- One comparison at a time: they lock the same rows and accounts.
CREATE FUNCTION accounting.take_turn() RETURNS void LANGUAGE sql AS
$$ SELECT pg_advisory_xact_lock(hashtext('accounting.reconciliation')) $$;

-- Notes the differences that are there now within a scope. Those that are gone are resolved.
CREATE FUNCTION accounting.note(of_scope uuid, of_gateway text, present accounting.finding[], at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE accounting.difference d SET resolved_at = greatest(at, d.found_at)
        WHERE d.scope = of_scope AND d.resolved_at IS NULL
            AND NOT EXISTS (SELECT FROM unnest(present) f WHERE f.name = d.name AND f.subject = d.subject);
    INSERT INTO accounting.difference (scope, gateway, name, subject, expected, seen, found_at)
        SELECT of_scope, of_gateway, f.name, f.subject, f.expected, f.seen, at FROM unnest(present) f
        ON CONFLICT (scope, name, subject) WHERE resolved_at IS NULL
        DO UPDATE SET expected = excluded.expected, seen = excluded.seen
        WHERE (accounting.difference.expected, accounting.difference.seen) <> (excluded.expected, excluded.seen);
END $$;

-- ----------------------------------------------------------------------------------------------------------- reports

-- What a gateway charged for our payments in a report, less what we booked for them. The first line of a payment counts.
CREATE FUNCTION accounting.cost_beside(r accounting.settlement_report) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(l.fee - CASE WHEN l.kind = 'payment' AND NOT EXISTS (
            SELECT FROM accounting.settlement_line e JOIN accounting.settlement_report s ON s.id = e.report_id
            WHERE e.reference = l.reference AND e.kind = 'payment' AND s.gateway = r.gateway
                AND (s.day, e.position) < (r.day, l.position)
        ) THEN p.gateway_cost ELSE 0 END), 0)::bigint
    FROM accounting.settlement_line l
    JOIN sales.payment p ON p.reference = l.reference AND p.gateway = r.gateway AND p.settled_at IS NOT NULL
    WHERE l.report_id = r.id
$$;

-- Books what a gateway charged above or below its price list (cost -> clearing).
CREATE FUNCTION accounting.book_costs(r accounting.settlement_report, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    more bigint := accounting.cost_beside(r) - (r.cost_added - r.cost_reduced);
BEGIN
    IF more = 0 THEN RETURN; END IF;
    UPDATE accounting.settlement_report SET cost_postings = cost_postings + 1,
            cost_added = cost_added + greatest(more, 0), cost_reduced = cost_reduced + greatest(-more, 0)
        WHERE id = r.id;
    PERFORM ledger.post_lines(ARRAY[accounting.moves('cost-difference-' || r.cost_postings + 1, r.id,
        'gateway_cost_difference', 'gateway_cost', 'gateway_clearing', more)], at);
END $$;

-- Where a report and our payments differ: what it lists, and what we booked on its day.
CREATE FUNCTION accounting.report_differences(r accounting.settlement_report) RETURNS SETOF accounting.finding
LANGUAGE sql STABLE AS $$
    WITH listed AS (
        SELECT l.reference, coalesce(sum(l.amount) FILTER (WHERE l.kind = 'payment'), 0)::bigint AS paid,
            count(*) FILTER (WHERE l.kind = 'payment') AS payments,
            coalesce(sum(l.amount) FILTER (WHERE l.kind = 'refund'), 0)::bigint AS refunded,
            coalesce(sum(l.amount) FILTER (WHERE l.kind = 'chargeback'), 0)::bigint AS taken_back
        FROM accounting.settlement_line l WHERE l.report_id = r.id AND l.kind <> 'carried' GROUP BY l.reference
    ), compared AS (
        SELECT listed.*, p.id, p.settled_at, p.paid_amount, p.reversed_at FROM listed
        LEFT JOIN sales.payment p ON p.reference = listed.reference AND p.gateway = r.gateway
    ), booked AS (
        SELECT p.* FROM sales.payment p WHERE p.gateway = r.gateway
            AND p.settled_at >= accounting.start_of(r.day) AND p.settled_at < accounting.start_of(r.day + 1)
    ), everywhere AS NOT MATERIALIZED (  -- lines of all reports of this gateway
        SELECT l.* FROM accounting.settlement_line l JOIN accounting.settlement_report s ON s.id = l.report_id
        WHERE s.gateway = r.gateway
    ), given_back AS NOT MATERIALIZED (
        SELECT p.reference, b.amount, b.paid_at FROM sales.refund b JOIN sales.payment p ON p.id = b.payment_id
        WHERE p.gateway = r.gateway AND b.channel = 'gateway' AND b.state = 'paid'
            AND b.reference IS DISTINCT FROM p.reference
    )
    SELECT 'unknown_payment', reference, 0::bigint, paid - refunded - taken_back FROM compared WHERE id IS NULL
    UNION ALL
    SELECT 'not_booked', reference, 0, paid FROM compared
        WHERE id IS NOT NULL AND settled_at IS NULL AND paid > refunded + taken_back
    UNION ALL
    SELECT 'amount_differs', reference, paid_amount, paid FROM compared
        WHERE settled_at IS NOT NULL AND payments = 1 AND paid <> paid_amount
    UNION ALL
    SELECT 'reported_twice', c.reference, paid_amount, (SELECT sum(e.amount)::bigint FROM everywhere e
            WHERE e.reference = c.reference AND e.kind = 'payment') FROM compared c
        WHERE settled_at IS NOT NULL AND (payments > 1 OR payments = 1 AND EXISTS (
            SELECT FROM accounting.settlement_line e JOIN accounting.settlement_report s ON s.id = e.report_id
            WHERE e.reference = c.reference AND e.kind = 'payment' AND s.gateway = r.gateway AND s.day < r.day))
    UNION ALL
    SELECT 'reversal_not_booked', reference, 0, taken_back FROM compared
        WHERE taken_back > 0 AND settled_at IS NOT NULL AND reversed_at IS NULL
    UNION ALL
    SELECT 'refund_not_booked', c.reference, g.amount, e.amount FROM compared c
        CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0)::bigint AS amount FROM given_back
            WHERE reference = c.reference) g
        CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0)::bigint AS amount FROM everywhere
            WHERE reference = c.reference AND kind = 'refund') e
        WHERE c.id IS NOT NULL AND c.refunded > 0 AND e.amount > g.amount
    UNION ALL
    SELECT 'not_reported', b.reference, b.paid_amount, 0 FROM booked b WHERE NOT EXISTS (
        SELECT FROM everywhere e WHERE e.reference = b.reference AND e.kind = 'payment')
    UNION ALL
    SELECT 'reversal_not_reported', p.reference, p.paid_amount, 0 FROM sales.payment p
        WHERE p.gateway = r.gateway AND p.reversed_at >= accounting.start_of(r.day)
            AND p.reversed_at < accounting.start_of(r.day + 1) AND NOT EXISTS (
            SELECT FROM everywhere e WHERE e.reference = p.reference AND e.kind = 'chargeback')
    UNION ALL
    SELECT 'refund_not_reported', g.reference, g.amount, e.amount FROM (
            SELECT reference, sum(amount) FILTER (WHERE paid_at < accounting.start_of(r.day + 1))::bigint AS amount
            FROM given_back WHERE reference IN (SELECT d.reference FROM given_back d
                WHERE d.paid_at >= accounting.start_of(r.day) AND d.paid_at < accounting.start_of(r.day + 1))
            GROUP BY reference) g
        CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0)::bigint AS amount FROM everywhere
            WHERE reference = g.reference AND kind = 'refund') e
        WHERE e.amount < g.amount
    UNION ALL
    SELECT 'payout_differs', r.gateway || ' ' || r.day, s.amount, r.payout FROM (
            SELECT coalesce(sum(CASE WHEN l.kind IN ('payment', 'carried') THEN l.amount ELSE -l.amount END - l.fee), 0)::bigint
                AS amount FROM accounting.settlement_line l WHERE l.report_id = r.id) s
        WHERE s.amount <> r.payout
$$;

-- Compares one report with our payments: books what was charged, and notes the differences.
CREATE FUNCTION accounting.compare_report(report uuid, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    r accounting.settlement_report;
BEGIN
    SELECT * INTO r FROM accounting.settlement_report WHERE id = report FOR UPDATE;
    UPDATE accounting.settlement_report SET compared_at = at WHERE id = report;
    PERFORM accounting.book_costs(r, at);
    PERFORM accounting.note(r.id, r.gateway, ARRAY(SELECT f FROM accounting.report_differences(r) f), at);
END $$;

-- Stores what a gateway says of a day, and books what it pays out (bank in transit -> clearing). The same report again
-- changes nothing. Gives "new", "same" or "corrected".
CREATE FUNCTION accounting.take_report(
    of_gateway text, of_day date, of_digest bytea, of_payout_reference text, of_payout bigint, kinds text[],
    refs text[], amounts bigint[], fees bigint[], at timestamptz
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    report uuid := ledger.derived_id('settlement-report', of_gateway, of_day::text);
    r accounting.settlement_report;
    was_new boolean;
    more bigint := of_payout;
BEGIN
    IF of_day >= accounting.day_of(at) THEN PERFORM sales.not_allowed('report of a day that is not over', report); END IF;
    PERFORM accounting.take_turn();
    PERFORM ledger.open_books(at);
    INSERT INTO accounting.settlement_report
            (id, gateway, day, digest, payout_reference, payout, received_at, compared_at)
        VALUES (report, of_gateway, of_day, of_digest, of_payout_reference, of_payout, at, at)
        ON CONFLICT (id) DO NOTHING;
    was_new := FOUND;
    SELECT * INTO r FROM accounting.settlement_report WHERE id = report FOR UPDATE;
    IF NOT was_new THEN
        IF r.digest = of_digest THEN RETURN 'same'; END IF;
        more := of_payout - r.payout;
        DELETE FROM accounting.settlement_line WHERE report_id = report;
        UPDATE accounting.settlement_report SET digest = of_digest, revision = revision + 1, payout = of_payout,
                payout_reference = of_payout_reference, received_at = at,
                payout_withdrawn = payout_withdrawn + greatest(-more, 0)
            WHERE id = report RETURNING * INTO r;
    END IF;
    INSERT INTO accounting.settlement_line (report_id, position, kind, reference, amount, fee)
        SELECT report, l.position, l.kind, l.reference, l.amount, l.fee
        FROM unnest(kinds, refs, amounts, fees) WITH ORDINALITY AS l(kind, reference, amount, fee, position);
    PERFORM ledger.post_lines(ARRAY[accounting.moves('gateway-payout-' || r.revision, report, 'gateway_payout',
        'bank_transit', 'gateway_clearing', more)], at);
    PERFORM accounting.compare_report(report, at);
    PERFORM accounting.compare_bank(at);
    RETURN CASE WHEN was_new THEN 'new' ELSE 'corrected' END;
END $$;

-- -------------------------------------------------------------------------------------------------------------- bank

-- The account to which a bank line belongs by its explanation.
CREATE FUNCTION accounting.account_of(explanation text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE explanation WHEN 'payout' THEN 'bank_transit' WHEN 'top_up' THEN 'payout_cash'
        WHEN 'face_value' THEN 'face_value_payable' WHEN 'vat' THEN 'vat_payable' WHEN 'bank_cost' THEN 'bank_cost'
        WHEN 'other' THEN 'bank_other' ELSE 'bank_unexplained' END
$$;

-- Writes the explanation of a line; gives what that moves (unexplained, or where it was before -> its account).
CREATE FUNCTION accounting.explain(
    l accounting.bank_line, explained_as text, of_payout uuid, at timestamptz
) RETURNS ledger.line LANGUAGE plpgsql AS $$
DECLARE
    nth integer := 1 + (SELECT count(*) FROM accounting.bank_explanation e WHERE e.line_id = l.id);
BEGIN
    UPDATE accounting.bank_line SET explanation = explained_as, payout_id = of_payout, words = NULL WHERE id = l.id;
    INSERT INTO accounting.bank_explanation VALUES (l.id, nth, accounting.account_of(explained_as), at);
    RETURN accounting.moves('bank-explained-' || nth, l.id, 'bank_explained', accounting.account_of(l.explanation),
        accounting.account_of(explained_as), l.amount);
END $$;

-- What is wrong with what the bank says.
CREATE FUNCTION accounting.bank_differences(at timestamptz) RETURNS SETOF accounting.finding LANGUAGE sql STABLE AS $$
    SELECT 'payout_missing', r.payout_reference, r.payout, 0::bigint FROM accounting.settlement_report r
        WHERE r.payout > 0 AND r.day < accounting.day_of(at) - 3
            AND NOT EXISTS (SELECT FROM accounting.bank_line l WHERE l.payout_id = r.id)
    UNION ALL
    SELECT 'payout_amount', r.payout_reference, r.payout, l.amount
        FROM accounting.settlement_report r JOIN accounting.bank_line l ON l.payout_id = r.id WHERE l.amount <> r.payout
    UNION ALL
    SELECT CASE WHEN l.amount > 0 THEN 'credit_unexplained' ELSE 'debit_unexplained' END, l.id::text, 0, l.amount
        FROM accounting.bank_line l WHERE l.explanation IS NULL
    UNION ALL
    SELECT 'statement_gap', s.account || ' ' || s.first_day, b.closing, s.opening FROM accounting.bank_statement s
        CROSS JOIN LATERAL (SELECT o.closing FROM accounting.bank_statement o
            WHERE o.account = s.account AND o.last_day < s.first_day AND o.closing IS NOT NULL
            ORDER BY o.last_day DESC, o.received_at DESC LIMIT 1) b
        WHERE s.opening <> b.closing
$$;

-- Finds the payouts among the credits that nobody knows: the words name the payout, and the amounts agree.
CREATE FUNCTION accounting.compare_bank(at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    l accounting.bank_line;
    payout uuid;
    lines ledger.line[] := '{}';
BEGIN
    FOR l IN SELECT * FROM accounting.bank_line WHERE explanation IS NULL AND amount > 0 ORDER BY booked_on, id LOOP
        SELECT r.id INTO payout FROM accounting.settlement_report r
            WHERE r.payout = l.amount
                AND position(upper(r.payout_reference) IN upper(regexp_replace(l.words, '\s', '', 'g'))) > 0
                AND NOT EXISTS (SELECT FROM accounting.bank_line o WHERE o.payout_id = r.id)
            ORDER BY length(r.payout_reference) DESC, r.day LIMIT 1;
        IF FOUND THEN lines := lines || accounting.explain(l, 'payout', payout, at); END IF;
    END LOOP;
    PERFORM accounting.note(ledger.derived_id('accounting', 'bank'), '',
        ARRAY(SELECT f FROM accounting.bank_differences(at) f), at);
    PERFORM ledger.post_lines(lines, at);
END $$;

-- Stores a statement of our bank account. Lines that an earlier statement had are left alone, the others are booked (bank
-- -> unexplained) and explained as far as they name payouts. Gives how many lines are new.
CREATE FUNCTION accounting.take_statement(
    of_account text, of_digest bytea, first date, until date, opens bigint, closes bigint, days date[],
    amounts bigint[], texts text[], at timestamptz
) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    statement uuid := ledger.derived_id('bank-statement', encode(of_digest, 'hex'));
    new uuid[];
BEGIN
    PERFORM accounting.take_turn();
    PERFORM ledger.open_books(at);
    INSERT INTO accounting.bank_statement (id, account, digest, first_day, last_day, opening, closing, received_at)
        VALUES (statement, of_account, of_digest, first, until, opens, closes, at) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN RETURN 0; END IF;
    WITH told AS (
        SELECT day, amount, words, row_number() OVER (PARTITION BY day, amount, words ORDER BY position) AS nth
        FROM unnest(days, amounts, texts) WITH ORDINALITY AS l(day, amount, words, position)
    ), added AS (
        INSERT INTO accounting.bank_line (id, statement_id, booked_on, amount, words)
        SELECT ledger.derived_id('bank-line', of_account, day::text, amount::text, words, nth::text), statement, day, amount,
            words FROM told
        ON CONFLICT (id) DO NOTHING RETURNING id
    )
    SELECT coalesce(array_agg(id), '{}') INTO new FROM added;
    PERFORM ledger.post_lines(ARRAY(SELECT accounting.moves('bank-line', l.id, 'bank_receipt', 'bank_cash',
        'bank_unexplained', l.amount) FROM accounting.bank_line l WHERE l.id = ANY (new)), at);
    PERFORM accounting.compare_bank(at);
    RETURN cardinality(new);
END $$;

-- Explains a line of the bank, or explains it in another way than before. A payout has its own sum.
CREATE FUNCTION accounting.explain_line(
    line uuid, explained_as text, of_payout_reference text, at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    l accounting.bank_line;
    payout uuid;
BEGIN
    PERFORM accounting.take_turn();
    SELECT * INTO l FROM accounting.bank_line WHERE id = line FOR UPDATE;
    SELECT r.id INTO payout FROM accounting.settlement_report r
        WHERE explained_as = 'payout' AND r.payout_reference = of_payout_reference AND r.payout = l.amount
            AND NOT EXISTS (SELECT FROM accounting.bank_line o WHERE o.payout_id = r.id);
    IF (l.id IS NOT NULL AND explained_as IS DISTINCT FROM l.explanation
        AND accounting.account_of(explained_as) <> 'bank_unexplained'
        AND (explained_as = 'payout') = (payout IS NOT NULL)) IS NOT TRUE
    THEN PERFORM sales.not_allowed('explain as ' || explained_as, line); END IF;
    PERFORM ledger.post_lines(ARRAY[accounting.explain(l, explained_as, payout, at)], at);
    PERFORM accounting.compare_bank(at);
END $$;

-- ----------------------------------------------------------------------------------------------------- comparing again

-- Days on which payments came and of which no report is here by noon of the next day.
CREATE FUNCTION accounting.missing_reports(of_gateway text, at timestamptz) RETURNS SETOF accounting.finding
LANGUAGE sql STABLE AS $$
    SELECT 'report_missing', of_gateway || ' ' || d.day::date, p.paid, 0::bigint
    FROM (
        SELECT day::date FROM generate_series(accounting.day_of(at) - 14, accounting.day_of(at - INTERVAL '36 hours'),
            INTERVAL '1 day') AS day
        UNION SELECT split_part(o.subject, ' ', 2)::date FROM accounting.difference o
        WHERE o.name = 'report_missing' AND o.gateway = of_gateway AND o.resolved_at IS NULL
    ) d
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(s.paid_amount), 0)::bigint AS paid FROM sales.payment s
        WHERE s.gateway = of_gateway AND s.settled_at >= accounting.start_of(d.day)
            AND s.settled_at < accounting.start_of(d.day + 1)
    ) p
    WHERE p.paid > 0 AND NOT EXISTS (
        SELECT FROM accounting.settlement_report r WHERE r.gateway = of_gateway AND r.day = d.day)
$$;

-- Compares again: reports that have differences, the bank, and whether each of `gateways` has reported. A difference whose
-- cause is gone is resolved.
CREATE FUNCTION accounting.compare_again(gateways text[], at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    of_gateway text;
    report uuid;
BEGIN
    PERFORM accounting.take_turn();
    FOR report IN SELECT r.id FROM accounting.settlement_report r WHERE EXISTS (
            SELECT FROM accounting.difference d WHERE d.scope = r.id AND d.resolved_at IS NULL)
        ORDER BY r.compared_at, r.id LIMIT 20
    LOOP PERFORM accounting.compare_report(report, at); END LOOP;
    FOREACH of_gateway IN ARRAY gateways LOOP
        PERFORM accounting.note(ledger.derived_id('accounting', 'reports', of_gateway), of_gateway,
            ARRAY(SELECT f FROM accounting.missing_reports(of_gateway, at) f), at);
    END LOOP;
    PERFORM accounting.compare_bank(at);
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA accounting FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accounting.take_report, accounting.take_statement TO meterai_worker, meterai_operator;
GRANT EXECUTE ON FUNCTION accounting.compare_again TO meterai_worker;
GRANT EXECUTE ON FUNCTION accounting.explain_line TO meterai_operator;
GRANT SELECT ON accounting.settlement_report, accounting.settlement_line, accounting.bank_statement, accounting.bank_line,
    accounting.bank_explanation, accounting.difference TO meterai_worker, meterai_operator, meterai_reader;
GRANT SELECT ON accounting.difference TO meterai_site;
INSERT INTO operations.audit_writer (role, kind) VALUES ('meterai_operator', 'bank_line');
GRANT UPDATE (asked_at) ON accounting.difference TO meterai_worker;
