"""Statements about closed windows, their seeds, and gates that were declared dead in them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from meterai.kit.database import Connection


class ClosedWindow(msgspec.Struct, frozen=True):
    """A closed window."""

    number: int
    people: int
    closed_at: float
    document: bytes
    reveal: bytes | None = None


async def add_dead_gate(tx: Connection, queue: int, window: int, gate: int) -> None:
    """Declares a gate dead in a window. Its tickets that are in no list are honoured."""
    await tx.execute(
        "INSERT INTO waiting_room.dead_gate VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", queue, window, gate
    )


async def add_closed(tx: Connection, queue: int, window: ClosedWindow, dead: Iterable[int]) -> None:
    """Adds a closed window, and the gates that did not answer."""
    await tx.execute(
        """INSERT INTO waiting_room.closed_window (queue, number, people, closed_at, document)
           VALUES ($1, $2, $3, $4, $5)""",
        queue,
        window.number,
        window.people,
        window.closed_at,
        window.document,
    )
    for gate in dead:
        await add_dead_gate(tx, queue, window.number, gate)


async def add_reveal(tx: Connection, queue: int, window: int, document: bytes) -> None:
    """Decides to publish the seed of a closed window."""
    await tx.execute(
        "UPDATE waiting_room.closed_window SET reveal = $3 WHERE queue = $1 AND number = $2",
        queue,
        window,
        document,
    )


async def closed_windows(conn: Connection, queue: int, *, first: int, limit: int) -> list[ClosedWindow]:
    """Closed windows from a number on, in order."""
    rows = await conn.fetch(
        """SELECT number, people, closed_at, document, reveal FROM waiting_room.closed_window
           WHERE queue = $1 AND number >= $2 ORDER BY number LIMIT $3""",
        queue,
        first,
        limit,
    )
    return [ClosedWindow(**dict(row)) for row in rows]


async def people_by_window(conn: Connection, queue: int, first: int, *, limit: int) -> list[tuple[int, int]]:
    """(window, people) of the windows whose seed may be published, from a number on, in order."""
    rows = await conn.fetch(
        """SELECT number, people FROM waiting_room.closed_window
           WHERE queue = $1 AND number >= $2 AND reveal IS NOT NULL ORDER BY number LIMIT $3""",
        queue,
        first,
        limit,
    )
    return [(row["number"], row["people"]) for row in rows]


async def is_dead_gate(conn: Connection, queue: int, window: int, gate: int) -> bool:
    """Whether a gate was declared dead in a window."""
    found = await conn.fetchval(
        "SELECT true FROM waiting_room.dead_gate WHERE queue = $1 AND number = $2 AND gate = $3",
        queue,
        window,
        gate,
    )
    return found is True
