"""Read-only answers about queues, for the site."""

from __future__ import annotations

import re
import uuid
from datetime import datetime

import msgspec

from meterai.kit.database import Connection, Database
from meterai.waiting_room.files.published_documents import Announcement
from meterai.waiting_room.rules.general_share import depth_of
from meterai.waiting_room.rules.model import Policy, QueueState, Schedule
from meterai.waiting_room.store import claims, pass_rows
from meterai.waiting_room.store import queues as store
from meterai.waiting_room.store.pass_rows import Pass
from meterai.waiting_room.store.reminders import Reminder

__all__ = [
    "Pass",
    "QueueSign",
    "Reminder",
    "certificate_of_code",
    "general_level",
    "held_pass",
    "last_published",
    "people_in_line",
    "people_per_minute",
    "queue_signs",
    "queue_views",
    "read_signs",
]


class QueueSign(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a queue that the site needs for every visitor."""

    number: int
    event: str
    state: QueueState
    schedule: Schedule
    policy: Policy
    note: Announcement = Announcement()
    note_until: int | None = None
    """When the announcement ends (Unix seconds)."""

    def words(self, now: float) -> Announcement:
        """The operator's announcement, until its end."""
        is_over = self.note_until is not None and now >= self.note_until
        return Announcement() if is_over else self.note

    @property
    def is_free(self) -> bool:
        """Whether people enter without a pass."""
        return self.state.stands_still

    @property
    def keeps_drafts(self) -> bool:
        """Whether people may stand in this line now, also while it is held."""
        return not self.is_free and self.state is not QueueState.CLOSED

    @property
    def has_line(self) -> bool:
        """Whether people wait to enter now. Nobody can enter before the opening or after the closing."""
        return self.state.has_line


async def queue_signs(db: Database) -> dict[str, QueueSign]:
    """The sign of every queue, by event.

    A queue without waiting people may be halted only because no site has reported yet, as in the first second
    after a start. The site that asks is running, so nobody has to wait for that.
    """
    async with db.connection() as connection:
        return await read_signs(connection)


async def read_signs(connection: Connection) -> dict[str, QueueSign]:
    """The signs, as `queue_signs` gives them, on a connection of the caller."""
    rows = await connection.fetch(
        """SELECT number, event, schedule, policy, note,
               CASE WHEN state = 'halted' AND halted_because IS NULL AND (memory->>'is_direct')::boolean
               THEN 'direct' ELSE state END AS state
           FROM waiting_room.queue"""
    )
    return {
        row["event"]: QueueSign(
            number=row["number"],
            event=row["event"],
            state=QueueState(row["state"]),
            schedule=msgspec.convert(row["schedule"], Schedule),
            policy=msgspec.convert(row["policy"], Policy),
            note=msgspec.convert(row["note"], Announcement),
            note_until=row["note"].get("until"),
        )
        for row in rows
    }


async def last_published(db: Database) -> float | None:
    """The last time (Unix seconds) at which the controller published the state of the queue that has waited
    longest.

    None: no queue is on, or all queues that are on are idle.
    """
    async with db.connection() as connection:
        return await store.oldest_publication(connection)


async def held_pass(db: Database, queue: int, id: bytes, pass_id: uuid.UUID) -> Pass | None:
    """The pass of a contact, if it is this one."""
    async with db.connection() as connection:
        found = await pass_rows.read_pass(connection, queue, id)
    return found if found is not None and found.pass_id == pass_id else None


async def general_level(db: Database, *, per_minute: int, now: datetime) -> float:
    """How many purchases for no event may begin now, while people wait in line."""
    if per_minute <= 0:
        return 0.0
    async with db.connection() as connection:
        return await claims.general_level(
            connection, per_second=per_minute / 60, depth=depth_of(per_minute), now=now.timestamp()
        )


async def people_per_minute(db: Database) -> float | None:
    """The people a minute who may enter from all lines together; None: nobody waits in line.

    A line that is held counts with its lowest rate: what holds it need not hold others.
    """
    async with db.connection() as connection:
        rate: float | None = await connection.fetchval(
            """SELECT sum(GREATEST(rate, (policy->>'rate_floor')::double precision))
               FROM waiting_room.queue JOIN waiting_room.door ON queue = number WHERE state = ANY ($1)""",
            [state for state in QueueState if state.has_line],
        )
    return rate


async def people_in_line(conn: Connection) -> int:
    """How many people wait in all lines together. Those who joined in the last seconds are not included."""
    waiting: int = await conn.fetchval(
        """SELECT coalesce(sum(joined - called), 0)::bigint FROM waiting_room.queue WHERE state = ANY ($1)""",
        [state for state in QueueState if state.has_line],
    )
    return waiting


async def certificate_of_code(db: Database, code: str) -> tuple[str, bytes] | None:
    """(event, certificate as signed) of a code in any spelling; None: there is no such code."""
    letters = re.sub(r"[^0-9A-Z]", "", code.upper())
    async with db.connection() as connection:
        row = await connection.fetchrow(
            """SELECT q.event, c.document FROM waiting_room.certificate c
               JOIN waiting_room.queue q ON q.number = c.queue WHERE c.code = $1""",
            f"{letters[:4]}-{letters[4:8]}-{letters[8:12]}",
        )
    return (row["event"], row["document"]) if row else None


class QueueView(msgspec.Struct, frozen=True, kw_only=True):
    """A queue as an operator sees it. Rates are people a minute, times Unix seconds."""

    event: str
    state: QueueState
    is_on: bool
    always_in_line: bool
    """An operator's wish: everybody stands in line, even when nobody has to wait."""
    rate: float
    rate_cap: int | None
    policy_cap: int
    waiting: int
    """People in closed windows. Those who joined in the last seconds are not included."""
    admitted: int
    is_short: bool
    """Fewer people are called than `rate`, because the last stamps are for people who were called before."""
    halted_because: str | None
    note: Announcement
    """The operator's words on every wait page; empty: none."""
    note_until: int | None
    """When they end (Unix seconds)."""
    closes_at: int
    age_s: float | None
    """Age in seconds of the published status; None: nothing is published yet."""
    made_at: float
    rests: bool
    """Closed long ago. No controller has anything left to do for it."""


async def queue_views(db: Database, now: float) -> list[QueueView]:
    """Every queue, in order of creation. `now`: Unix seconds."""
    async with db.connection() as connection:
        queues = await store.read_queues(connection)
        awake = await store.events_awake(connection)
        doors = await connection.fetch(
            """SELECT number, extract(epoch FROM created_at)::float8 AS made_at, rate
               FROM waiting_room.queue JOIN waiting_room.door ON queue = number"""
        )
    rates = {row["number"]: row["rate"] for row in doors}
    made_at = {row["number"]: row["made_at"] for row in doors}
    return [
        QueueView(
            event=queue.event,
            state=queue.state,
            is_on=queue.is_on,
            always_in_line=queue.always_in_line,
            rate=rates.get(queue.number, 0.0),
            rate_cap=queue.rate_cap,
            policy_cap=queue.policy.rate_cap,
            waiting=queue.joined - queue.called,
            admitted=queue.admitted,
            is_short=queue.memory.is_short,
            halted_because=queue.halted_because,
            note=queue.note,
            note_until=queue.note_until,
            closes_at=queue.schedule.closes_at,
            age_s=_age_s(queue.memory.published_at, now),
            made_at=made_at[queue.number],
            rests=queue.event not in awake,
        )
        for queue in queues
    ]


def _age_s(published_at: float, now: float) -> float | None:
    return round(max(0.0, now - published_at), 1) if published_at else None
