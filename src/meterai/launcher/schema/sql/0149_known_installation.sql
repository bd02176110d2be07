-- Each process compares the installation's id with its data directory's before it writes anything.

GRANT USAGE ON SCHEMA operations TO meterai_site, meterai_controller, meterai_signer, meterai_closer;
GRANT SELECT (id) ON operations.installation TO meterai_site, meterai_controller, meterai_signer, meterai_closer;

-- The processes that work under a name: workers, by HOST/worker-NUMBER. Leases are held under it.
CREATE TABLE operations.process (
    name text PRIMARY KEY,
    holder uuid NOT NULL,          -- made anew at each start
    seen_at timestamptz NOT NULL
);

-- Takes a name that is free, silent for ten seconds, or held by the dead predecessor `former`. Returns NULL, or when the
-- process that has it was seen.
CREATE FUNCTION operations.take_process_name(of_name text, of_holder uuid, former uuid) RETURNS timestamptz
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH taken AS (
        INSERT INTO operations.process AS p VALUES (of_name, of_holder, clock_timestamp())
        ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, seen_at = excluded.seen_at
            WHERE p.holder = of_holder OR p.holder = former OR p.seen_at < clock_timestamp() - interval '10 seconds'
        RETURNING 1)
    SELECT p.seen_at FROM operations.process p WHERE p.name = of_name AND NOT EXISTS (SELECT FROM taken)
$$;

CREATE FUNCTION operations.keep_process_name(of_name text, of_holder uuid) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH kept AS (
        UPDATE operations.process SET seen_at = clock_timestamp() WHERE name = of_name AND holder = of_holder
        RETURNING 1)
    SELECT EXISTS (SELECT FROM kept)
$$;

CREATE FUNCTION operations.free_process_name(of_name text, of_holder uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM operations.process WHERE name = of_name AND holder = of_holder
$$;

REVOKE ALL ON FUNCTION operations.take_process_name, operations.keep_process_name, operations.free_process_name
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION operations.take_process_name, operations.keep_process_name, operations.free_process_name
    TO meterai_worker;
GRANT SELECT ON operations.process TO meterai_operator, meterai_reader;
