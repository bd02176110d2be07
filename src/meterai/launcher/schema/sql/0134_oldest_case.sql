-- Since when the oldest case waits for an answer, for status pages. The site learns the moment and nothing else of it.
CREATE FUNCTION cases.oldest_open() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, cases, pg_temp AS $$
    SELECT min(c.opened_at) FROM cases.case c WHERE c.state = 'open'
$$;

REVOKE ALL ON FUNCTION cases.oldest_open FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cases.oldest_open TO meterai_site;
