"""I4, I5, I14: every payment becomes a sale, a refund or young suspense, is credited once; one is offered."""

# ruff: noqa: S608 (our own queries)

from __future__ import annotations

from meterai.operations.invariants.conditions import REVERSED, SETTLED
from meterai.operations.invariants.house_accounts import RUPIAH, wrong_totals
from meterai.operations.invariants.model import SqlInvariant

# State, time, outcome and amount must agree on whether money came.
_UNSURE = """(state IN ('settled', 'reversed')) <> (settled_at IS NOT NULL)
            OR (outcome IS NOT NULL) <> (settled_at IS NOT NULL)
            OR (paid_amount IS NOT NULL) <> (settled_at IS NOT NULL)
            OR (gateway_cost IS NOT NULL) <> (settled_at IS NOT NULL)"""

I4 = SqlInvariant(
    id="I4",
    title="Every settled payment = quota value + fees + refunds + suspense younger than 15 minutes",
    population=f"sales.payment WHERE {SETTLED}",
    parts=(
        # We booked what the gateway reported and what it keeps. The money left suspense for a sale or a
        # refund. A sale is booked at the order's price when a payment was credited, else not at all.
        """
        WITH paid AS (
            SELECT order_id, count(*) AS payments, sum(paid_amount) AS rupiah, max(settled_at) AS last_at,
                coalesce(sum(gateway_cost), 0) AS cost, bool_or(outcome = 'credited') AS credited
            FROM sales.payment WHERE settled_at IS NOT NULL GROUP BY order_id
        ), booked AS (
            SELECT reference_id AS order_id, count(*) FILTER (WHERE code = 'payment') AS payments,
                coalesce(sum(amount) FILTER (WHERE code = 'payment'), 0) AS received,
                coalesce(sum(amount) FILTER (WHERE code NOT IN ('payment', 'gateway_cost')), 0) AS explained,
                coalesce(sum(amount) FILTER (WHERE code = 'gateway_cost'), 0) AS cost,
                coalesce(sum(amount) FILTER (WHERE code = 'sale_face_value'), 0) AS face_value,
                coalesce(sum(amount) FILTER (WHERE code = 'sale_fee'), 0) AS fee,
                coalesce(sum(amount) FILTER (WHERE code = 'sale_vat'), 0) AS vat
            FROM ledger.transfer
            WHERE code IN
                ('payment', 'gateway_cost', 'sale_face_value', 'sale_fee', 'sale_vat', 'refund_suspense')
            GROUP BY reference_id
        )
        SELECT order_id::text AS subject,
            format('%s payments of Rp%s in all, cost Rp%s, booked %s of Rp%s, cost Rp%s; Rp%s of it became a '
                   'sale or a refund; sold for Rp%s + Rp%s + VAT Rp%s, price Rp%s + Rp%s + VAT Rp%s, '
                   'credited: %s', p.payments, p.rupiah, p.cost, b.payments, b.received, b.cost, b.explained,
                   b.face_value, b.fee, b.vat, o.face_value, o.fee - o.vat, o.vat,
                   coalesce(p.credited, false)) AS fact
        FROM paid p FULL JOIN booked b USING (order_id) LEFT JOIN sales.orders o ON o.id = order_id
        WHERE p.payments IS DISTINCT FROM b.payments OR p.rupiah IS DISTINCT FROM b.received
            OR p.cost IS DISTINCT FROM b.cost
            OR b.explained > b.received
            OR b.explained < b.received AND p.last_at < $1::timestamptz - interval '15 minutes'
            OR CASE WHEN p.credited
                THEN b.face_value <> o.face_value OR b.fee <> o.fee - o.vat OR b.vat <> o.vat
                ELSE b.face_value + b.fee + b.vat > 0 END
        """,
        # Exactly the money that a bank took back is booked as owed to us, once.
        f"""
        WITH reversed AS (
            SELECT order_id, sum(paid_amount) AS rupiah FROM sales.payment
            WHERE {REVERSED} GROUP BY order_id
        ), booked AS (
            SELECT reference_id AS order_id, sum(amount) AS rupiah FROM ledger.transfer
            WHERE code = 'reversal' GROUP BY reference_id
        )
        SELECT order_id::text AS subject,
            format('Rp%s taken back, Rp%s booked so', coalesce(r.rupiah, 0), coalesce(b.rupiah, 0)) AS fact
        FROM reversed r FULL JOIN booked b USING (order_id) WHERE r.rupiah IS DISTINCT FROM b.rupiah
        """,
        # The columns of a payment agree on whether it is settled.
        f"""
        SELECT id::text AS subject,
            format('payment is %s, settled at %s as %s with Rp%s', state,
                   coalesce(settled_at::text, 'no time'), coalesce(outcome, 'nothing'),
                   coalesce(paid_amount::text, '?')) AS fact
        FROM sales.payment WHERE {_UNSURE}
        """,
        # An order costs what its items cost, for as many pieces, all at one price.
        """
        SELECT o.id::text AS subject,
            format('%s pieces for Rp%s + Rp%s, VAT Rp%s of it; its items: %s for Rp%s + Rp%s, VAT Rp%s of '
                   'it, at %s prices', o.quantity, o.face_value, o.fee, o.vat, coalesce(i.quantity, 0),
                   coalesce(i.face_value, 0), coalesce(i.fee, 0), coalesce(i.vat, 0),
                   coalesce(i.prices, 0)) AS fact
        FROM sales.orders o LEFT JOIN (
            SELECT order_id, sum(quantity) AS quantity, sum(quantity * unit_face_value) AS face_value,
                sum(quantity * unit_fee) AS fee, sum(quantity * unit_vat) AS vat,
                count(DISTINCT (unit_face_value, unit_fee, unit_vat)) AS prices
            FROM sales.item GROUP BY order_id
        ) i ON i.order_id = o.id
        WHERE o.state NOT IN ('draft', 'cancelled') AND (i.prices > 1
            OR (o.quantity, o.face_value, o.fee, o.vat) IS DISTINCT FROM (coalesce(i.quantity, 0),
                coalesce(i.face_value, 0), coalesce(i.fee, 0), coalesce(i.vat, 0)))
        """,
        # Every rupiah is in the account that is meant for it.
        wrong_totals(RUPIAH),
    ),
)

