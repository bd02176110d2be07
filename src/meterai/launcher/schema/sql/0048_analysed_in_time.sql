-- What is open, due or kept goes from nothing to tens of thousands of rows within minutes, and is found by indexes of
-- nothing else. In tables of millions a tenth that changes, after which PostgreSQL analyses by itself, is days away.
-- A hundredth is some thousand orders. A table of up to a million rows is then analysed once a minute while it
-- fills, as a young one always was; one of 8 million costs 0.1 to 0.2 s of CPU each time.

ALTER TABLE sales.orders SET (autovacuum_analyze_scale_factor = 0.01);
ALTER TABLE sales.payment SET (autovacuum_analyze_scale_factor = 0.01);
ALTER TABLE stamping.document SET (autovacuum_analyze_scale_factor = 0.01);
ALTER TABLE stamping.job SET (autovacuum_analyze_scale_factor = 0.01);

-- As before, but by their ids alone: `next_attempt_at IS NOT NULL` says the same, and with statistics from a quiet
-- hour all that wait would be read (`job_to_do`).
CREATE OR REPLACE FUNCTION stamping.held_jobs(jobs uuid[], tokens bigint[]) RETURNS uuid[] LANGUAGE plpgsql AS $$
DECLARE
    held uuid[];
BEGIN
    SELECT coalesce(array_agg(h.id), '{}') INTO held FROM (
        SELECT j.id FROM stamping.job j
        JOIN unnest(jobs, tokens) AS f(id, token) ON f.id = j.id AND f.token = j.lease_token
        WHERE j.ended_at IS NULL ORDER BY j.id FOR NO KEY UPDATE OF j
    ) h;
    RETURN held;
END $$;
