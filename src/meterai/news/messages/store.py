"""The statements on messages about news."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Final

from meterai.customers.codes import Budgets
from meterai.kit.database import Connection, call
from meterai.news.messages.model import Claimed, Lost, MessageState

_CLAIM: Final = f"SELECT * FROM {call('news.claim_messages', 7).removeprefix('SELECT ')}"  # noqa: S608


async def add(
    tx: Connection,
    customers: Collection[uuid.UUID],
    *,
    incident: int | None = None,
    announcement: int | None = None,
    until: datetime,
    now: datetime,
) -> int:
    """Writes messages about one incident or announcement: for each customer one by e-mail and one by
    telephone, as far as they take such news. Returns how many are new."""
    statement = call("news.add_messages", 5)
    added: int = await tx.fetchval(statement, incident, announcement, list(customers), until, now)
    return added


async def affected_customers(conn: Connection, incident: int, now: datetime) -> list[uuid.UUID]:
    """The customers whom an incident affects."""
    rows = await conn.fetch("SELECT * FROM news.affected_customers($1, $2)", incident, now)
    return [row[0] for row in rows]


async def affected_messages(conn: Connection, incident: int, now: datetime) -> list[tuple[str, bool, int]]:
    """(prefix, not written yet, messages) of what these customers would get."""
    rows = await conn.fetch("SELECT * FROM news.affected_messages($1, $2)", incident, now)
    return [(row["prefix"], row["is_new"], row["messages"]) for row in rows]


async def claim(
    tx: Connection, kinds: Collection[str], budgets: Budgets, *, limit: int, now: datetime
) -> list[Claimed]:
    """Claims due messages, the oldest first, and counts them for the day."""
    rows = await tx.fetch(
        _CLAIM,
        list(kinds),
        budgets.home,
        budgets.home_most,
        budgets.email_most,
        budgets.foreign_most,
        limit,
        now,
    )
    return [Claimed(**dict(row)) for row in rows]


async def end_lost(conn: Connection, *, begun_before: datetime, now: datetime) -> Lost:
    """Ends messages that are too late, and those whose worker died."""
    row = await conn.fetchrow(call("news.end_lost_messages", 2, whole_row=True), begun_before, now)
    assert row is not None
    return Lost(**dict(row))


async def end(conn: Connection, id: uuid.UUID, state: MessageState, reference: str, now: datetime) -> None:
    """Notes how a message ended that is being sent."""
    await conn.execute(call("news.end_message", 4), id, state, reference, now)


async def put_off(conn: Connection, id: uuid.UUID, until: datetime) -> None:
    """Puts a message off that its station has not taken."""
    await conn.execute(call("news.put_message_off", 2), id, until)


async def states(
    conn: Connection, *, incident: int | None = None, announcement: int | None = None, now: datetime
) -> Mapping[MessageState, int]:
    """How many messages there are by state; of all news those that wait, and those that ended today."""
    rows = await conn.fetch(call("news.message_states", 3, whole_row=True), incident, announcement, now)
    return {MessageState(row["state"]): row["number"] for row in rows}


async def sent_on(conn: Connection, day: date) -> Mapping[str, int]:
    """How many count for a day, by country code or `email`."""
    rows = await conn.fetch("SELECT prefix, sent FROM news.message_count WHERE day = $1 ORDER BY prefix", day)
    return {row["prefix"]: row["sent"] for row in rows}
