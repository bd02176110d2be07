"""How fast orders are paid and stamped, and whether the gateway opens charges.

Orders of the probe count nowhere here: the status page says how they went.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from meterai.kernel.ids import first_id
from meterai.kit.database import Connection
from meterai.sales.queries.rows import read_row
from meterai.sales.store.payments import FIRST_POLL_AFTER

OPENED_WITHIN = timedelta(seconds=30)
"""A charge that takes longer to open was asked for twice: the gateway does not answer."""


POLLED_WITHIN = timedelta(minutes=2)
"""A payment that has been due for longer is not being polled."""


REFUSED_IN_A_ROW, REFUSED_LATELY = 3, timedelta(minutes=10)
"""Charges that the gateway refused, with none between them that it opened."""


CHARGES_MAX, CHARGES_MIN, CHARGES_LATELY = 20, 5, timedelta(minutes=10)
"""The latest charges show whether the gateway opens them. Fewer than `CHARGES_MIN`, or older ones, show
nothing."""


LATEST_CHARGES = 200
"""So many of the latest charges are counted for officers."""


WAITS_AT_MOST = timedelta(minutes=10)
"""An order paid longer ago has a problem of its own and shows nothing about the load."""

_OF_PERSON = "(SELECT o.probe FROM sales.orders o WHERE o.id = p.order_id) IS NULL"
"""Of a payment `p`: it is not for an order of the probe."""


async def oldest_paid_order(conn: Connection, *, now: datetime) -> datetime | None:
    """When the oldest order of the last minutes that is not completed was paid; None: there is none."""
    paid_at: datetime | None = await conn.fetchval(
        """SELECT paid_at FROM sales.orders WHERE state = 'paid' AND paid_at > $1 AND probe IS NULL
           ORDER BY paid_at LIMIT 1""",
        now - WAITS_AT_MOST,
    )
    return paid_at


async def oldest_order_being_stamped(conn: Connection, *, but_for: Sequence[uuid.UUID]) -> datetime | None:
    """When the oldest order with a document still to be stamped was paid; None: there is none.

    Documents in `but_for` don't count."""
    paid_at: datetime | None = await conn.fetchval(
        """SELECT paid_at FROM sales.orders o WHERE state = 'paid' AND probe IS NULL
               AND EXISTS (SELECT FROM sales.item i WHERE i.order_id = o.id AND i.state = 'stamping'
                   AND (i.document_id IS NULL OR i.document_id <> ALL ($1::uuid[])))
           ORDER BY paid_at LIMIT 1""",
        list(but_for),
    )
    return paid_at


async def can_be_paid(conn: Connection, *, now: datetime) -> bool:
    """Whether charges are opened at the gateway and asked for, by what became of the latest ones."""
    can: bool = await conn.fetchval(
        f"""WITH latest AS (SELECT p.state, p.created_at FROM sales.payment p
               WHERE p.id >= $6 AND {_OF_PERSON} ORDER BY p.id DESC LIMIT $5)
           SELECT NOT EXISTS (SELECT FROM sales.payment p WHERE p.state = 'creating'
                   AND p.created_at < $1::timestamptz - $2::interval AND p.expires_at > $1
                   AND {_OF_PERSON})
               AND ((SELECT min(poll_at) FROM sales.payment) < $1::timestamptz - $3::interval) IS NOT TRUE
               AND (SELECT count(*) FROM latest
                   WHERE state = 'failed' AND created_at > $1::timestamptz - $4::interval) < $5""",  # noqa: S608 - our own
        now,
        OPENED_WITHIN,
        POLLED_WITHIN,
        REFUSED_LATELY,
        REFUSED_IN_A_ROW,
        first_id(now - REFUSED_LATELY),
    )
    return can


async def opens_charges(conn: Connection, *, now: datetime) -> bool:
    """Whether the gateway opened at least half of the latest charges for which it had the time of a call.

    The newest attempt of each order counts, so that an order whose charges are refused for its own reasons
    counts once. Attempts that were cancelled, or ended, before a charge was opened don't count.

    This decides how many people are let in. It differs from `can_be_paid`: a single charge that is never
    opened stops nobody else, and people can pay while the gateway is slow to report payments.
    """
    opens: bool = await conn.fetchval(
        f"""SELECT count(*) < $4 OR 2 * count(transaction_id) >= count(*)
           FROM (SELECT DISTINCT ON (order_id) transaction_id
               FROM (SELECT p.id, p.order_id, p.state, p.transaction_id, p.created_at FROM sales.payment p
                   WHERE p.id >= $6 AND p.created_at < $1::timestamptz - $2::interval AND {_OF_PERSON}
                   ORDER BY p.id DESC LIMIT $3) latest
               WHERE created_at > $1::timestamptz - $5::interval
                   AND (transaction_id IS NOT NULL OR state NOT IN ('expired', 'cancelled'))
               ORDER BY order_id, id DESC) of_order""",  # noqa: S608 - our own
        now,
        FIRST_POLL_AFTER,
        CHARGES_MAX,
        CHARGES_MIN,
        CHARGES_LATELY,
        first_id(now - CHARGES_LATELY),
    )
    return opens


