-- Requests for two officers in the console: it withdraws them, and carries out what two have approved (docs/console.md).

INSERT INTO operations.act VALUES ('release.withdraw', '{admin,content,finance,keys}', 1);
INSERT INTO operations.audit_writer (role, kind) VALUES
    ('meterai_operator', 'release'), ('meterai_console', 'release'), ('meterai_console', 'quota'),
    ('meterai_console', 'refund'), ('meterai_console', 'key'), ('meterai_console', 'partner');

-- Ends a request that is not released. Admins may, and the officer who asked: the first who signed it. The service asks for
-- refunds itself, and asks again.
-- OF001: this officer may not · OF005: it is not open.
CREATE FUNCTION operations.withdraw_release(a_request bigint, an_officer text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
DECLARE
    asked operations.release_request := operations.lock_request(a_request);
BEGIN
    IF asked.released_at IS NOT NULL THEN
        RAISE EXCEPTION 'request % is released', a_request USING ERRCODE = 'OF005';
    END IF;
    IF NOT EXISTS (SELECT FROM operations.officer WHERE name = an_officer AND 'admin' = ANY (roles))
        AND operations.is_checked() AND (asked.kind = 'refund' OR an_officer IS DISTINCT FROM (
            SELECT officer FROM operations.officer_signature WHERE request_id = a_request ORDER BY signed_at LIMIT 1
        )) THEN
        RAISE EXCEPTION '% may not withdraw request %', an_officer, a_request USING ERRCODE = 'OF001';
    END IF;
    UPDATE operations.release_request SET withdrawn_at = clock_timestamp() WHERE id = a_request;
END $$;

-- A refund as officers decide about it, with its order locked. No account and no contact leaves it. Null: there is none.
CREATE FUNCTION sales.refund_in_hand(
    of_refund uuid, OUT id uuid, OUT order_id uuid, OUT number text, OUT customer_id uuid, OUT amount bigint,
    OUT channel text, OUT state text, OUT round integer, OUT failure_code text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM sales.held_refund(of_refund);
    SELECT r.id, o.id, o.number, o.customer_id, r.amount, r.channel, r.state, r.round, r.failure_code
        INTO id, order_id, number, customer_id, amount, channel, state, round, failure_code
        FROM sales.refund r JOIN sales.orders o ON o.id = r.order_id WHERE r.id = of_refund;
END $$;

-- As before, and tells the customer.
CREATE OR REPLACE FUNCTION operations.end_refund(of_refund uuid, paid_as text, facts jsonb, at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT operations.use_release('refund.end', of_refund::text, facts) THEN
        RAISE EXCEPTION 'two officers have not released this' USING ERRCODE = 'OF007';
    END IF;
    INSERT INTO jobs.outbox (topic, payload, available_at, created_at)
        SELECT 'sales.order_news',
            jsonb_build_object('order_id', r.order_id, 'news', 'refund_paid', 'refund_id', r.id), at, at
        FROM sales.refund r WHERE r.id = of_refund;
    PERFORM sales.end_refund(of_refund, paid_as, at);
END $$;

REVOKE ALL ON FUNCTION operations.withdraw_release, sales.refund_in_hand FROM PUBLIC;
GRANT EXECUTE ON FUNCTION operations.withdraw_release, sales.refund_in_hand TO meterai_operator, meterai_console;
-- Each of these asks for two signatures, but the looks.
GRANT EXECUTE ON FUNCTION operations.issue_stock, operations.end_refund, operations.order_again, operations.give_refund,
    sales.item_in_hand, operations.add_key, operations.partner_deposit, operations.partner_agree,
    operations.partner_payment, operations.look_at_person, operations.erase_person TO meterai_console;
GRANT SELECT (action, subject) ON operations.audit_entry TO meterai_console;
GRANT SELECT ON ledger.transfer, sales.tariff, partners.organisation, customers.organisation TO meterai_console;
