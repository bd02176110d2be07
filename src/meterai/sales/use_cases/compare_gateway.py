"""Compares our books with the gateway's own list, which we can't change."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import date, timedelta

import msgspec

from meterai.kernel.clock import start_of_business_date
from meterai.kernel.money import format_rupiah
from meterai.kit.database import Connection, Database

_PAGE = 1_000


class ListedTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction as the gateway lists it."""

    reference: str
    """Ours: its order_id."""
    came: int
    """Rupiah that a person paid and that no bank took back; 0: none."""
    refunded: int | None = None
    """Rupiah that went back through the gateway; None: the list does not say."""
    status: str
    """In the gateway's words."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A payment on which the two records differ."""

    reference: str
    what: str


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What both records say. Sums are in rupiah, without what banks took back."""

    first: date
    last: date
    listed: int
    """Transactions in the list with money."""
    listed_rupiah: int
    booked: int
    """Our payments with money that were booked on these business dates."""
    booked_rupiah: int
    differences: list[Difference]


class _Booked(msgspec.Struct, frozen=True, kw_only=True):
    reference: str
    paid_amount: int
    """0: no money came, or the bank took it back."""
    refunded: int
    state: str


async def compare_gateway(
    db: Database, listed: Iterable[ListedTransaction], *, first: date, last: date
) -> Comparison:
    """Compares the gateway's list with our payments and returns what differs.

    Every transaction of the list is compared with ours, whenever we booked it. Every payment that we booked
    between the two business dates, both included, must be in the list. A payment made before midnight and
    booked after it is in the gateway's list of the day before, so let the list begin a day earlier. Lines
    without money are ignored when a reference has several.
    """
    rows, besides = dict[str, ListedTransaction](), list[ListedTransaction]()
    for one in sorted(listed, key=lambda one: not one.came):
        if rows.setdefault(one.reference, one) is not one and one.came:
            besides.append(one)
    async with db.connection() as conn:
        ours = {one.reference: one async for one in _of_list(conn, list(rows))}
        booked = [one async for one in _of_days(conn, first, last)]
    differences = [
        *(
            Difference(reference=one.reference, what=what)
            for one in rows.values()
            for what in _wrong(one, ours)
        ),
        *(
            Difference(reference=one.reference, what=f"{format_rupiah(one.came)} is listed besides")
            for one in besides
        ),
        *(
            Difference(
                reference=one.reference, what=f"we booked {format_rupiah(one.paid_amount)}: not listed"
            )
            for one in booked
            if one.reference not in rows
        ),
    ]
    return Comparison(
        first=first,
        last=last,
        listed=sum(one.came > 0 for one in (*rows.values(), *besides)),
        listed_rupiah=sum(one.came for one in (*rows.values(), *besides)),
        booked=sum(one.paid_amount > 0 for one in booked),
        booked_rupiah=sum(one.paid_amount for one in booked),
        differences=differences,
    )


def _wrong(one: ListedTransaction, ours: dict[str, _Booked]) -> Iterator[str]:
    known = ours.get(one.reference)
    if known is None:
        if one.came:
            yield f"{one.status}, {format_rupiah(one.came)}: we know no such payment"
    elif known.paid_amount != one.came:
        booked = format_rupiah(known.paid_amount)
        yield f"{one.status}, {format_rupiah(one.came)}: ours is {known.state}, {booked}"
    elif one.refunded is not None and known.refunded != one.refunded:
        yield f"{format_rupiah(one.refunded)} refunded: by our books {format_rupiah(known.refunded)}"


_OURS = """SELECT p.reference, p.state, CASE WHEN p.settled_at IS NULL OR p.reversed_at IS NOT NULL THEN 0
        ELSE p.paid_amount END AS paid_amount, coalesce((
            SELECT sum(r.amount) FROM sales.refund r
            WHERE r.payment_id = p.id AND r.channel = 'gateway' AND r.state = 'paid'
                AND r.reference IS DISTINCT FROM p.reference), 0)::bigint AS refunded
    FROM sales.payment p"""


async def _of_list(conn: Connection, references: list[str]) -> AsyncIterator[_Booked]:
    for begin in range(0, len(references), _PAGE):
        page = references[begin : begin + _PAGE]
        for row in await conn.fetch(f"{_OURS} WHERE p.reference = ANY ($1)", page):
            yield _Booked(**dict(row))


async def _of_days(conn: Connection, first: date, last: date) -> AsyncIterator[_Booked]:
    begin, end = start_of_business_date(first), start_of_business_date(last + timedelta(days=1))
    for row in await conn.fetch(f"{_OURS} WHERE p.settled_at >= $1 AND p.settled_at < $2", begin, end):
        yield _Booked(**dict(row))
