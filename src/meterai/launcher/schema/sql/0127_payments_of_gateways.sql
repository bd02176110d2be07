-- Who settles a payment needs to know at which gateway it is, without another question.
CREATE OR REPLACE FUNCTION sales.ask_to_settle(of_reference text, at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO jobs.outbox (topic, payload, available_at, created_at)
        SELECT 'sales.settle', jsonb_build_object('reference', p.reference, 'gateway', p.gateway), at, at
        FROM sales.payment p WHERE p.reference = of_reference
$$;
UPDATE jobs.outbox o SET payload = o.payload || jsonb_build_object('gateway', p.gateway)
    FROM sales.payment p WHERE o.topic = 'sales.settle' AND p.reference = o.payload ->> 'reference';
