"""Statements about queues and their rules. Functions take the connection of their caller."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Row
from meterai.waiting_room.files.published_documents import Announcement
from meterai.waiting_room.files.window_files import Superseded
from meterai.waiting_room.rules.model import Frontier, Policy, QueueState, Schedule
from meterai.waiting_room.rules.rate_model import ControllerMemory, OperatorWishes
from meterai.waiting_room.rules.windows import first_number


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """The queue of an event, as it is stored."""

    number: int
    event: str
    schedule: Schedule
    policy: Policy
    is_on: bool
    always_in_line: bool
    halted_because: str | None
    rate_cap: int | None
    note: Announcement
    note_until: int | None
    """When the announcement ends (Unix seconds); None: at the next one."""
    epoch: int
    sequence: int
    state: QueueState
    closed_through: int
    revealed_through: int
    frontier: Frontier
    moved_at: float
    joined: int
    """People in all closed windows."""
    called: int
    """Places that the frontier has passed."""
    admitted: int
    log_size: int
    config_version: int
    config_sha256: str
    """Hash of the rules in the log; empty: the rules in force are not in the log yet."""
    memory: ControllerMemory

    @property
    def late(self) -> Frontier:
        """The returners' frontier: where the frontier stood at the calls that lapse now."""
        return Frontier(self.memory.late[0], int(self.memory.late[1]))

    @property
    def enters_freely(self) -> bool:
        """Whether everybody enters without a place, as the site sees it (`queries.queue_signs`)."""
        is_unheard = self.state is QueueState.HALTED and self.halted_because is None
        return self.state.stands_still or (is_unheard and self.memory.is_direct)

    @property
    def has_line(self) -> bool:
        """Whether people wait to enter now, as the site sees it."""
        return self.state.has_line and not self.enters_freely

    @property
    def wishes(self) -> OperatorWishes:
        """The wishes of the operators."""
        return OperatorWishes(
            is_on=self.is_on,
            always=self.always_in_line,
            halted=self.halted_because is not None,
            rate_cap=self.rate_cap,
        )


async def lock_fenced(tx: Connection, event: str, holder: str, epoch: int) -> Queue:
    """Locks and returns the queue, for the holder of the lease only.

    The next holder of the lease waits here until `tx` ends, and continues from what it wrote. Later
    transactions of the former holder fail.

    The queue's row is locked except for its key, because a new pass refers to the key. The writer of that
    pass holds the admission, and this transaction waits for the admission.

    Only the key of the lease's row is locked. Shared locks pass a waiting update, so with a full lock the
    steps of several queues would keep their holder from renewing the lease.

    Raises: Superseded.
    """
    held = await tx.fetchval(
        """SELECT true FROM waiting_room.lease WHERE name = 'controller' AND holder = $1 AND epoch = $2
           AND until > clock_timestamp() FOR KEY SHARE""",
        holder,
        epoch,
    )
    row = await tx.fetchrow(_QUEUE + " WHERE event = $1 FOR NO KEY UPDATE", event)
    if not held or row is None or row["epoch"] > epoch:
        raise Superseded(event)
    return _queue_of_row(row)


# ------------------------------------------------------------------------------------------------ queues

_QUEUE = """SELECT number, event, schedule, policy, is_on, always_in_line, halted_because, rate_cap, note,
        epoch, sequence, state, closed_through, revealed_through, frontier_window, frontier_x::text, moved_at,
        joined, called, admitted, log_size, config_version, config_sha256, memory
    FROM waiting_room.queue"""


def _queue_of_row(row: Row) -> Queue:
    """The value of a row."""
    facts = dict(row)
    facts["note_until"] = facts["note"].get("until")
    facts["frontier"] = Frontier(facts.pop("frontier_window"), int(facts.pop("frontier_x")))
    for name, form in (
        ("schedule", Schedule),
        ("policy", Policy),
        ("note", Announcement),
        ("memory", ControllerMemory),
    ):
        facts[name] = msgspec.convert(facts[name], form)
    return Queue(**{**facts, "state": QueueState(facts["state"])})


async def read_queue(conn: Connection, event: str) -> Queue | None:
    """The queue of an event, if it has one."""
    row = await conn.fetchrow(_QUEUE + " WHERE event = $1", event)
    return _queue_of_row(row) if row else None


async def read_queues(conn: Connection) -> list[Queue]:
    """All queues."""
    return [_queue_of_row(row) for row in await conn.fetch(_QUEUE + " ORDER BY number")]


async def queue_events(conn: Connection) -> list[str]:
    """The events that have a queue."""
    return [row["event"] for row in await conn.fetch("SELECT event FROM waiting_room.queue ORDER BY number")]


RESTS_AFTER_S = 86_400
"""Seconds after its closing when a queue may rest. Most people who may ask for a certificate have asked by
then."""
_IS_WATCHED = f"(q.state <> 'closed' OR q.moved_at < (q.schedule->>'closes_at')::float8 + {RESTS_AFTER_S})"
"""Whether a controller looks at the queue all the time."""
_IS_AWAKE = f"""({_IS_WATCHED} OR q.config_sha256 = '' OR q.revealed_through < q.closed_through
    OR EXISTS (SELECT FROM waiting_room.to_log WHERE queue = q.number)
    OR EXISTS (SELECT FROM waiting_room.log_entry WHERE queue = q.number)
    OR EXISTS (SELECT FROM waiting_room.pass WHERE queue = q.number AND NOT logged)
    OR EXISTS (SELECT FROM waiting_room.promise WHERE queue = q.number AND was_called IS NULL))"""  # noqa: S608
