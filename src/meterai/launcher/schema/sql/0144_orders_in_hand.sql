-- What officers of support do with one order. The worker does the rest: the console has no key of a gateway.

-- An order as an officer takes it in hand. No contact and no link leaves it.
CREATE FUNCTION sales.order_in_hand(
    of_number text, OUT id uuid, OUT number text, OUT state text, OUT has_contact boolean, OUT attempts bigint
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT o.id, o.number, o.state, o.contact_value IS NOT NULL,
        (SELECT count(*) FROM sales.payment p WHERE p.order_id = o.id)
    FROM sales.orders o WHERE o.number = of_number
$$;

-- Lets the worker ask the gateway now about every attempt to pay an order; gives how many there are.
CREATE FUNCTION sales.ask_about_payments(of_order uuid, at timestamptz) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH asked AS (
        UPDATE sales.payment SET poll_at = least(poll_at, at) WHERE order_id = of_order RETURNING 1
    )
    SELECT count(*) FROM asked
$$;

-- Sends the link of an order to its own contact. Gives `sent`; `soon`: it was sent after `not_since`; `enough`: officers
-- sent it `most` times within a day; `nobody`: there is no contact.
CREATE FUNCTION sales.send_link_for_officer(
    of_order uuid, not_since timestamptz, most integer, at timestamptz
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o sales.orders;
BEGIN
    SELECT * INTO o FROM sales.orders WHERE id = of_order FOR NO KEY UPDATE;
    IF o.contact_value IS NULL THEN RETURN 'nobody'; END IF;
    IF o.link_sent_at > not_since THEN RETURN 'soon'; END IF;
    IF (SELECT count(*) FROM operations.audit_entry e WHERE e.action = 'order.send_link' AND e.subject = o.number
            AND e.at > send_link_for_officer.at - interval '1 day') >= most THEN RETURN 'enough'; END IF;
    UPDATE sales.orders SET link_sent_at = send_link_for_officer.at WHERE id = o.id;
    INSERT INTO jobs.outbox (topic, payload, available_at, created_at)
        VALUES ('sales.order_news', jsonb_build_object('order_id', o.id, 'news', 'link'), at, at);
    RETURN 'sent';
END $$;

CREATE INDEX audit_entry_sent_links ON operations.audit_entry (subject, at) WHERE action = 'order.send_link';

-- Makes due what an order's documents wait for: jobs that were put off, and paid documents whose job could not begin. A
-- worker that holds one goes on. Gives how many will be tried now.
CREATE FUNCTION operations.retry_stamping(of_order uuid, at timestamptz) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH items AS (SELECT id FROM sales.item WHERE order_id = of_order AND state = 'stamping'),
    jobs AS (
        UPDATE stamping.job j SET next_attempt_at = at FROM items i
            WHERE j.reference_id = i.id AND j.lease_holder IS NULL AND j.next_attempt_at > at RETURNING 1
    ), paid AS (
        UPDATE jobs.outbox b SET available_at = at FROM items i
            WHERE b.topic = 'sales.stamp_item_paid' AND b.payload ->> 'item_id' = i.id::text
                AND b.available_at > at AND b.ended >= b.attempts RETURNING 1
    )
    SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM paid)
$$;

REVOKE ALL ON FUNCTION sales.order_in_hand, sales.ask_about_payments, sales.send_link_for_officer,
    operations.retry_stamping FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sales.order_in_hand, sales.ask_about_payments, sales.send_link_for_officer,
    operations.retry_stamping TO meterai_operator, meterai_console;
INSERT INTO operations.audit_writer (role, kind) VALUES ('meterai_operator', 'order'), ('meterai_console', 'order');
