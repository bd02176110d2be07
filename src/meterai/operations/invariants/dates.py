"""I27: everything is booked on the business date on which it happened.

So nobody can move a sale, and its VAT, into another month by changing the dates of its transfers.
"""

# ruff: noqa: S608 (our own queries)

from __future__ import annotations

from meterai.operations.invariants.conditions import PAID_FOR, REVERSED, SETTLED, derived_id
from meterai.operations.invariants.model import SqlInvariant

OF_ANOTHER_DAY = """created_at < business_date + TIMETZ '00:00+07'
        OR created_at >= business_date + TIMETZ '24:00+07' OR posted_at <> created_at"""
"""SQL: whether a transfer counts on another business date (WIB) than the day it was made and posted on."""


def day_of(moment: str) -> str:
    """SQL: the business date of a moment, as `ledger.post_transfers` computes it.

    WIB is seven hours ahead of UTC all year. An interval is much cheaper than the name of a time zone.
    """
    return f"({moment} AT TIME ZONE INTERVAL '7 hours')::date"


_REFUNDS = "sales.refund r LEFT JOIN sales.item i ON i.id = r.item_id"
# Table, column of the order, column of the moment, code of the transfer, when it is booked at all.
_MONEY = (
    ("sales.payment", "order_id", "settled_at", "payment", SETTLED),
    ("sales.payment", "order_id", "settled_at", "gateway_cost", f"{SETTLED} AND gateway_cost <> 0"),
    ("sales.orders", "id", "paid_at", "sale_face_value", f"{PAID_FOR} AND face_value > 0"),
    ("sales.orders", "id", "paid_at", "sale_fee", f"{PAID_FOR} AND fee - vat > 0"),
    ("sales.orders", "id", "paid_at", "sale_vat", f"{PAID_FOR} AND vat > 0"),
    ("sales.payment", "order_id", "reversed_at", "reversal", REVERSED),
    (_REFUNDS, "r.order_id", "r.created_at", "refund_suspense", "r.item_id IS NULL"),
    (_REFUNDS, "r.order_id", "r.created_at", "refund_face_value", "r.item_id IS NOT NULL"),
    (_REFUNDS, "r.order_id", "r.created_at", "refund_fee", "i.unit_fee > i.unit_vat"),
    (_REFUNDS, "r.order_id", "r.created_at", "refund_vat", "i.unit_vat > 0"),
)
_CODES = ", ".join(f"'{code}'" for *_, code, _ in _MONEY)
_HAPPENED = " UNION ALL ".join(
    f"SELECT {order} AS id, '{code}' AS code, {day_of(moment)} AS day FROM {table} WHERE {condition}"
    for table, order, moment, code, condition in _MONEY
)

I27 = SqlInvariant(
    id="I27",
    title="Everything is booked on the business date on which it happened",
    population="ledger.transfer",
    parts=(
        # A transfer counts on the day on which it was made and posted.
        f"""
        SELECT id::text AS subject, format('%s counts on %s; made %s, posted %s', code, business_date,
            created_at, coalesce(posted_at::text, 'never')) AS fact
        FROM ledger.transfer WHERE {OF_ANOTHER_DAY}
        """,
        # Money is booked on the day of the payment, its sale, its reversal or the refund.
        f"""
        WITH happened AS ({_HAPPENED}), booked AS (
            SELECT reference_id AS id, code, business_date AS day FROM ledger.transfer
            WHERE code IN ({_CODES})
        )
        SELECT id::text AS subject, format('%s of %s, %s', code, day, what) AS fact FROM (
            SELECT *, 'which is not booked on that day' AS what
            FROM (TABLE happened EXCEPT ALL TABLE booked) missing
            UNION ALL SELECT *, 'booked, and nothing was so on that day'
            FROM (TABLE booked EXCEPT ALL TABLE happened) surplus
        ) wrong
        """,
        # A stamp is used on the day on which the file was released.
        f"""
        SELECT s.serial AS subject, format('released at %s, its stamp counts as used on %s', s.released_at,
            t.business_date) AS fact
        FROM stamping.serial s JOIN ledger.transfer t ON t.pending_id = s.reservation_id AND t.kind = 'post'
        WHERE s.state = 'released' AND t.business_date IS DISTINCT FROM {day_of("s.released_at")}
        """,
        # That of a hash is used on the day on which its first one was signed.
        f"""
        SELECT t.serial AS subject, format('a hash was signed at %s, its stamp counts as used on %s',
            t.used_at, u.business_date) AS fact
        FROM stamping.taken_serial t JOIN ledger.transfer u
            ON u.code = 'stamp_serial' AND u.reference_id = {derived_id("serial", "t.serial")}
        WHERE u.business_date IS DISTINCT FROM {day_of("t.used_at")}
        """,
    ),
)
