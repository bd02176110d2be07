-- Workers settle payments. The site stores notices as they came, and asks.

-- Asks the workers to settle a payment. A row of the outbox wakes them at once.
CREATE FUNCTION sales.ask_to_settle(of_reference text, at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO jobs.outbox (topic, payload, available_at, created_at)
        SELECT 'sales.settle', jsonb_build_object('reference', p.reference), at, at
        FROM sales.payment p WHERE p.reference = of_reference
$$;

-- Stores a notice as it came and asks the workers to settle its payment; false when it is stored already. A payment that
-- is not due within 5 s of `polled_at` is due then, in case that nobody does. A notice of an unknown payment is stored
-- as done.
-- The payment is locked in any case: see sales.settle_payment. For an open one nobody waits for the disk: the settlement
-- does, and should a crash of the database forget both, the poller asks for the payment all the same.
CREATE FUNCTION sales.store_notice(
    notice uuid, of_gateway text, key text, of_reference text, came bytea, at timestamptz, polled_at timestamptz
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    known sales.payment;
    is_new boolean;
BEGIN
    SELECT * INTO known FROM sales.payment WHERE reference = of_reference FOR NO KEY UPDATE;
    IF known.state IN ('creating', 'pending') THEN PERFORM set_config('synchronous_commit', 'off', true); END IF;
    UPDATE sales.payment SET poll_at = polled_at
        WHERE id = known.id AND (known.poll_at IS NULL OR known.poll_at > polled_at + interval '5 seconds');
    INSERT INTO sales.notice (id, gateway, event_key, reference, raw, received_at, processed_at)
        VALUES (notice, of_gateway, key, of_reference, came, at, CASE WHEN known.id IS NULL THEN at END)
        ON CONFLICT (gateway, event_key) DO NOTHING;
    is_new := FOUND;
    IF known.id IS NOT NULL THEN PERFORM sales.ask_to_settle(of_reference, at); END IF;
    RETURN is_new;
END $$;
REVOKE ALL ON FUNCTION sales.ask_to_settle, sales.store_notice FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sales.ask_to_settle, sales.store_notice TO meterai_site;
