-- Monthly statements of partners, read from the ledger (docs/partners.md).

-- What moved on the accounts of an organisation from a business date until before another one: stock, money prepaid at the
-- parent and at the treasury, credit owed. Amounts are positive when the balance grows. Stamps are one row for each day.
CREATE FUNCTION partners.account_moves(of_organisation uuid, first date, until date) RETURNS TABLE (
    business_date date, account text, code text, block_id uuid, amount bigint
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH own AS (
        SELECT a.id, a.kind, CASE a.balance_side WHEN 'debit' THEN -1 ELSE 1 END AS sign FROM ledger.account a
        WHERE a.id = ANY (ARRAY[ledger.own('partner_stock', of_organisation), ledger.own('partner_funds', of_organisation),
            ledger.own('credit_owed', of_organisation), ledger.own('treasury_prepaid', of_organisation)])
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
    SELECT t.business_date, 'partner_stock', 'stamping', NULL, -sum(t.amount)::bigint
    FROM partners.organisation o
    JOIN stamping.job j ON j.customer_id = o.account_holder
    JOIN ledger.transfer t ON t.reference_id = j.id AND t.code = 'stamping'
        AND t.debit_account_id = ledger.own('partner_stock', of_organisation)
    WHERE o.id = of_organisation AND j.state = 'released' AND t.business_date >= first AND t.business_date < until
    GROUP BY 1
$$;

-- The balances of those accounts now.
CREATE FUNCTION partners.account_balances(of_organisation uuid) RETURNS TABLE (account text, balance bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT a.kind, CASE a.balance_side WHEN 'debit' THEN -1 ELSE 1 END * (a.credits_posted - a.debits_posted)
    FROM ledger.account a
    WHERE a.id = ANY (ARRAY[ledger.own('partner_stock', of_organisation), ledger.own('partner_funds', of_organisation),
        ledger.own('credit_owed', of_organisation), ledger.own('treasury_prepaid', of_organisation)])
$$;

REVOKE ALL ON FUNCTION partners.account_moves, partners.account_balances FROM PUBLIC;
GRANT EXECUTE ON FUNCTION partners.account_moves, partners.account_balances
    TO meterai_site, meterai_worker, meterai_operator;
