-- Days whose books are closed (docs/day-close.md). All days up to the last one are closed.
CREATE TABLE ledger.closed_day (
    business_date date PRIMARY KEY,
    closed_at timestamptz NOT NULL
);
CREATE TRIGGER closed_day_is_history BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.closed_day
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
GRANT SELECT ON ledger.closed_day TO meterai_reader;

-- A day's transfers lie together: an index of ranges finds them, and costs a posting next to nothing.
CREATE INDEX transfer_by_day ON ledger.transfer USING brin (business_date) WITH (pages_per_range = 32);

-- The first day that is not closed; at first, that on which the books were opened. NULL: there are no books.
CREATE FUNCTION ledger.first_open_day() RETURNS date LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce((SELECT max(c.business_date) + 1 FROM ledger.closed_day c),
        (SELECT (a.created_at AT TIME ZONE 'Asia/Jakarta')::date FROM ledger.account a
            WHERE a.id = ledger.house('issuance')))
$$;

-- Closes a day: from the caller's commit on it takes no more transfers. Transactions that posted before may still be
-- under way: who reads the day's books waits until those are over that run at the commit. Doing it again changes
-- nothing. LG011: the day is not over by 00.15 of the next one (WIB) by the database's clock. LG012: another day
-- is first.
CREATE FUNCTION ledger.close_day(of_day date, at timestamptz) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    counts timestamptz := least(customers.checked_time(at), clock_timestamp());
    first date;
BEGIN
    LOCK TABLE ledger.closed_day IN SHARE ROW EXCLUSIVE MODE;  -- one at a time; nobody who posts waits
    IF EXISTS (SELECT FROM ledger.closed_day c WHERE c.business_date = of_day) THEN RETURN; END IF;
    IF counts < (of_day + 1 + time '00:15') AT TIME ZONE 'Asia/Jakarta' THEN
        RAISE EXCEPTION '% is not over', of_day USING ERRCODE = 'LG011';
    END IF;
    first := ledger.first_open_day();
    IF first IS DISTINCT FROM of_day THEN
        RAISE EXCEPTION '% is closed first', first USING ERRCODE = 'LG012';
    END IF;
    INSERT INTO ledger.closed_day VALUES (of_day, counts);
END $$;
REVOKE ALL ON FUNCTION ledger.first_open_day, ledger.close_day FROM PUBLIC;

-- As before, but for a closed day: LG010. What is written already says the same as before, also of a closed day.
CREATE OR REPLACE FUNCTION ledger.post_transfers(
    ids uuid[], kinds text[], pendings uuid[], debits uuid[], credits uuid[], amounts bigint[],
    codes text[], refs uuid[], organisations uuid[], expiries timestamptz[], at timestamptz
) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, ledger, pg_temp
-- Always the plan that looks up ids, also while the tables are small or their statistics old.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
    day date := (at AT TIME ZONE 'Asia/Jakarta')::date;
    units text[] := '{}';
    reserved ledger.transfer;
    known ledger.transfer;
    present uuid[] := '{}';      -- transfers of the batch that are written already
    locked uuid[];               -- accounts, in id order; the arrays below run beside it
    locked_units text[];
    debits_held bigint[];
    debits_final bigint[];
    credits_held bigint[];
    credits_final bigint[];
    d integer;
    c integer;
    held bigint;
    final bigint;
