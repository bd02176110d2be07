-- A refund that was set off bears the reference of its payment: what the bank took back paid it, not we.
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
            'qr_text', p.qr_text, 'va_number', p.va_number, 'page_url', p.page_url,
            'paid_amount', p.paid_amount, 'outcome', p.outcome, 'created_at', p.created_at,
            'expires_at', p.expires_at, 'settled_at', p.settled_at, 'reversed_at', p.reversed_at)
            ORDER BY p.created_at, length(p.reference), p.reference), '[]')
            FROM sales.payment p WHERE p.order_id = o.id),
        'refunds', (SELECT coalesce(json_agg(json_build_object(
            'id', r.id, 'item_id', r.item_id, 'payment_id', r.payment_id, 'quantity', r.quantity,
            'amount', r.amount, 'reason', r.reason, 'channel', r.channel, 'state', r.state,
            'bank', r.bank, 'account_tail', right(r.account_number, 4), 'round', r.round,
            'failure_code', r.failure_code, 'created_at', r.created_at, 'paid_at', r.paid_at,
            'is_set_off', r.state = 'paid' AND coalesce(
                r.reference = (SELECT p.reference FROM sales.payment p WHERE p.id = r.payment_id), false))
            ORDER BY r.created_at, r.id), '[]')
            FROM sales.refund r WHERE r.order_id = o.id)
    )::text FROM sales.orders o WHERE o.id = wanted
$$;
