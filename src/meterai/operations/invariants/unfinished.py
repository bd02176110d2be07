"""I25: who acts on what is paid and not finished. I26: an order and what belongs to it say the same."""

# ruff: noqa: S608 (our own queries)

from __future__ import annotations

from meterai.operations.invariants.conditions import ITEMS_WITH_ORDERS
from meterai.operations.invariants.model import SqlInvariant


def _nobody_comes(due: str) -> str:
    """A worker comes back to everything within minutes, a closed attempt to pay within 12 hours. What is due
    is not forgotten, however late the worker is with it."""
    return f"({due} IS NULL OR {due} > $1::timestamptz + interval '1 day')"


_JOB_FORGOTTEN = f"state NOT IN ('released', 'refused') AND {_nobody_comes('next_attempt_at')}"
_REFUND_FORGOTTEN = f"""state IN ('payable', 'sent')
    AND ({_nobody_comes("next_attempt_at")} OR channel = 'payout' AND account_number IS NULL)"""
_PAYMENT_FORGOTTEN = f"""(state IN ('creating', 'pending')
        OR state IN ('expired', 'cancelled', 'failed') AND expires_at > $1::timestamptz - interval '71 hours')
    AND {_nobody_comes("poll_at")}"""

I25 = SqlInvariant(
    id="I25",
    title="Everything that is paid and not finished has somebody who will act on it",
    population="sales.orders WHERE state IN ('awaiting_payment', 'paid')",
    parts=(
        # A document to stamp has a job, or a row of the outbox that asks for one or reports its end. As sets,
        # because the planner's statistics may be older than a busy night.
        f"""
        SELECT item AS subject, format('paid, and nothing will stamp its document %s', document) AS fact
        FROM (
            SELECT i.id::text AS item, i.document_id::text AS document
            FROM sales.orders o JOIN sales.item i ON i.order_id = o.id
            WHERE o.state = 'paid' AND i.state = 'stamping'
            EXCEPT SELECT reference_id::text, document_id::text FROM stamping.job
            WHERE next_attempt_at IS NOT NULL
            EXCEPT SELECT coalesce(payload ->> 'item_id', payload ->> 'reference_id'),
                payload ->> 'document_id'
            FROM jobs.waiting
            WHERE topic IN ('sales.stamp_item_paid', 'stamping.released', 'stamping.refused')
                AND NOT {_nobody_comes("available_at")}
        ) forgotten
        """,
        # The last document completes an order. If none is left, nobody will complete it.
        """
        SELECT o.id::text AS subject, 'paid, and none of its items is being stamped' AS fact
        FROM sales.orders o WHERE o.state = 'paid'
            AND NOT EXISTS (SELECT FROM sales.item i WHERE i.order_id = o.id AND i.state = 'stamping')
        """,
        f"""
        SELECT id::text AS subject, format('job is %s and due %s', state,
            coalesce(next_attempt_at::text, 'never')) AS fact
        FROM stamping.job WHERE {_JOB_FORGOTTEN}
        """,
        f"""
        SELECT id::text AS subject, format('refund of Rp%s is %s and due %s%s', amount, state,
            coalesce(next_attempt_at::text, 'never'),
            CASE WHEN channel = 'payout' AND account_number IS NULL THEN ', to no account' END) AS fact
        FROM sales.refund WHERE {_REFUND_FORGOTTEN}
        """,
        # The poller asks for every payment, for three days even when it is late. An unpaid order ends.
        f"""
        SELECT reference AS subject, format('payment is %s and asked for %s', state,
            coalesce(poll_at::text, 'never')) AS fact
        FROM sales.payment WHERE {_PAYMENT_FORGOTTEN}
        """,
        """
        SELECT id::text AS subject, 'waits for its payment without an end' AS fact
        FROM sales.orders WHERE state = 'awaiting_payment' AND expires_at IS NULL
        """,
        # The payment of an unread notice is asked for.
        f"""
        SELECT n.event_key AS subject, format('notice of %s is unread since %s, its payment is asked for %s',
            n.reference, n.received_at, coalesce(p.poll_at::text, 'never')) AS fact
        FROM sales.notice n LEFT JOIN sales.payment p ON p.reference = n.reference
        WHERE n.processed_at IS NULL AND n.received_at < $1::timestamptz - interval '15 minutes'
            AND {_nobody_comes("p.poll_at")}
        """,
    ),
)

# The state of an item follows from its order. It is refunded when all its pieces are.
_MISPLACED = """CASE o.state WHEN 'completed' THEN i.state IN ('waiting', 'stamping')
        WHEN 'paid' THEN i.state = 'waiting' ELSE i.state <> 'waiting' END
    OR (i.refunded_quantity = i.quantity) <> (i.state IN ('refunding', 'refunded'))
    OR i.kind = 'stamp' AND i.document_id IS NULL"""
_AWAITED = """sales.orders o JOIN sales.item i ON i.order_id = o.id
    WHERE o.state = 'awaiting_payment'"""

I26 = SqlInvariant(
    id="I26",
    title="An order, its items, their documents and refunds say the same of where they stand",
    population=ITEMS_WITH_ORDERS,
    parts=(
        f"""
        SELECT i.id::text AS subject, format('%s item is %s with %s of %s pieces given back, its order %s',
            i.kind, i.state, i.refunded_quantity, i.quantity, o.state) AS fact
        FROM {ITEMS_WITH_ORDERS} WHERE {_MISPLACED}
        """,
        # An item that is done has a released job.
        """
        SELECT i.id::text AS subject, format('item is done, its document %s was never stamped',
            i.document_id) AS fact
        FROM sales.item i WHERE i.kind = 'stamp' AND i.state = 'done' AND NOT EXISTS (
            SELECT FROM stamping.job j WHERE j.document_id = i.document_id AND j.state = 'released')
        """,
        # A refunded item was paid back completely.
        """
        SELECT i.id::text AS subject, format('item is %s, refunds of it that are not paid: %s', i.state,
            count(r.id)) AS fact
        FROM sales.item i LEFT JOIN sales.refund r ON r.item_id = i.id AND r.state <> 'paid'
        WHERE i.state IN ('refunding', 'refunded') GROUP BY i.id, i.state
        HAVING (i.state = 'refunded') <> (count(r.id) = 0)
        """,
        # The seller's stock holds for a lot exactly what its unpaid order needs.
        f"""
        SELECT coalesce(a.id, w.id)::text AS subject, format('held for the lot: %s, awaited: %s',
            coalesce(a.credits_pending, 0), coalesce(w.quantity, 0)) AS fact
        FROM (SELECT id, credits_pending FROM ledger.account WHERE kind = 'lot' AND credits_pending <> 0) a
        FULL JOIN (SELECT coalesce(i.lot_account_id, i.id) AS id, i.quantity FROM {_AWAITED}) w ON w.id = a.id
        WHERE a.credits_pending IS DISTINCT FROM w.quantity
        """,
    ),
)
