"""Which work an outage left behind, by class, and whether it was taken up in the order of the classes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final

import asyncpg
import msgspec

CLASSES: Final = ("in_flight", "paid", "open", "new")
_WORK: Final = """
    SELECT p.reference, p.settled_at, j.ended_at,
        (SELECT min(received_at) FROM sales.notice n WHERE n.reference = p.reference) AS told_at
    FROM sales.payment p JOIN sales.item i ON i.order_id = p.order_id
    LEFT JOIN stamping.job j ON j.reference_id = i.id AND j.state <> 'refused'
"""


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """A paid document."""

    name: str
    """Its class, one of `CLASSES`."""
    reference: str
    begun_at: datetime | None
    """When it was credited; when it was stamped, if that happened before the outage."""
    stamped_at: datetime | None


async def read_left(
    connection: asyncpg.Connection[asyncpg.Record],
    paid: Sequence[str],
    *,
    killed_at: datetime,
    started_at: datetime,
) -> list[Left]:
    """What was paid and not stamped when everything was killed. `paid`: references, by the gateway."""
    rows = await connection.fetch(f"{_WORK} WHERE p.reference = ANY ($1)", list(paid))
    return [
        Left(
            name=_class_of(row, killed_at),
            reference=row["reference"],
            begun_at=row["ended_at"] if _is_before(row["settled_at"], killed_at) else row["settled_at"],
            stamped_at=row["ended_at"],
        )
        for row in rows
        if not _is_before(row["ended_at"], started_at)
    ]


async def read_new(connection: asyncpg.Connection[asyncpg.Record], started_at: datetime) -> list[Left]:
    """What was ordered, paid and stamped since the start."""
    rows = await connection.fetch(f"{_WORK} WHERE p.created_at > $1 AND p.settled_at IS NOT NULL", started_at)
    return [
        Left(name="new", reference=row["reference"], begun_at=row["settled_at"], stamped_at=row["ended_at"])
        for row in rows
    ]


def is_in_order(left: Sequence[Left], new: Sequence[Left]) -> bool:
    """Whether no class began before the one before it had ended."""
    work = [[one for one in (*left, *new) if one.name == name] for name in CLASSES]
    return all(
        max(one.stamped_at for one in earlier if one.stamped_at)
        <= min(one.begun_at for one in later if one.begun_at)
        for earlier, later in pairwise([some for some in work if some])
    )


def _class_of(row: asyncpg.Record, killed_at: datetime) -> str:
    if _is_before(row["settled_at"], killed_at):
        return "in_flight"
    return "paid" if _is_before(row["told_at"], killed_at) else "open"


def _is_before(at: datetime | None, moment: datetime) -> bool:
    return at is not None and at <= moment
