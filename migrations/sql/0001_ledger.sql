-- The ledger: accounts and transfers in two units, append-only (docs/money.md).
-- Applications have SELECT, and EXECUTE on open_accounts and post_transfers; nobody updates a transfer.

CREATE SCHEMA ledger;

CREATE TABLE ledger.account (
    id uuid PRIMARY KEY,
    unit text NOT NULL CHECK (unit IN ('IDR', 'STAMP')),
    kind text NOT NULL,
    organisation_id uuid NOT NULL,
    customer_id uuid,
    -- which side the balance must stay on: credit (stock, quota, debts), debit (assets), none
    balance_side text NOT NULL CHECK (balance_side IN ('credit', 'debit', 'none')),
    debits_pending bigint NOT NULL DEFAULT 0 CHECK (debits_pending >= 0),
    debits_posted bigint NOT NULL DEFAULT 0 CHECK (debits_posted >= 0),
    credits_pending bigint NOT NULL DEFAULT 0 CHECK (credits_pending >= 0),
    credits_posted bigint NOT NULL DEFAULT 0 CHECK (credits_posted >= 0),
    created_at timestamptz NOT NULL,
    CONSTRAINT account_never_overdrawn CHECK (
        CASE balance_side
            WHEN 'credit' THEN debits_posted + debits_pending <= credits_posted
            WHEN 'debit' THEN credits_posted + credits_pending <= debits_posted
            ELSE true
        END
    )
) WITH (fillfactor = 70);
CREATE INDEX account_by_customer ON ledger.account (customer_id) WHERE customer_id IS NOT NULL;

CREATE TABLE ledger.transfer (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('single', 'pending', 'post', 'void')),
    pending_id uuid REFERENCES ledger.transfer,
    debit_account_id uuid NOT NULL REFERENCES ledger.account,
    credit_account_id uuid NOT NULL REFERENCES ledger.account,
    unit text NOT NULL CHECK (unit IN ('IDR', 'STAMP')),
    amount bigint NOT NULL CHECK (amount > 0),
    code text NOT NULL,
    reference_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    expires_at timestamptz,
    created_at timestamptz NOT NULL,
    posted_at timestamptz,
    business_date date NOT NULL,
    CONSTRAINT transfer_moves CHECK (debit_account_id <> credit_account_id),
    CONSTRAINT transfer_ends_a_pending_one CHECK ((kind IN ('post', 'void')) = (pending_id IS NOT NULL)),
    CONSTRAINT transfer_expires_if_pending CHECK (expires_at IS NULL OR kind = 'pending'),
    CONSTRAINT transfer_posted CHECK ((kind IN ('single', 'post')) = (posted_at IS NOT NULL))
);
CREATE UNIQUE INDEX transfer_ends_once ON ledger.transfer (pending_id) WHERE pending_id IS NOT NULL;
CREATE INDEX transfer_by_reference ON ledger.transfer (reference_id);
CREATE INDEX transfer_pending ON ledger.transfer (expires_at) WHERE kind = 'pending';

CREATE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% rows are history and never change', TG_TABLE_NAME USING ERRCODE = 'LG009';
END $$;
CREATE TRIGGER transfer_is_history BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.transfer
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- Opens accounts; one that exists already is left alone.
CREATE FUNCTION ledger.open_accounts(
    ids uuid[], units text[], kinds text[], organisations uuid[], customers uuid[], sides text[], at timestamptz
) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, ledger AS $$
    INSERT INTO ledger.account (id, unit, kind, organisation_id, customer_id, balance_side, created_at)
    SELECT *, at FROM unnest(ids, units, kinds, organisations, customers, sides)
    ON CONFLICT (id) DO NOTHING;
$$;

-- Writes a batch of transfers, all or none, and moves the balances.
-- Same id and same content: nothing happens ("exists"). Rows are locked in id order, so batches can't deadlock.
-- post and void name the pending transfer and take accounts, unit and amount from it.
-- Returns the number of transfers that are new. Refusals (SQLSTATE): LG001 same id, other content ·
-- LG002 no such account · LG003 no such pending transfer · LG004 units differ ·
-- 23514 account_never_overdrawn: not enough · 23505 transfer_ends_once: posted or voided before.
CREATE FUNCTION ledger.post_transfers(
    ids uuid[], kinds text[], pendings uuid[], debits uuid[], credits uuid[], amounts bigint[],
    codes text[], refs uuid[], organisations uuid[], expiries timestamptz[], at timestamptz
) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger AS $$
DECLARE
    batch ledger.transfer[];
    created uuid[];
    day date := (at AT TIME ZONE 'Asia/Jakarta')::date;
    wrong uuid;
