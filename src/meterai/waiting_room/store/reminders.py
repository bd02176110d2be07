"""Statements about reminders: people who want a message when their turn comes. Deleted when it is sent."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from meterai.kit.database import Connection
from meterai.kit.messages import ToKind
from meterai.waiting_room.rules.model import Frontier


class Reminder(msgspec.Struct, frozen=True, kw_only=True):
    """A person who wants a message. The contact is verified."""

    id: bytes
    window: int
    contact_kind: ToKind
    contact_value: str
    language: str
    ticket: str

    def __repr__(self) -> str:
        return f"Reminder(window={self.window})"  # contact and ticket stay out of logs and tracebacks


_REMINDER = "id, number AS window, contact_kind, contact_value, language, ticket"


async def set_reminder(conn: Connection, queue: int, one: Reminder) -> None:
    """Adds a reminder, or replaces the contact's earlier one."""
    await conn.execute(
        """INSERT INTO waiting_room.reminder
               (queue, id, number, contact_kind, contact_value, language, ticket)
           VALUES ($1, $2, $3, $4, $5, $6, $7)
           ON CONFLICT (queue, id) DO UPDATE SET number = $3, language = $6, ticket = $7, place = NULL""",
        queue,
        one.id,
        one.window,
        one.contact_kind,
        one.contact_value,
        one.language,
        one.ticket,
    )


async def drop_reminder(conn: Connection, queue: int, id: bytes) -> bool:
    """Deletes a reminder; False when there was none."""
    dropped = await conn.fetchval(
        "DELETE FROM waiting_room.reminder WHERE queue = $1 AND id = $2 RETURNING true", queue, id
    )
    return dropped is True


async def has_reminder(conn: Connection, queue: int, id: bytes) -> bool:
    """Whether a contact has a reminder."""
    found = await conn.fetchval(
        "SELECT true FROM waiting_room.reminder WHERE queue = $1 AND id = $2", queue, id
    )
    return found is True


async def unplaced(conn: Connection, queue: int, *, through: int, limit: int) -> list[Reminder]:
    """Reminders whose place is known by now but not noted, in the order of calls.

    Windows up to `through` are drawn.
    """
    rows = await conn.fetch(
        f"SELECT {_REMINDER} FROM waiting_room.reminder"  # noqa: S608
        " WHERE queue = $1 AND place IS NULL AND number <= $2 ORDER BY number, place LIMIT $3",
        queue,
        through,
        limit,
    )
    return [Reminder(**dict(row)) for row in rows]


async def note_places(conn: Connection, queue: int, places: Sequence[tuple[bytes, int]]) -> None:
    """Writes (id, place) of people whose window is drawn."""
    await conn.execute(
        """UPDATE waiting_room.reminder r SET place = drawn.place::numeric
           FROM unnest($2::bytea[], $3::text[]) AS drawn(id, place)
           WHERE r.queue = $1 AND r.id = drawn.id AND r.place IS NULL""",
        queue,
        [id for id, _ in places],
        [str(place) for _, place in places],
    )


async def door_rate(conn: Connection, queue: int) -> float:
    """People a minute that the admission lets in now."""
    rate: float = await conn.fetchval("SELECT rate FROM waiting_room.door WHERE queue = $1", queue)
    return rate


async def entered(conn: Connection, queue: int, ids: Sequence[bytes]) -> set[bytes]:
    """The ids of people who are inside and need no message any more."""
    rows = await conn.fetch(
        "SELECT id FROM waiting_room.pass WHERE queue = $1 AND id = ANY ($2::bytea[])", queue, ids
    )
    return {row["id"] for row in rows}


async def take_called(tx: Connection, queue: int, frontier: Frontier, limit: int) -> list[Reminder]:
    """Takes out the reminders of called people."""
    rows = await tx.fetch(
        f"""DELETE FROM waiting_room.reminder WHERE queue = $1 AND id = ANY (ARRAY(
                SELECT id FROM waiting_room.reminder
                WHERE queue = $1 AND (number, place) < ($2, $3::text::numeric)
                ORDER BY number, place LIMIT $4 FOR UPDATE SKIP LOCKED))
            RETURNING {_REMINDER}""",  # noqa: S608
        queue,
        frontier.window,
        str(frontier.x),
        limit,
    )
    return [Reminder(**dict(row)) for row in rows]


async def take_near(tx: Connection, queue: int, frontier: Frontier, limit: int) -> list[Reminder]:
    """Takes people who are called before the frontier reaches this point. Marks them as reminded."""
    rows = await tx.fetch(
        f"""UPDATE waiting_room.reminder SET told_soon = true WHERE queue = $1 AND id = ANY (ARRAY(
                SELECT id FROM waiting_room.reminder
                WHERE queue = $1 AND NOT told_soon AND (number, place) < ($2, $3::text::numeric)
                ORDER BY number, place LIMIT $4 FOR UPDATE SKIP LOCKED))
            RETURNING {_REMINDER}""",  # noqa: S608
        queue,
        frontier.window,
        str(frontier.x),
        limit,
    )
    return [Reminder(**dict(row)) for row in rows]


async def take_all(tx: Connection, queue: int, frontier: Frontier, limit: int) -> list[tuple[Reminder, bool]]:
    """Takes out any reminders, with whether their people are called."""
    rows = await tx.fetch(
        f"""DELETE FROM waiting_room.reminder WHERE queue = $1 AND id = ANY (ARRAY(
                SELECT id FROM waiting_room.reminder WHERE queue = $1
                ORDER BY number, place LIMIT $4 FOR UPDATE SKIP LOCKED))
            RETURNING (number, place) < ($2, $3::text::numeric) IS TRUE AS is_called, {_REMINDER}""",  # noqa: S608
        queue,
        frontier.window,
        str(frontier.x),
        limit,
    )
    facts = [dict(row) for row in rows]
    return [(Reminder(**one), is_called) for one in facts for is_called in [one.pop("is_called")]]
