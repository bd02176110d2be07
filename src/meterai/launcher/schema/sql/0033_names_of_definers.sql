-- Functions that run with their owner's rights take no name from who calls them: pg_temp comes last, or it would be
-- searched first.
ALTER FUNCTION stamping.begin_signing SET search_path = pg_catalog, stamping, pg_temp;
ALTER FUNCTION stamping.abandon_attempts SET search_path = pg_catalog, stamping, pg_temp;

CREATE OR REPLACE FUNCTION operations.trip_sealing_stop(why text, at timestamptz) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
    WITH tripped AS (
        UPDATE operations.switch SET thrown = true, reason = why, changed_at = at
        WHERE name = 'sealing_stopped' AND NOT thrown RETURNING 1
    ), noted AS (
        INSERT INTO operations.audit_entry (at, actor, action, subject, facts)
        SELECT $2, 'signer', 'sealing.stop', 'sealing_stopped', jsonb_build_object('reason', why) FROM tripped
    )
    SELECT EXISTS (SELECT FROM tripped);
$$;
