-- Messages about a refund name its sum and reason, so their rows name the refund. Rows that wait get their order's newest.
UPDATE jobs.outbox b SET payload = b.payload || jsonb_build_object('refund_id', (
        SELECT r.id FROM sales.refund r WHERE r.order_id = (b.payload ->> 'order_id')::uuid
        ORDER BY r.created_at DESC LIMIT 1))
    WHERE b.topic = 'sales.order_news' AND b.payload ->> 'news' IN ('money_returns', 'needs_account', 'refund_paid')
        AND NOT b.payload ? 'refund_id';
