-- An account's unit and side follow from its kind (docs/money.md): who opens one can't choose them. Asked where accounts
-- are opened, for a constraint of several columns would be read anew by every statement that moves a balance (0026).
-- `meterai check` looks at every account there is (I3).

-- Opens accounts; one that exists already is left alone, and must say the same.
CREATE OR REPLACE FUNCTION ledger.open_accounts(
    ids uuid[], units text[], kinds text[], organisations uuid[], customers uuid[], sides text[], at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
DECLARE
    plan constant text[] := ARRAY[
        'issuance STAMP none', 'distributor_stock STAMP credit', 'seller_stock STAMP credit', 'lot STAMP credit',
        'used STAMP credit', 'treasury_prepaid IDR debit', 'distributor_funds IDR none', 'gateway_clearing IDR none',
        'suspense IDR credit', 'face_value_payable IDR credit', 'fee_income IDR credit', 'vat_payable IDR credit',
        'gateway_cost IDR none', 'refund_payable IDR credit', 'receivable IDR debit', 'payout_cash IDR none'];
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