"""Whether a controller still has work with the queue. Entries of the log are deleted only long after the
files hold everything that was decided with them."""


async def events_awake(conn: Connection) -> list[str]:
    """The events whose queue needs a controller. Those with waiting people come first.

    The others rest until somebody adds to their log or changes their rules.
    """
    rows = await conn.fetch(
        f"""SELECT event FROM waiting_room.queue q WHERE {_IS_AWAKE}
            ORDER BY state = 'closed', state IN ('off', 'direct'), number"""  # noqa: S608
    )
    return [row["event"] for row in rows]


async def oldest_publication(conn: Connection) -> float | None:
    """The oldest of the last publications (Unix seconds) of the queues that are on and not at rest.

    A queue that has published nothing counts from its creation. None: no such queue has taken a step.
    """
    moment: float | None = await conn.fetchval(
        f"""SELECT min(greatest((memory->>'published_at')::float8, extract(epoch FROM created_at)))
            FROM waiting_room.queue q WHERE is_on AND moved_at > 0 AND {_IS_WATCHED}"""  # noqa: S608
    )
    return moment


async def add_queue(
    tx: Connection, event: str, schedule: Schedule, policy: Policy, *, is_on: bool, now: datetime
) -> bool:
    """Adds the queue of an event; False when it has one. Raises: Refusal NOT_FOUND `event.unknown`."""
    if not await tx.fetchval("SELECT true FROM sales.event WHERE slug = $1", event):
        raise Refusal(Kind.NOT_FOUND, "event.unknown")
    first = first_number(schedule)
    number = await tx.fetchval(
        """INSERT INTO waiting_room.queue (event, schedule, policy, created_at, is_on, closed_through,
               revealed_through, frontier_window)
           VALUES ($1, $2, $3, $4, $5, $6, $6, $7) ON CONFLICT (event) DO NOTHING RETURNING number""",
        event,
        msgspec.to_builtins(schedule),
        msgspec.to_builtins(policy),
        now,
        is_on,
        first - 1,
        first,
    )
    if number is not None:
        await tx.execute("INSERT INTO waiting_room.door (queue) VALUES ($1)", number)
    return number is not None


async def set_rules(tx: Connection, event: str, schedule: Schedule, policy: Policy, *, version: int) -> None:
    """Writes changed rules. The controller publishes and logs them within a second."""
    await tx.execute(
        """UPDATE waiting_room.queue SET schedule = $2, policy = $3, config_version = $4, config_sha256 = ''
           WHERE event = $1""",
        event,
        msgspec.to_builtins(schedule),
        msgspec.to_builtins(policy),
        version,
    )


async def lock_queue(tx: Connection, event: str) -> Queue | None:
    """The queue of an event, locked until the end of `tx`."""
    row = await tx.fetchrow(_QUEUE + " WHERE event = $1 FOR NO KEY UPDATE", event)
    return _queue_of_row(row) if row else None


async def believe_rate(tx: Connection, number: int, rate: int) -> None:
    """Replaces the rate (people a minute) in the controller's memory."""
    await tx.execute(
        """UPDATE waiting_room.queue SET memory = jsonb_set(memory, '{rate}', to_jsonb($2::float8))
           WHERE number = $1""",
        number,
        float(rate),
    )


async def read_promises_from(tx: Connection, number: int, places: dict[str, int]) -> None:
    """Makes the controller read each gate's promises from this byte on."""
    await tx.execute(
        """UPDATE waiting_room.queue SET memory = jsonb_set(memory, '{promises_read}', $2)
           WHERE number = $1""",
        number,
        places,
    )


async def set_wish(tx: Connection, event: str, column: str, value: Any) -> int:
    """Writes one of the wishes `is_on`, `always_in_line`, `halted_because`, `rate_cap`, `note`. Returns the
    queue's number.

    Raises: Refusal NOT_FOUND `queue.unknown`.
    """
    assert column in ("is_on", "always_in_line", "halted_because", "rate_cap", "note")
    number: int | None = await tx.fetchval(
        f"UPDATE waiting_room.queue SET {column} = $2 WHERE event = $1 RETURNING number",  # noqa: S608
        event,
        value,
    )
    if number is None:
        raise Refusal(Kind.NOT_FOUND, "queue.unknown")
    return number


async def save_queue(tx: Connection, queue: Queue, *, epoch: int, rate: float) -> None:
    """Writes what the controller keeps and the admission's rate, but neither the wishes nor the policy."""
    await tx.execute(
        """UPDATE waiting_room.queue SET epoch = $2, sequence = $3, state = $4, closed_through = $5,
               revealed_through = $6, frontier_window = $7, frontier_x = $8::text::numeric, moved_at = $9,
               joined = $10, called = $11, admitted = $12, log_size = $13, memory = $14, schedule = $15,
               config_version = $16, config_sha256 = $17 WHERE number = $1""",
        queue.number,
        epoch,
        queue.sequence,
        queue.state,
        queue.closed_through,
        queue.revealed_through,
        queue.frontier.window,
        str(queue.frontier.x),
        queue.moved_at,
        queue.joined,
        queue.called,
        queue.admitted,
        queue.log_size,
        msgspec.to_builtins(queue.memory),
        msgspec.to_builtins(queue.schedule),
        queue.config_version,
        queue.config_sha256,
    )
    await tx.execute(
        "UPDATE waiting_room.door SET rate = $2 WHERE queue = $1 AND rate <> $2", queue.number, rate
    )
