-- As before (0129), but a large report is analysed before it is compared: else each line is compared with all others.
CREATE OR REPLACE FUNCTION accounting.take_report(
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
    IF cardinality(kinds) > 1000 THEN ANALYZE accounting.settlement_line; END IF;
    PERFORM ledger.post_lines(ARRAY[accounting.moves('gateway-payout-' || r.revision, report, 'gateway_payout',
        'bank_transit', 'gateway_clearing', more)], at);
    PERFORM accounting.compare_report(report, at);
    PERFORM accounting.compare_bank(at);
    RETURN CASE WHEN was_new THEN 'new' ELSE 'corrected' END;
END $$;
