"""I6: nobody gets back more than was paid and not used, and what was given back can't be used."""

from __future__ import annotations

from meterai.operations.invariants.conditions import ITEMS_WITH_ORDERS
from meterai.operations.invariants.model import SqlInvariant

I6 = SqlInvariant(
    id="I6",
    title="Refunds <= paid - used; refunded quota can't be used",
    population=ITEMS_WITH_ORDERS,
    parts=(
        # Money: at most what was paid. All of it is booked, and a paid refund has left our account.
        """
        WITH refunds AS (
            SELECT order_id, sum(amount) AS owed,
                coalesce(sum(amount) FILTER (WHERE state = 'paid'), 0) AS returned
            FROM sales.refund GROUP BY order_id
        ), booked AS (
            SELECT reference_id AS order_id,
                coalesce(sum(amount) FILTER (WHERE code NOT IN ('refund_paid', 'refund_returned')), 0)
                    AS owed,
                coalesce(sum(amount) FILTER (WHERE code = 'refund_paid'), 0)
                    - coalesce(sum(amount) FILTER (WHERE code = 'refund_returned'), 0) AS returned
            FROM ledger.transfer
            WHERE code IN ('refund_face_value', 'refund_fee', 'refund_vat', 'refund_suspense', 'refund_paid',
                'refund_returned')
            GROUP BY reference_id
        )
        SELECT order_id::text AS subject,
            format('refunds of Rp%s, Rp%s returned; booked Rp%s, Rp%s returned; paid Rp%s',
                   r.owed, r.returned, b.owed, b.returned, coalesce(p.rupiah, 0)) AS fact
        FROM refunds r FULL JOIN booked b USING (order_id)
        LEFT JOIN LATERAL (SELECT sum(paid_amount) AS rupiah FROM sales.payment paid
            WHERE paid.order_id = coalesce(r.order_id, b.order_id) AND settled_at IS NOT NULL) p ON true
        WHERE (r.owed, r.returned) IS DISTINCT FROM (b.owed, b.returned) OR r.owed > coalesce(p.rupiah, 0)
        """,
        # A refund of quota is exactly the price of its pieces.
        """
        SELECT r.id::text AS subject,
            format('Rp%s for %s pieces at Rp%s', r.amount, r.quantity, i.unit_face_value + i.unit_fee) AS fact
        FROM sales.refund r LEFT JOIN sales.item i ON i.id = r.item_id
        WHERE r.item_id IS NOT NULL AND (i.order_id, r.quantity * (i.unit_face_value + i.unit_fee))
                IS DISTINCT FROM (r.order_id, r.amount)
            OR r.item_id IS NULL AND r.quantity <> 0
        """,
        # Pieces that left a lot were refunded or are on released documents. Held pieces are being used.
        """
        WITH stamped AS (
            SELECT j.lot_account_id, count(*) FILTER (WHERE s.state = 'released') AS released,
                count(*) FILTER (WHERE s.state IN ('allocated', 'sealed')) AS living
            FROM stamping.serial s JOIN stamping.job j ON j.id = s.job_id GROUP BY j.lot_account_id
        ), refunded AS (
            SELECT item_id, sum(quantity) AS pieces FROM sales.refund
            WHERE item_id IS NOT NULL GROUP BY item_id
        )
        SELECT i.id::text AS subject,
            format('of %s pieces the item says %s refunded, refunds say %s, %s are on released documents; '
                   'out of the lot went %s', i.quantity, i.refunded_quantity, coalesce(r.pieces, 0),
                   coalesce(s.released, 0), coalesce(a.debits_posted, 0)) AS fact
        FROM sales.item i LEFT JOIN ledger.account a ON a.id = i.lot_account_id
        LEFT JOIN stamped s ON s.lot_account_id = i.lot_account_id LEFT JOIN refunded r ON r.item_id = i.id
        WHERE coalesce(r.pieces, 0) <> i.refunded_quantity
            OR coalesce(a.debits_posted, 0) <> i.refunded_quantity + coalesce(s.released, 0)
            OR coalesce(a.debits_pending, 0) <> coalesce(s.living, 0)
        """,
    ),
)
