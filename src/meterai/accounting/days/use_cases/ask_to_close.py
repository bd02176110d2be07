"""Asks the day close to try again now, for an officer. The key of the statements stays where it is."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import msgspec

from meterai.accounting.days import store
from meterai.accounting.days.model import Figures
from meterai.accounting.days.queries import next_day, unclosed_since
from meterai.accounting.matching.queries import open_by_name
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Connection, Database

ACT: Final = "day.close"


class DueDay(msgspec.Struct, frozen=True, kw_only=True):
    """The oldest day that is over and has no statement."""

    day: date
    since: datetime
    """Since when it could have been closed."""
    figures: Figures
    """What was booked on it up to now."""
    differences: int
    """Open ones between gateways, bank and our books. They keep no day open."""


async def due_day(connection: Connection, now: datetime) -> DueDay:
    """What is closed next. Raises: Refusal CONFLICT `day.all_closed`: each day that is over has its
    statement."""
    day, since = await next_day(connection), await unclosed_since(connection, now)
    if day is None or since is None:
        raise Refusal(Kind.CONFLICT, "day.all_closed")
    found = await open_by_name(connection)
    return DueDay(
        day=day,
        since=since,
        figures=await store.figures_of(connection, day),
        differences=sum(one.count for one in found.values()),
    )


async def ask_to_close(db: Database, *, reason: str, actor: Actor, now: datetime) -> date:
    """Has the days that are over closed, as `meterai day close` does. Returns the oldest of them.

    Raises: Refusal CONFLICT `day.all_closed`.
    """
    async with db.transaction() as tx:
        due = await due_day(tx, now)
        await store.ask_to_close(tx, now)
        await write_audit(
            tx, actor=actor, action=ACT, subject=str(due.day), facts={"reason": reason}, now=now
        )
    return due.day
