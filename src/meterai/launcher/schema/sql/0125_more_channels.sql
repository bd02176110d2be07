-- More ways to pay: virtual accounts of five banks, and wallets whose app opens by a link.
ALTER DOMAIN sales.payment_channel DROP CONSTRAINT payment_channel_check1;
ALTER DOMAIN sales.payment_channel ADD CONSTRAINT payment_channel_check CHECK (VALUE IN (
    'qris', 'va_bca', 'va_bni', 'va_bri', 'va_mandiri', 'va_permata', 'gopay', 'shopeepay'));
CREATE DOMAIN sales.biller_code AS text CHECK (length(VALUE) BETWEEN 1 AND 20);
CREATE DOMAIN sales.pay_url AS text CHECK (length(VALUE) BETWEEN 1 AND 2000);
ALTER TABLE sales.payment ADD COLUMN biller_code sales.biller_code, ADD COLUMN pay_url sales.pay_url;

-- Writes what the payer needs (0056), with a biller's code and a wallet's link.
DROP FUNCTION sales.store_charge(text, text, text, text, text, timestamptz);
CREATE FUNCTION sales.store_charge(
    of_reference text, gateway_id text, qr text, va text, biller text, link text, page text, polled_from timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    UPDATE sales.payment SET state = 'pending', transaction_id = gateway_id, qr_text = nullif(qr, ''),
            va_number = nullif(va, ''), biller_code = nullif(biller, ''), pay_url = nullif(link, ''),
            page_url = nullif(page, ''), poll_at = polled_from
        WHERE reference = of_reference AND state || '' = 'creating';
END $$;
REVOKE ALL ON FUNCTION sales.store_charge FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sales.store_charge TO meterai_site, meterai_worker;

-- The way on which money of a payment goes back: bank transfers can't be returned by the gateway, wallets and QRIS can.
CREATE OR REPLACE FUNCTION sales.way_back(p sales.payment) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN starts_with(p.channel, 'va_') THEN 'payout' ELSE 'gateway' END $$;

-- With a biller's code and a wallet's link.
CREATE OR REPLACE FUNCTION sales.order_json(wanted uuid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'id', o.id, 'number', o.number, 'customer_id', o.customer_id, 'event_slug', o.event_slug,
        'flow', o.flow, 'state', o.state, 'language', o.language,
        'contact_kind', o.contact_kind, 'contact_value', o.contact_value,
        'quantity', o.quantity, 'face_value', o.face_value, 'fee', o.fee, 'vat', o.vat, 'total', o.total,
        'created_at', o.created_at, 'expires_at', o.expires_at, 'placed_at', o.placed_at,
        'paid_at', o.paid_at, 'closed_at', o.closed_at,
        'items', (SELECT coalesce(json_agg(json_build_object(
            'id', i.id, 'position', i.position, 'kind', i.kind, 'document_id', i.document_id,
            'document_kind', i.document_kind, 'quantity', i.quantity, 'state', i.state,
            'refusal_code', i.refusal_code, 'lot_account_id', i.lot_account_id,
            'unit_face_value', i.unit_face_value, 'unit_fee', i.unit_fee, 'unit_vat', i.unit_vat,
            'refunded_quantity', i.refunded_quantity, 'done_at', i.done_at) ORDER BY i.position), '[]')
            FROM sales.item i WHERE i.order_id = o.id),
        'payments', (SELECT coalesce(json_agg(json_build_object(
            'id', p.id, 'gateway', p.gateway, 'channel', p.channel, 'reference', p.reference,
            'amount', p.amount, 'state', p.state, 'transaction_id', p.transaction_id,
            'qr_text', p.qr_text, 'va_number', p.va_number, 'biller_code', p.biller_code, 'pay_url', p.pay_url,
            'page_url', p.page_url,
            'paid_amount', p.paid_amount, 'outcome', p.outcome, 'created_at', p.created_at,
            'expires_at', p.expires_at, 'settled_at', p.settled_at, 'reversed_at', p.reversed_at)
            ORDER BY p.created_at, length(p.reference), p.reference), '[]')
            FROM sales.payment p WHERE p.order_id = o.id),
        'refunds', (SELECT coalesce(json_agg(json_build_object(
            'id', r.id, 'item_id', r.item_id, 'payment_id', r.payment_id, 'quantity', r.quantity,
            'amount', r.amount, 'reason', r.reason, 'channel', r.channel, 'state', r.state,
            'bank', r.bank, 'account_tail', right(r.account_number, 4), 'round', r.round,
            'failure_code', r.failure_code, 'created_at', r.created_at, 'paid_at', r.paid_at,
            'pays_from', r.pays_from, 'is_being_checked', coalesce(r.needs_release AND r.released_at IS NULL, false),
            'is_stoppable', r.state = 'payable' AND r.account_number IS NOT NULL AND r.asked_since IS NULL,
            'is_set_off', r.state = 'paid' AND coalesce(
                r.reference = (SELECT p.reference FROM sales.payment p WHERE p.id = r.payment_id), false))
            ORDER BY r.created_at, r.id), '[]')
            FROM sales.refund r WHERE r.order_id = o.id)
    )::text FROM sales.orders o WHERE o.id = wanted
$$;