BEGIN
    -- 1. Fill in what post and void take from their pending transfer.
    SELECT array_agg(ROW(
        t.id, t.kind, t.pending_id,
        coalesce(p.debit_account_id, t.debit), coalesce(p.credit_account_id, t.credit),
        coalesce(p.unit, a.unit), coalesce(p.amount, t.amount),
        t.code, t.ref, t.organisation, t.expires_at, at,
        CASE WHEN t.kind IN ('single', 'post') THEN at END, day
    )::ledger.transfer ORDER BY t.n)
    INTO batch
    FROM unnest(ids, kinds, pendings, debits, credits, amounts, codes, refs, organisations, expiries)
        WITH ORDINALITY AS t(id, kind, pending_id, debit, credit, amount, code, ref, organisation, expires_at, n)
    LEFT JOIN ledger.transfer p ON p.id = t.pending_id AND p.kind = 'pending'
    LEFT JOIN ledger.account a ON a.id = t.debit;

    SELECT b.id INTO wrong FROM unnest(batch) b
        WHERE b.kind IN ('post', 'void') AND b.debit_account_id IS NULL LIMIT 1;
    IF FOUND THEN RAISE EXCEPTION 'no pending transfer for %', wrong USING ERRCODE = 'LG003'; END IF;

    -- 2. Lock every account, in id order.
    PERFORM 1 FROM ledger.account WHERE id IN (
        SELECT b.debit_account_id FROM unnest(batch) b UNION SELECT b.credit_account_id FROM unnest(batch) b
    ) ORDER BY id FOR NO KEY UPDATE;

    SELECT b.id INTO wrong FROM unnest(batch) b
        LEFT JOIN ledger.account d ON d.id = b.debit_account_id
        LEFT JOIN ledger.account c ON c.id = b.credit_account_id
        WHERE d.id IS NULL OR c.id IS NULL LIMIT 1;
    IF FOUND THEN RAISE EXCEPTION 'no such account in %', wrong USING ERRCODE = 'LG002'; END IF;
    SELECT b.id INTO wrong FROM unnest(batch) b
        JOIN ledger.account d ON d.id = b.debit_account_id
        JOIN ledger.account c ON c.id = b.credit_account_id
        WHERE d.unit <> b.unit OR c.unit <> b.unit LIMIT 1;
    IF FOUND THEN RAISE EXCEPTION 'units differ in %', wrong USING ERRCODE = 'LG004'; END IF;

    -- 3. Write what is new; what exists must say the same.
    WITH written AS (
        INSERT INTO ledger.transfer SELECT b.* FROM unnest(batch) b
        ON CONFLICT (id) DO NOTHING RETURNING id
    ) SELECT coalesce(array_agg(id), '{}') INTO created FROM written;
    SELECT b.id INTO wrong FROM unnest(batch) b JOIN ledger.transfer t ON t.id = b.id
        WHERE b.id <> ALL (created)
        AND (t.kind, t.pending_id, t.debit_account_id, t.credit_account_id, t.unit, t.amount, t.code, t.reference_id)
            IS DISTINCT FROM
            (b.kind, b.pending_id, b.debit_account_id, b.credit_account_id, b.unit, b.amount, b.code, b.reference_id)
        LIMIT 1;
    IF FOUND THEN RAISE EXCEPTION 'transfer % exists with other content', wrong USING ERRCODE = 'LG001'; END IF;

    -- 4. Move the balances, one update per account.
    UPDATE ledger.account a SET
        debits_pending = a.debits_pending + s.debits_pending,
        debits_posted = a.debits_posted + s.debits_posted,
        credits_pending = a.credits_pending + s.credits_pending,
        credits_posted = a.credits_posted + s.credits_posted
    FROM (
        SELECT account_id,
            sum(held) FILTER (WHERE debit) AS debits_pending, sum(final) FILTER (WHERE debit) AS debits_posted,
            sum(held) FILTER (WHERE NOT debit) AS credits_pending, sum(final) FILTER (WHERE NOT debit) AS credits_posted
        FROM (
            SELECT side.account_id, side.debit,
                CASE b.kind WHEN 'pending' THEN b.amount WHEN 'single' THEN 0 ELSE -b.amount END AS held,
                CASE WHEN b.kind IN ('single', 'post') THEN b.amount ELSE 0 END AS final
            FROM unnest(batch) b
            CROSS JOIN LATERAL (VALUES (b.debit_account_id, true), (b.credit_account_id, false)) side(account_id, debit)
            WHERE b.id = ANY (created)
        ) moves GROUP BY account_id
    ) raw
    CROSS JOIN LATERAL (SELECT
        coalesce(raw.debits_pending, 0)::bigint AS debits_pending, coalesce(raw.debits_posted, 0)::bigint AS debits_posted,
        coalesce(raw.credits_pending, 0)::bigint AS credits_pending, coalesce(raw.credits_posted, 0)::bigint AS credits_posted
    ) s
    WHERE a.id = raw.account_id;
    RETURN cardinality(created);
END $$;

REVOKE ALL ON FUNCTION ledger.open_accounts, ledger.post_transfers FROM PUBLIC;
GRANT USAGE ON SCHEMA ledger TO meterai_app, meterai_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO meterai_app, meterai_reader;
GRANT EXECUTE ON FUNCTION ledger.open_accounts, ledger.post_transfers TO meterai_app;