MEDIAN_OF = 5_000
"""The newest orders among which those are found that were stamped lately. Their ids are in order of time."""


async def median_s_to_stamp(conn: Connection, *, since: datetime) -> float | None:
    """The median time from payment to stamp of the orders that were stamped since then, in seconds.

    None: no order was. Orders of quota are left out: nothing of them is stamped when they are paid.
    """
    seconds: float | None = await conn.fetchval(
        """SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM closed_at - paid_at))
           FROM (SELECT flow, state, paid_at, closed_at, probe FROM sales.orders
               ORDER BY id DESC LIMIT $2) newest
           WHERE probe IS NULL AND flow = 'stamp' AND state = 'completed' AND paid_at IS NOT NULL
               AND closed_at >= $1""",
        since,
        MEDIAN_OF,
    )
    return seconds


class OrderOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How far an order came."""

    paid_at: datetime | None
    completed_at: datetime | None
    """Everything of it is stamped."""
    unopened_since: datetime | None = None
    """When its first charge was asked for, if the gateway has opened none of them."""


async def order_outcomes(conn: Connection, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, OrderOutcome]:
    """How far each of these orders came. Deleted ones are left out."""
    rows = await conn.fetch(
        """SELECT id, paid_at, CASE WHEN state = 'completed' THEN closed_at END AS completed_at,
               (SELECT min(p.created_at) FROM sales.payment p WHERE p.order_id = o.id
                HAVING count(p.transaction_id) = 0) AS unopened_since
           FROM sales.orders o WHERE id = ANY($1)""",
        list(ids),
    )
    return {row["id"]: read_row(row, OrderOutcome) for row in rows}


async def count_charged(conn: Connection, *, since: datetime, until: datetime) -> int:
    """How many orders asked for a charge in this time. Read along the ids of payments, which are in order."""
    orders: int = await conn.fetchval(
        f"""SELECT count(DISTINCT p.order_id) FROM sales.payment p
           WHERE p.id >= $1 AND p.id < $2 AND {_OF_PERSON}""",  # noqa: S608 - our own
        first_id(since),
        first_id(until),
    )
    return orders


async def stamps_of_probe(conn: Connection) -> tuple[int, int]:
    """The stamps that orders of the probe bought, and those of them that are on documents."""
    row = await conn.fetchrow(
        """SELECT coalesce(sum(quantity), 0)::bigint AS bought,
               coalesce(sum(quantity) FILTER (WHERE state = 'completed'), 0)::bigint AS used
           FROM sales.orders WHERE probe = 'stamped' AND state IN ('paid', 'completed')"""
    )
    assert row is not None
    return row["bought"], row["used"]


async def stamping_p95(conn: Connection, *, since: datetime, now: datetime) -> float | None:
    """Seconds from payment to stamp, for 95 of 100 orders that were paid since then. None: there are none.

    Orders that are not stamped yet count with their age.
    """
    seconds: float | None = await conn.fetchval(
        """SELECT percentile_disc(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM
                   CASE WHEN o.state = 'completed' THEN o.closed_at ELSE $2 END - o.paid_at)::float8)
           FROM sales.payment p JOIN sales.orders o ON o.id = p.order_id
           WHERE p.settled_at > $1 AND p.outcome = 'credited' AND o.flow = 'stamp' AND o.probe IS NULL
               AND o.state IN ('paid', 'completed')""",
        since,
        now,
    )
    return seconds


class GatewayLately(msgspec.Struct, frozen=True, kw_only=True):
    """The latest charges at a gateway."""

    name: str
    asked: int
    opened: int
    refused: int
    paid: int
    last_paid_at: datetime | None


async def gateways_lately(conn: Connection, *, now: datetime) -> list[GatewayLately]:
    """What became of the latest charges of the last minutes, by gateway. Those without any are left out."""
    rows = await conn.fetch(
        f"""SELECT gateway AS name, count(*) AS asked, count(transaction_id) AS opened,
               count(*) FILTER (WHERE state = 'failed') AS refused, count(settled_at) AS paid,
               max(settled_at) AS last_paid_at
           FROM (SELECT p.gateway, p.transaction_id, p.state, p.settled_at, p.created_at FROM sales.payment p
               WHERE p.id >= $1 AND {_OF_PERSON} ORDER BY p.id DESC LIMIT $2) latest
           GROUP BY gateway ORDER BY gateway""",  # noqa: S608 - our own
        first_id(now - CHARGES_LATELY),
        LATEST_CHARGES,
    )
    return [read_row(row, GatewayLately) for row in rows]


async def oldest_unfinished_order(conn: Connection) -> str | None:
    """The number of the order that was paid first of those still being stamped; None: there is none."""
    number: str | None = await conn.fetchval(
        """SELECT number FROM sales.orders o WHERE state = 'paid' AND probe IS NULL
               AND EXISTS (SELECT FROM sales.item i WHERE i.order_id = o.id AND i.state = 'stamping')
           ORDER BY paid_at LIMIT 1"""
    )
    return number
