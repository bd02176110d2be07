"""Statements on what belongs to claims, beside `store.py`: claims in one call, knocks at a full door."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

import asyncpg
import msgspec

from meterai.kit.database import Connection
from meterai.waiting_room.rules.admission import Door
from meterai.waiting_room.rules.model import Frontier, Policy, QueueState, Schedule
from meterai.waiting_room.store.queues import Pass, pass_of_row

_KNOCKED_LATELY = timedelta(seconds=60)
_COUNTED_MAX = 5_000
"""People at the door; more change nothing: at 10,000 a minute they fill half a minute, the longest wait that
is told, and long before that nobody else is called."""

_KNOCK = """
    SELECT q.number AS queue_number, schedule::text, policy::text, state, halted_because,
        frontier_window, frontier_x::text,
        coalesce((memory->'late'->>0)::int, 0) AS late_window, coalesce(memory->'late'->>1, '0') AS late_x,
        new_level, returner_level, filled_at, rate,
        p.id, p.pass_id, p.order_id, p.claimed_at, p.number AS window, p.lane, p.gate, p.sequence
    FROM waiting_room.queue q JOIN waiting_room.door d ON d.queue = q.number
        LEFT JOIN waiting_room.pass p ON p.queue = q.number AND p.id = $2
    WHERE event = $1"""


class DoorQueue(msgspec.Struct, frozen=True, kw_only=True):
    """Of a queue what its door asks for: not the memory of the controller, which is most of the row."""

    number: int
    schedule: Schedule
    policy: Policy
    state: QueueState
    halted_because: str | None
    frontier: Frontier
    late: Frontier
    """See `store.Queue.late`."""


class Knock(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody who knocks finds, read without a lock: see `enter_as_read`."""

    queue: DoorQueue
    door: Door
    rate: float
    held: Pass | None
    """The pass of the contact, if it has one."""


async def read_knock(conn: Connection, event: str, id: bytes) -> Knock | None:
    """The queue of an event, its door and the pass of a contact; None when there is no such queue."""
    row = await conn.fetchrow(_KNOCK, event, id)
    if row is None:
        return None
    queue = DoorQueue(
        number=row["queue_number"],
        schedule=_schedule(row["schedule"]),
        policy=_policy(row["policy"]),
        state=QueueState(row["state"]),
        halted_because=row["halted_because"],
        frontier=Frontier(row["frontier_window"], int(row["frontier_x"])),
        late=Frontier(row["late_window"], int(row["late_x"])),
    )
    door = Door(row["new_level"], row["returner_level"], row["filled_at"])
    held = pass_of_row(row) if row["id"] is not None else None
    return Knock(queue=queue, door=door, rate=row["rate"], held=held)


@lru_cache(maxsize=16)
def _schedule(text: str) -> Schedule:
    """The same for all who knock, so read once."""
    return msgspec.json.decode(text, type=Schedule)


@lru_cache(maxsize=16)
def _policy(text: str) -> Policy:
    return msgspec.json.decode(text, type=Policy)


async def enter_as_read(conn: Connection, knock: Knock, one: Pass, after: Door) -> bool:
    """Adds a pass and writes the door's levels, if the door is as it was read: both or neither.
    Who is in knocks no more.

    False, and nothing written, when somebody else entered meanwhile, the rate changed, or the contact got a
    pass by another claim.
    """
    try:
        entered = await conn.fetchval(
            """WITH door AS (
                   UPDATE waiting_room.door SET new_level = $9, returner_level = $10, filled_at = $11
                   WHERE queue = $5 AND new_level = $12 AND returner_level = $13 AND filled_at = $14
                       AND rate = $15
                   RETURNING queue
               ), gone AS (
                   DELETE FROM waiting_room.knock WHERE queue = (SELECT queue FROM door) AND id = $1
               )
               INSERT INTO waiting_room.pass (id, pass_id, claimed_at, number, queue, lane, gate, sequence)
               SELECT $1, $2, $3, $4, queue, $6, $7, $8 FROM door RETURNING true""",
            one.id,
            one.pass_id,
            one.claimed_at,
            one.window,
            knock.queue.number,
            one.lane,
            one.gate,
            one.sequence,
            after.new,
            after.returner,
            after.filled_at,
            knock.door.new,
            knock.door.returner,
            knock.door.filled_at,
            knock.rate,
        )
    except asyncpg.UniqueViolationError:
        return False
    return entered is True


