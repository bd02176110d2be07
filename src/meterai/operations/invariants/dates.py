"""I27: everything is booked on the business date on which it happened. Nobody moves a sale, and its VAT, into
another month by the dates of its transfers alone."""

# ruff: noqa: S608 (our own queries)

from __future__ import annotations

from meterai.operations.invariants.fingerprint import Balance, Screen, Sum, hash_of, one_of
from meterai.operations.invariants.model import SqlInvariant
from meterai.operations.invariants.sources import (
    ENDS,
    ORDER,
    PAID_FOR,
    PAYMENT,
    REFUND,
    REVERSED,
    SERIAL,
    SETTLED,
    TRANSFER,
)


def _day(moment: str) -> str:
    """SQL: the business date of a moment, as `ledger.post_transfers` has it."""
    return f"({moment} AT TIME ZONE 'Asia/Jakarta')::date"


def _number(moment: str) -> str:
    """SQL: the number of the same date, 0 for 1 January 2000, at a third of the cost: WIB is seven hours
    ahead of UTC all the year."""
    return f"floor((date_part('epoch', {moment}) - 946659600) / 86400)::int"


def _dated(uuid: str, number: str, code: str) -> str:
    return hash_of(uuid, amounts=(number,), texts=(code,))


_BOOKED_ON = "(business_date - DATE '2000-01-01')"
_OF_ANOTHER_DAY = f"{_BOOKED_ON} <> {_number('created_at')} OR posted_at <> created_at"
_REFUND_WITH_PRICE = f"{REFUND} r LEFT JOIN sales.item i ON i.id = r.item_id"
# What happened: where it is told, whose it is, when, under which code, and when it is booked at all.
_HAPPENED = (
    (PAYMENT, "order_id", "settled_at", "payment", SETTLED),
    (PAYMENT, "order_id", "reversed_at", "reversal", REVERSED),
    (ORDER, "id", "paid_at", "sale_face_value", PAID_FOR),
    (ORDER, "id", "paid_at", "sale_fee", f"{PAID_FOR} AND fee > vat"),
    (ORDER, "id", "paid_at", "sale_vat", f"{PAID_FOR} AND vat > 0"),
    (_REFUND_WITH_PRICE, "r.order_id", "r.created_at", "refund_suspense", "r.item_id IS NULL"),
    (_REFUND_WITH_PRICE, "r.order_id", "r.created_at", "refund_face_value", "r.item_id IS NOT NULL"),
    (_REFUND_WITH_PRICE, "r.order_id", "r.created_at", "refund_fee", "i.unit_fee > i.unit_vat"),
    (_REFUND_WITH_PRICE, "r.order_id", "r.created_at", "refund_vat", "i.unit_vat > 0"),
)
_CODES = one_of("code", *(code for *_, code, _ in _HAPPENED))
_TOLD = " UNION ALL ".join(
    f"SELECT {owner} AS id, '{code}' AS code, {_day(moment)} AS day FROM {source} WHERE {where}"
    for source, owner, moment, code, where in _HAPPENED
)
_USED = f"{ENDS} AND posted_at IS NOT NULL AND code = 'stamping'"

I27 = SqlInvariant(
    id="I27",
    title="Everything is booked on the business date on which it happened",
    population=Sum(TRANSFER),
    parts=(
        # A transfer: it was made and posted on the day on which it counts.
        f"""
        SELECT id::text AS subject, format('%s counts on %s; made %s, posted %s', code, business_date,
            created_at, coalesce(posted_at::text, 'never')) AS fact
        FROM {TRANSFER} WHERE {_OF_ANOTHER_DAY}
        """,
        # Money: on the day on which the payment, its sale, its reversal or the refund was.
        f"""
        WITH told AS ({_TOLD}),
        booked AS (SELECT reference_id AS id, code, business_date AS day FROM {TRANSFER} WHERE {_CODES})
        SELECT id::text AS subject, format('%s of %s, %s', code, day, what) AS fact FROM (
            SELECT *, 'which is not booked on that day' AS what FROM (TABLE told EXCEPT ALL TABLE booked) a
            UNION ALL
            SELECT *, 'booked, and nothing was so on that day' FROM (TABLE booked EXCEPT ALL TABLE told) b
        ) wrong
        """,
        # Stamps: on the day on which the file was released.
        f"""
        SELECT s.serial AS subject, format('released at %s, its stamp counts as used on %s', s.released_at,
            t.business_date) AS fact
        FROM {SERIAL} s JOIN {TRANSFER} t ON t.pending_id = s.reservation_id AND t.kind = 'post'
        WHERE s.state = 'released' AND t.business_date IS DISTINCT FROM {_day("s.released_at")}
        """,
    ),
    screens={
        0: Screen(balances=(Balance((Sum(TRANSFER, where=_OF_ANOTHER_DAY),)),)),
        1: Screen(
            balances=(
                Balance(
                    (Sum(TRANSFER, _dated("reference_id", _BOOKED_ON, "code"), _CODES),),
                    tuple(
                        Sum(source, _dated(owner, _number(moment), f"'{code}'"), where)
                        for source, owner, moment, code, where in _HAPPENED
                    ),
                ),
            )
        ),
        2: Screen(
            balances=(
                Balance(
                    (Sum(TRANSFER, _dated("pending_id", _BOOKED_ON, "''"), _USED),),
                    (
                        Sum(
                            SERIAL,
                            _dated("reservation_id", _number("released_at"), "''"),
                            "state = 'released'",
                        ),
                    ),
                ),
            )
        ),
    },
)
