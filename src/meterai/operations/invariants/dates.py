"""I27: everything is booked on the business date on which it happened. Nobody moves a sale, and its VAT, into
another month by the dates of its transfers alone."""

# ruff: noqa: S608 (our own queries)

from __future__ import annotations

from meterai.operations.invariants.fingerprint import Balance, Screen, Sum, hash_of, one_of
from meterai.operations.invariants.model import SqlInvariant
from meterai.operations.invariants.sources import (
    CAME,
    GIVEN_BACK,
    PAYMENT,
    PAYMENTS_ARE_BOOKED,
    REFUND,
    REVERSED,
    SERIAL,
    STAMPS_ARE_USED,
    TRANSFER,
    day_of,
    number_of,
)

OF_ANOTHER_DAY = """created_at < business_date + TIMETZ '00:00+07'
        OR created_at >= business_date + TIMETZ '24:00+07' OR posted_at <> created_at"""
"""SQL: whether a transfer counts on another business date (WIB) than that on which it was made and posted."""
_REFUND_WITH_PRICE = f"{REFUND} r LEFT JOIN sales.item i ON i.id = r.item_id"
# Money that goes back: where it is told, of which order, when, under which code, and when it is booked.
_WENT_BACK = (
    (PAYMENT, "order_id", "reversed_at", "reversal", REVERSED),
    (_REFUND_WITH_PRICE, "r.order_id", "r.created_at", "refund_suspense", "r.item_id IS NULL"),
    (_REFUND_WITH_PRICE, "r.order_id", "r.created_at", "refund_face_value", "r.item_id IS NOT NULL"),
    (_REFUND_WITH_PRICE, "r.order_id", "r.created_at", "refund_fee", "i.unit_fee > i.unit_vat"),
    (_REFUND_WITH_PRICE, "r.order_id", "r.created_at", "refund_vat", "i.unit_vat > 0"),
)


def _of_codes(happened: tuple[tuple[str, ...], ...]) -> str:
    return one_of("code", *(code for *_, code, _ in happened))


def _booked(uuid: str, day: str, code: str) -> str:
    return hash_of(uuid, amounts=(number_of(day),), texts=(code,))


# Both, without amounts.
_HAPPENED = (
    *((source, owner, moment, code, where) for source, owner, _, moment, code, where in CAME),
    *_WENT_BACK,
)
_TOLD = " UNION ALL ".join(
    f"SELECT {owner} AS id, '{code}' AS code, {day_of(moment)} AS day FROM {source} WHERE {where}"
    for source, owner, moment, code, where in _HAPPENED
)

I27 = SqlInvariant(
    id="I27",
    title="Everything is booked on the business date on which it happened",
    population=Sum(TRANSFER),
    parts=(
        # A transfer: it was made and posted on the day on which it counts.
        f"""
        SELECT id::text AS subject, format('%s counts on %s; made %s, posted %s', code, business_date,
            created_at, coalesce(posted_at::text, 'never')) AS fact
        FROM {TRANSFER} WHERE {OF_ANOTHER_DAY}
        """,
        # Money: on the day on which the payment, its sale, its reversal or the refund was.
        f"""
        WITH told AS ({_TOLD}), booked AS (
            SELECT reference_id AS id, code, business_date AS day FROM {TRANSFER}
            WHERE {_of_codes(_HAPPENED)}
        )
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
        WHERE s.state = 'released' AND t.business_date IS DISTINCT FROM {day_of("s.released_at")}
        """,
    ),
    screens={
        0: Screen(balances=(Balance((Sum(TRANSFER, where=OF_ANOTHER_DAY),)),)),
        1: Screen(
            balances=(
                PAYMENTS_ARE_BOOKED,
                Balance(
                    (
                        Sum(
                            GIVEN_BACK,
                            _booked("reference_id", "business_date", "code"),
                            _of_codes(_WENT_BACK),
                        ),
                    ),
                    tuple(
                        Sum(source, _booked(owner, day_of(moment), f"'{code}'"), where)
                        for source, owner, moment, code, where in _WENT_BACK
                    ),
                ),
            )
        ),
        2: Screen(balances=(STAMPS_ARE_USED,)),
    },
)
