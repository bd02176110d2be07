-- Posts lines in one batch. A line of amount 0 moves nothing. The database's clock limits the caller's: the books of a day
-- that is over never change.
CREATE OR REPLACE FUNCTION ledger.post_lines(lines ledger.line[], at timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    new integer;
BEGIN
    SELECT ledger.post_transfers(array_agg(l.id), array_agg(l.kind), array_agg(l.pending_id), array_agg(l.debit),
            array_agg(l.credit), array_agg(l.amount), array_agg(l.code), array_agg(l.reference_id),
            array_agg(l.organisation_id), array_agg(l.expires_at), customers.checked_time(at))
        INTO new FROM unnest(lines) AS l WHERE l.amount IS DISTINCT FROM 0 HAVING count(*) > 0;
    RETURN coalesce(new, 0);
END $$;
