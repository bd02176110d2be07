-- Officers ask to cancel an order that is not paid; a worker closes its charge at the gateway first.
CREATE FUNCTION sales.ask_to_cancel(of_order uuid, at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO jobs.outbox (topic, payload, available_at, created_at)
        SELECT 'sales.cancel', jsonb_build_object('order_id', o.id), at, at FROM sales.orders o WHERE o.id = of_order
$$;
REVOKE ALL ON FUNCTION sales.ask_to_cancel FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sales.ask_to_cancel TO meterai_operator, meterai_console;
GRANT EXECUTE ON FUNCTION sales.cancel_order TO meterai_worker;