BEGIN
    -- 1. Post and void take accounts and amount from the reservation they name. It never changes, so it may be
    --    read before anything is locked.
    FOR i IN 1 .. cardinality(ids) LOOP
        IF kinds[i] IN ('post', 'void') THEN
            SELECT * INTO reserved FROM ledger.transfer WHERE id = pendings[i] AND kind = 'pending';
            IF NOT FOUND THEN
                RAISE EXCEPTION 'no reservation for %', ids[i] USING ERRCODE = 'LG003';
            END IF;
            debits[i] := reserved.debit_account_id;
            credits[i] := reserved.credit_account_id;
            amounts[i] := reserved.amount;
        END IF;
    END LOOP;

    -- 2. Lock every account, in id order. From here on nobody else writes a transfer between them.
    SELECT array_agg(a.id), array_agg(a.unit), array_agg(0::bigint) INTO locked, locked_units, debits_held
    FROM (
        SELECT id, unit FROM ledger.account WHERE id = ANY (debits || credits) ORDER BY id FOR NO KEY UPDATE
    ) a;
    debits_final := debits_held;
    credits_held := debits_held;
    credits_final := debits_held;

    -- 3. What exists must say the same.
    FOR known IN SELECT * FROM ledger.transfer WHERE id = ANY (ids) LOOP
        d := array_position(ids, known.id);
        IF (known.kind, known.pending_id, known.debit_account_id, known.credit_account_id, known.amount,
            known.code, known.reference_id, known.organisation_id)
            IS DISTINCT FROM
            (kinds[d], pendings[d], debits[d], credits[d], amounts[d], codes[d], refs[d], organisations[d])
        THEN
            RAISE EXCEPTION 'transfer % exists with other content', known.id USING ERRCODE = 'LG001';
        END IF;
        present := present || known.id;
    END LOOP;

    -- 4. Sum up what the new ones do to each account.
    FOR i IN 1 .. cardinality(ids) LOOP
        d := array_position(locked, debits[i]);
        c := array_position(locked, credits[i]);
        IF d IS NULL OR c IS NULL THEN
            RAISE EXCEPTION 'no such account in %', ids[i] USING ERRCODE = 'LG002';
        END IF;
        IF locked_units[d] <> locked_units[c] THEN
            RAISE EXCEPTION 'units differ in %', ids[i] USING ERRCODE = 'LG004';
        END IF;
        units[i] := locked_units[d];
        CONTINUE WHEN ids[i] = ANY (present);
        held := CASE kinds[i] WHEN 'pending' THEN amounts[i] WHEN 'single' THEN 0 ELSE -amounts[i] END;
        final := CASE WHEN kinds[i] IN ('single', 'post') THEN amounts[i] ELSE 0 END;
        debits_held[d] := debits_held[d] + held;
        debits_final[d] := debits_final[d] + final;
        credits_held[c] := credits_held[c] + held;
        credits_final[c] := credits_final[c] + final;
    END LOOP;
    IF cardinality(present) = cardinality(ids) THEN RETURN 0; END IF;

    -- 5. The books of a closed day never change. The locks above gave this transaction its id: should it not see that
    --    the day is closed, then the day close sees it and waits for it (`ledger.close_day`).
    IF day <= (SELECT max(c.business_date) FROM ledger.closed_day c) THEN
        RAISE EXCEPTION 'the books of % are closed', day USING ERRCODE = 'LG010';
    END IF;

    -- 6. Write the new ones and the balances.
    INSERT INTO ledger.transfer (
        id, kind, pending_id, debit_account_id, credit_account_id, unit, amount, code, reference_id,
        organisation_id, expires_at, created_at, posted_at, business_date
    )
    SELECT t.id, t.kind, t.pending_id, t.debit, t.credit, t.unit, t.amount, t.code, t.ref,
        t.organisation, t.expires_at, at, CASE WHEN t.kind IN ('single', 'post') THEN at END, day
    FROM unnest(ids, kinds, pendings, debits, credits, units, amounts, codes, refs, organisations, expiries)
        AS t(id, kind, pending_id, debit, credit, unit, amount, code, ref, organisation, expires_at)
    WHERE t.id <> ALL (present);

    UPDATE ledger.account a SET
        debits_pending = a.debits_pending + s.debits_held,
        debits_posted = a.debits_posted + s.debits_final,
        credits_pending = a.credits_pending + s.credits_held,
        credits_posted = a.credits_posted + s.credits_final
    FROM unnest(locked, debits_held, debits_final, credits_held, credits_final)
        AS s(id, debits_held, debits_final, credits_held, credits_final)
    WHERE a.id = s.id;
    RETURN cardinality(ids) - cardinality(present);
END $$;