I5 = SqlInvariant(
    id="I5",
    title="One payment credits once",
    population="sales.orders WHERE state <> 'draft'",
    parts=(
        # A paid order has one credited payment, another order none.
        """
        SELECT o.id::text AS subject,
            format('order is %s, payments credited: %s', o.state, count(p.id)) AS fact
        FROM sales.orders o LEFT JOIN sales.payment p ON p.order_id = o.id AND p.outcome = 'credited'
        GROUP BY o.id, o.state
        HAVING count(p.id) <> CASE WHEN o.state IN ('paid', 'completed') THEN 1 ELSE 0 END
        """,
        # Each item's lot got the item's quantity, and only when the order was paid.
        """
        SELECT i.id::text AS subject,
            format('lot got %s stamps, the item is of %s and its order %s',
                   coalesce(a.credits_posted, 0), i.quantity, o.state) AS fact
        FROM sales.item i JOIN sales.orders o ON o.id = i.order_id
        LEFT JOIN ledger.account a ON a.id = i.lot_account_id
        WHERE coalesce(a.credits_posted, 0) <>
            CASE WHEN o.state IN ('paid', 'completed') THEN i.quantity ELSE 0 END
        """,
        # A lot has exactly one item. With two, the quantity would be counted twice.
        """
        SELECT a.id::text AS subject, format('lot of %s items', count(i.id)) AS fact
        FROM ledger.account a LEFT JOIN sales.item i ON i.lot_account_id = a.id
        WHERE a.kind = 'lot' GROUP BY a.id HAVING count(i.id) > 1 OR count(i.id) = 0
            AND greatest(a.debits_posted, a.credits_posted, a.debits_pending, a.credits_pending) > 0
        """,
        # An event of the gateway was stored once.
        """
        SELECT event_key AS subject, format('stored %s times', count(*)) AS fact
        FROM sales.notice GROUP BY gateway, event_key HAVING count(*) > 1
        """,
    ),
)

I14 = SqlInvariant(
    id="I14",
    title="One payment is offered per order, the newest, at its price and while it waits; one order per "
    "submit id",
    population="sales.orders",
    parts=(
        # A cancelled charge may still be open at its gateway, but nobody is offered it.
        """
        SELECT order_id::text AS subject, format('%s open payments', count(*)) AS fact
        FROM sales.payment WHERE state IN ('creating', 'pending') GROUP BY order_id HAVING count(*) > 1
        """,
        # And the order waits for it.
        """
        SELECT p.reference AS subject,
            format('Rp%s can be paid, the order is %s and of Rp%s', p.amount, o.state, o.total) AS fact
        FROM sales.payment p JOIN sales.orders o ON o.id = p.order_id
        WHERE p.state IN ('creating', 'pending') AND (o.state <> 'awaiting_payment' OR p.amount <> o.total)
        """,
        # It is the newest: what was cancelled for another one is not offered again.
        """
        SELECT p.reference AS subject,
            format('offered at %s, and a newer one at %s is %s', p.gateway, n.gateway, n.state) AS fact
        FROM sales.payment p JOIN sales.payment n ON n.order_id = p.order_id AND n.created_at > p.created_at
        WHERE p.state IN ('creating', 'pending') AND n.state NOT IN ('creating', 'pending')
        """,
        # The index alone finds forms that were sent twice.
        """
        SELECT min(id::text) AS subject, format('%s orders of one form', count(*)) AS fact
        FROM (SELECT submit_id FROM sales.orders GROUP BY submit_id HAVING count(*) > 1) twice
        JOIN sales.orders USING (submit_id) GROUP BY submit_id
        """,
    ),
)
