-- The customers whom an incident affects, for messages to them (docs/news.md): those of its orders, as an apology counts them.
CREATE FUNCTION news.affected_customers(of_incident integer, at timestamptz) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT DISTINCT o.customer_id FROM news.touched_orders(of_incident, at) o WHERE o.customer_id IS NOT NULL
$$;

-- How many messages they would get, by prefix (`email`, or a country code), and how many of these are written already. One
-- for each kind of contact that takes such news, as `news.add_messages` writes them.
CREATE FUNCTION news.affected_messages(of_incident integer, at timestamptz)
RETURNS TABLE (prefix text, is_new boolean, messages bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT one.prefix, one.is_new, count(*) FROM (
        SELECT DISTINCT ON (c.customer_id, c.kind) customers.prefix_of(c.kind, c.value) AS prefix,
            NOT EXISTS (SELECT FROM news.message m WHERE m.incident = of_incident AND m.customer_id = c.customer_id
                AND m.contact_kind = c.kind) AS is_new
        FROM news.affected_customers(of_incident, at) a(customer_id)
        JOIN customers.contact c ON c.customer_id = a.customer_id
        WHERE c.replaced_at IS NULL AND customers.takes_news(c.id, 'incident')
        ORDER BY c.customer_id, c.kind, c.verified_at, c.id
    ) one GROUP BY one.prefix, one.is_new
$$;

REVOKE ALL ON FUNCTION news.affected_customers, news.affected_messages FROM PUBLIC;
GRANT EXECUTE ON FUNCTION news.affected_customers, news.affected_messages TO meterai_operator;
