-- What became of the codes that were sent after `since`, by kind of contact. Requests that shared a code count with it.
-- A code counts as used when one of its requests was. It counts as unused once it ended for all of them.
-- For metrics: the site reads figures, and no code's row.
CREATE FUNCTION customers.codes_sent(since timestamptz, at timestamptz)
RETURNS TABLE (kind text, sent bigint, used bigint, unused bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, customers, pg_temp AS $$
    SELECT s.kind::text, count(*), count(*) FILTER (WHERE s.is_used), count(*) FILTER (WHERE NOT s.is_used AND NOT s.is_open)
    FROM (
        SELECT c.kind, bool_or(c.used_at IS NOT NULL) AS is_used, bool_or(c.expires_at > at) AS is_open
        FROM customers.code c WHERE c.created_at > since
        GROUP BY coalesce(c.same_as, c.id), c.kind
        HAVING bool_or(c.same_as IS NULL)  -- a request alone shared a code that was sent before `since`
    ) s GROUP BY s.kind;
$$;
REVOKE ALL ON FUNCTION customers.codes_sent FROM PUBLIC;
GRANT EXECUTE ON FUNCTION customers.codes_sent TO meterai_site;
REVOKE SELECT (kind, same_as, created_at, used_at) ON customers.code FROM meterai_site;