async def set_doors_right(tx: Connection, queue: int, now: float) -> None:
    """After a clock that had been ahead was set right: no door was filled, and nobody knocked, at a moment
    that is still to come; else nothing would flow in until then."""
    await tx.execute(
        "UPDATE waiting_room.door SET filled_at = $2 WHERE queue = $1 AND filled_at > $2", queue, now
    )
    await tx.execute("UPDATE waiting_room.general_share SET filled_at = $1 WHERE filled_at > $1", now)
    await tx.execute(
        "UPDATE waiting_room.knock SET last_at = $2 WHERE queue = $1 AND last_at > $2",
        queue,
        datetime.fromtimestamp(now, UTC),
    )


async def note_knock(tx: Connection, queue: int, id: bytes, now: datetime) -> int:
    """Somebody who is called found the door full; gives how many knocked in the last minute, this one too."""
    await tx.execute(
        """INSERT INTO waiting_room.knock (queue, id, first_at, last_at) VALUES ($1, $2, $3, $3)
           ON CONFLICT (queue, id) DO UPDATE SET last_at = $3""",
        queue,
        id,
        now,
    )
    return await count_at_door(tx, queue, now)


async def count_at_door(conn: Connection, queue: int, now: datetime) -> int:
    """How many who are called found the door full during the last minute and are not in yet; up to a limit
    that keeps it cheap. The order makes the index the only way, however many rows the planner expects."""
    count: int = await conn.fetchval(
        """SELECT count(*) FROM (SELECT FROM waiting_room.knock WHERE queue = $1 AND last_at > $2
               ORDER BY last_at DESC LIMIT $3) AS lately""",
        queue,
        now - _KNOCKED_LATELY,
        _COUNTED_MAX,
    )
    return count


async def first_knock(conn: Connection, queue: int, id: bytes) -> tuple[datetime, datetime] | None:
    """When somebody who is not in found the door full for the first and the last time, if ever."""
    row = await conn.fetchrow(
        "SELECT first_at, last_at FROM waiting_room.knock WHERE queue = $1 AND id = $2", queue, id
    )
    return (row["first_at"], row["last_at"]) if row else None


async def forget_knocks(conn: Connection, *, before: datetime) -> int:
    """Deletes knocks of long ago; gives how many."""
    deleted: int = await conn.fetchval(
        """WITH gone AS (DELETE FROM waiting_room.knock WHERE last_at < $1 RETURNING 1)
           SELECT count(*) FROM gone""",
        before,
    )
    return deleted


async def take_general_place(conn: Connection, *, per_second: float, depth: float, now: float) -> bool:
    """Takes a place of the share of purchases for no event, filled up to `now` before. False: none left."""
    taken = await conn.fetchval(
        """UPDATE waiting_room.general_share SET filled_at = GREATEST(filled_at, $3),
               level = LEAST($2, level + $1 * GREATEST(0, $3 - filled_at)) - 1
           WHERE LEAST($2, level + $1 * GREATEST(0, $3 - filled_at)) >= 1 RETURNING true""",
        per_second,
        depth,
        now,
    )
    return taken is True


async def add_certificate(
    tx: Connection, queue: int, id: bytes, *, code: str, document: bytes, now: datetime
) -> bool:
    """Keeps a certificate; False when the contact has one for this event."""
    added = await tx.fetchval(
        """INSERT INTO waiting_room.certificate VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (queue, id) DO NOTHING RETURNING true""",
        queue,
        id,
        code,
        document,
        now,
    )
    return added is True


async def read_certificate(conn: Connection, queue: int, id: bytes) -> bytes | None:
    """The certificate of a contact, as signed."""
    found: bytes | None = await conn.fetchval(
        "SELECT document FROM waiting_room.certificate WHERE queue = $1 AND id = $2", queue, id
    )
    return found
