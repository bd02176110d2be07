"""Every statement that writes tables of the waiting room. Functions take the connection of their caller."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Row
from meterai.waiting_room.files.log_facts import AnyFacts, EntryFacts, decode_facts, encode_facts
from meterai.waiting_room.files.public_log import EntryKind
from meterai.waiting_room.files.published_documents import Announcement
from meterai.waiting_room.files.window_files import Superseded
from meterai.waiting_room.rules.admission import AdmissionBuckets
from meterai.waiting_room.rules.model import Frontier, Lane, Policy, QueueState, Schedule
from meterai.waiting_room.rules.rate_control import ControllerMemory, OperatorWishes
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
    """Of the rules that stand in the log; empty: those in force don't yet."""
    memory: ControllerMemory

    @property
    def late(self) -> Frontier:
        """The returners' frontier: where the frontier stood when calls that lapse now were made."""
        return Frontier(self.memory.late[0], int(self.memory.late[1]))

    @property
    def wishes(self) -> OperatorWishes:
        """What the operators want."""
        return OperatorWishes(
            is_on=self.is_on,
            always=self.always_in_line,
            halted=self.halted_because is not None,
            rate_cap=self.rate_cap,
        )


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """That a contact was let into an event."""

    id: bytes
    pass_id: uuid.UUID
    order_id: uuid.UUID | None
    claimed_at: datetime
    window: int
    lane: Lane
    gate: int
    sequence: int
    """Of the ticket: with the window they find it in the published list."""


class DecidedEntry(msgspec.Struct, frozen=True):
    """A decided entry of the public log."""

    n: int
    at: int
    what: EntryKind
    facts: dict[str, Any]


class ClosedWindow(msgspec.Struct, frozen=True):
    """A window that is closed."""

    number: int
    people: int
    closed_at: float
    document: bytes
    reveal: bytes | None = None


# ------------------------------------------------------------------------------------------------ lease


async def take_lease(conn: Connection, holder: str, seconds: float) -> int | None:
    """The epoch of the lease, taken or renewed for `seconds`; None while somebody else has it."""
    epoch: int | None = await conn.fetchval("SELECT waiting_room.take_lease($1, $2)", holder, seconds)
    return epoch


async def database_time(conn: Connection) -> float:
    """What the database's clock shows, in Unix seconds."""
    now: float = await conn.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8")
    return now


async def skip_epochs(tx: Connection, epoch: int) -> None:
    """The next holder of the lease gets a greater epoch than this one."""
    await tx.execute(
        """UPDATE waiting_room.lease SET epoch = greatest(epoch, $1), until = 'epoch'
           WHERE name = 'controller'""",
        epoch,
    )


async def end_lease(conn: Connection, holder: str, epoch: int) -> None:
    """Gives the lease back, for the next one need not wait."""
    await conn.execute(
        "UPDATE waiting_room.lease SET until = 'epoch' WHERE holder = $1 AND epoch = $2", holder, epoch
    )


async def lock_fenced(tx: Connection, event: str, holder: str, epoch: int) -> Queue:
    """The queue, locked, for the holder of the lease alone. Who takes the lease over in the middle of `tx`
    waits here for its end, and goes on from what it wrote; of the holder before, whatever begins later fails.

    Locked for everything but its key: a pass that is being written refers to the row while its writer holds
    the door, for which this transaction waits in turn. Of the lease's row the key alone: shared locks go in
    front of an update that waits, so steps of several queues would keep their own holder from renewing it.

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
"""After its closing, when nothing is left to do: most of those who may ask for a certificate have asked."""
_IS_WATCHED = f"(q.state <> 'closed' OR q.moved_at < (q.schedule->>'closes_at')::float8 + {RESTS_AFTER_S})"
"""Whether a controller looks at it all the time."""
_IS_AWAKE = f"""({_IS_WATCHED} OR q.config_sha256 = '' OR q.revealed_through < q.closed_through
    OR EXISTS (SELECT FROM waiting_room.to_log WHERE queue = q.number)
    OR EXISTS (SELECT FROM waiting_room.log_entry WHERE queue = q.number)
    OR EXISTS (SELECT FROM waiting_room.pass WHERE queue = q.number AND NOT logged)
    OR EXISTS (SELECT FROM waiting_room.promise WHERE queue = q.number AND was_called IS NULL))"""  # noqa: S608
"""Whether a controller has still something to do. Entries of the log are deleted only long after everything
that was decided with them is in the files."""


async def events_awake(conn: Connection) -> list[str]:
    """The events whose queue needs a controller, those in which people wait first. The others rest, until
    somebody says something for their log, or their rules are changed."""
    rows = await conn.fetch(
        f"""SELECT event FROM waiting_room.queue q WHERE {_IS_AWAKE}
            ORDER BY state = 'closed', state IN ('off', 'direct'), number"""  # noqa: S608
    )
    return [row["event"] for row in rows]


async def oldest_publication(conn: Connection) -> float | None:
    """The last publication (Unix seconds) of the queue that has waited longest for one, or the making of that
    queue, of those that are on and don't rest yet; None: there is none for which a step was taken."""
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
    """Writes changed rules; the controller publishes and logs them within a second."""
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
    """Puts a rate (people a minute) into the controller's memory, in place of what it had found."""
    await tx.execute(
        """UPDATE waiting_room.queue SET memory = jsonb_set(memory, '{rate}', to_jsonb($2::float8))
           WHERE number = $1""",
        number,
        float(rate),
    )


async def read_promises_from(tx: Connection, number: int, places: dict[str, int]) -> None:
    """The controller reads each gate's promises from this byte on."""
    await tx.execute(
        """UPDATE waiting_room.queue SET memory = jsonb_set(memory, '{promises_read}', $2)
           WHERE number = $1""",
        number,
        places,
    )


async def set_wish(tx: Connection, event: str, column: str, value: Any) -> int:
    """Writes one of the wishes `is_on`, `always_in_line`, `halted_because`, `rate_cap`, `note`; gives the
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
    """Writes what the controller keeps (not the wishes nor the policy), and the door's rate."""
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


# ------------------------------------------------------------------------------------------------ windows


async def add_dead_gate(tx: Connection, queue: int, window: int, gate: int) -> None:
    """Declares a gate dead in a window: its tickets that are in no list are honoured."""
    await tx.execute(
        "INSERT INTO waiting_room.dead_gate VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", queue, window, gate
    )


async def add_closed(tx: Connection, queue: int, window: ClosedWindow, dead: Iterable[int]) -> None:
    """Notes a window that is closed, and the gates that did not answer."""
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
    """Decides that the seed of a closed window is told."""
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
    """(window, people) of the windows whose seed is decided to be told, from a number on, in order."""
    rows = await conn.fetch(
        """SELECT number, people FROM waiting_room.closed_window
           WHERE queue = $1 AND number >= $2 AND reveal IS NOT NULL ORDER BY number LIMIT $3""",
        queue,
        first,
        limit,
    )
    return [(row["number"], row["people"]) for row in rows]


# ------------------------------------------------------------------------------------------------ the log


async def add_to_log(tx: Connection, queue: int, facts: EntryFacts, at: datetime) -> None:
    """Something for the public log; the controller takes it up within a second."""
    await tx.execute(
        "INSERT INTO waiting_room.to_log (queue, at, what, facts) VALUES ($1, $2, $3, $4)",
        queue,
        at,
        facts.what,
        encode_facts(facts),
    )


async def take_to_log(tx: Connection, queue: int, limit: int) -> list[tuple[datetime, AnyFacts]]:
    """What is to be logged and when it was said, in its order, taken out."""
    rows = await tx.fetch(
        """DELETE FROM waiting_room.to_log WHERE n IN (SELECT n FROM waiting_room.to_log
           WHERE queue = $1 ORDER BY n LIMIT $2) RETURNING n, at, what, facts""",
        queue,
        limit,
    )
    ordered = sorted(rows, key=lambda row: row["n"])
    return [(row["at"], decode_facts(EntryKind(row["what"]), row["facts"])) for row in ordered]


async def take_claims(tx: Connection, queue: int, limit: int) -> list[Pass]:
    """Passes that are not in the log yet, in their order; marked as logged."""
    rows = await tx.fetch(
        """UPDATE waiting_room.pass SET logged = true WHERE queue = $1 AND id IN
               (SELECT id FROM waiting_room.pass WHERE queue = $1 AND NOT logged
                ORDER BY claimed_at, id LIMIT $2)
           RETURNING id, pass_id, order_id, claimed_at, number AS window, lane, gate, sequence""",
        queue,
        limit,
    )
    return sorted((_pass_of_row(row) for row in rows), key=lambda one: (one.claimed_at, one.id))


async def add_entries(
    tx: Connection, queue: int, first: int, entries: Sequence[tuple[int, EntryFacts]]
) -> None:
    """Decides the next entries of the public log: (Unix time, facts), numbered from `first`."""
    await tx.executemany(
        "INSERT INTO waiting_room.log_entry (queue, n, at, what, facts) VALUES ($1, $2, $3, $4, $5)",
        [(queue, first + i, at, facts.what, encode_facts(facts)) for i, (at, facts) in enumerate(entries)],
    )


async def entries_from(conn: Connection, queue: int, first: int, *, limit: int) -> list[DecidedEntry]:
    """The decided entries from a number on."""
    rows = await conn.fetch(
        """SELECT n, at, what, facts FROM waiting_room.log_entry
           WHERE queue = $1 AND n >= $2 ORDER BY n LIMIT $3""",
        queue,
        first,
        limit,
    )
    return [DecidedEntry(row["n"], row["at"], EntryKind(row["what"]), row["facts"]) for row in rows]


async def has_entry(conn: Connection, queue: int, n: int) -> bool:
    """Whether a decided entry is still there, and so all behind it: the first ones are deleted first."""
    found = await conn.fetchval(
        "SELECT true FROM waiting_room.log_entry WHERE queue = $1 AND n = $2", queue, n
    )
    return found is True


async def forget_log(
    conn: Connection, queue: int, *, before: int, since: float, windows_before: int, limit: int
) -> None:
    """Deletes rows of the first entries, at most `limit`: of those before number `before` the ones that are
    older than `since`, up to the first that is not. With them go what they name: rules, and windows before
    `windows_before` whose seed they tell."""
    await conn.execute(
        """WITH gone AS (
               DELETE FROM waiting_room.log_entry WHERE queue = $1 AND n < least($2,
                   (SELECT n FROM waiting_room.log_entry WHERE queue = $1 AND at >= $3 ORDER BY n LIMIT 1),
                   (SELECT min(n) FROM waiting_room.log_entry WHERE queue = $1) + $5)
               RETURNING what, facts),
           windows AS (
               DELETE FROM waiting_room.closed_window WHERE queue = $1 AND number < $4 AND number <=
                   (SELECT max((facts->>'window')::integer) FROM gone WHERE what = 'reveal'))
           DELETE FROM waiting_room.config WHERE queue = $1 AND encode(sha256(document), 'hex') IN
               (SELECT facts->>'sha256' FROM gone WHERE what = 'config')""",
        queue,
        before,
        int(since),
        windows_before,
        limit,
    )


async def keep_config(tx: Connection, queue: int, version: int, document: bytes) -> None:
    """Keeps the signed rules of a version, as they are published."""
    await tx.execute(
        """INSERT INTO waiting_room.config (queue, version, document) VALUES ($1, $2, $3)
           ON CONFLICT (queue, version) DO UPDATE SET document = excluded.document""",
        queue,
        version,
        document,
    )


async def kept_configs(conn: Connection, queue: int) -> list[tuple[int, bytes]]:
    """(version, signed rules) of those that were made lately."""
    rows = await conn.fetch(
        "SELECT version, document FROM waiting_room.config WHERE queue = $1 ORDER BY version", queue
    )
    return [(row["version"], row["document"]) for row in rows]


# ------------------------------------------------------------------------------------------------ the door


async def read_pass(conn: Connection, queue: int, id: bytes) -> Pass | None:
    """The pass of a contact, if it has one."""
    row = await conn.fetchrow(
        """SELECT id, pass_id, order_id, claimed_at, number AS window, lane, gate, sequence
           FROM waiting_room.pass WHERE queue = $1 AND id = $2""",
        queue,
        id,
    )
    return _pass_of_row(row) if row else None


_DOOR = "SELECT new_level, returner_level, filled_at, rate FROM waiting_room.door WHERE queue = $1"


async def lock_admission(tx: Connection, queue: int) -> tuple[AdmissionBuckets, float]:
    """The door, locked, and its rate."""
    row = await tx.fetchrow(_DOOR + " FOR UPDATE", queue)
    assert row is not None, "a queue has a door"
    return AdmissionBuckets(row["new_level"], row["returner_level"], row["filled_at"]), row["rate"]


async def read_admission(conn: Connection, queue: int) -> tuple[AdmissionBuckets, float]:
    """The door as it was left, and its rate; claims go on meanwhile."""
    row = await conn.fetchrow(_DOOR, queue)
    assert row is not None, "a queue has a door"
    return AdmissionBuckets(row["new_level"], row["returner_level"], row["filled_at"]), row["rate"]


async def save_admission(tx: Connection, queue: int, door: AdmissionBuckets) -> None:
    """Writes the levels."""
    await tx.execute(
        """UPDATE waiting_room.door SET new_level = $2, returner_level = $3, filled_at = $4
           WHERE queue = $1""",
        queue,
        door.new,
        door.returner,
        door.filled_at,
    )


async def add_pass(tx: Connection, queue: int, one: Pass) -> bool:
    """Adds a pass; False when the contact has one (UNIQUE: event and id). Who is in knocks no more."""
    added = await tx.fetchval(
        """WITH gone AS (DELETE FROM waiting_room.knock WHERE queue = $5 AND id = $1)
           INSERT INTO waiting_room.pass (id, pass_id, claimed_at, number, queue, lane, gate, sequence)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (queue, id) DO NOTHING RETURNING true""",
        one.id,
        one.pass_id,
        one.claimed_at,
        one.window,
        queue,
        one.lane,
        one.gate,
        one.sequence,
    )
    return added is True


async def use_pass(
    conn: Connection,
    queue: int,
    id: bytes,
    pass_id: uuid.UUID,
    *,
    order_id: uuid.UUID,
    instead_of: uuid.UUID | None,
) -> bool:
    """Binds a pass to its one order; True also when it is bound to that order already.

    Nobody waits for the disk here: what fills the order comes next, and does.
    """
    used = await conn.fetchval(
        """UPDATE waiting_room.pass SET order_id = $4 WHERE queue = $1 AND id = $2 AND pass_id = $3
           AND (order_id IS NULL OR order_id = $4 OR order_id = $5)
           AND set_config('synchronous_commit', 'off', true) = 'off' RETURNING true""",
        queue,
        id,
        pass_id,
        order_id,
        instead_of,
    )
    return used is True


async def is_dead_gate(conn: Connection, queue: int, window: int, gate: int) -> bool:
    """Whether a gate was declared dead in a window."""
    found = await conn.fetchval(
        "SELECT true FROM waiting_room.dead_gate WHERE queue = $1 AND number = $2 AND gate = $3",
        queue,
        window,
        gate,
    )
    return found is True


def _pass_of_row(row: Row) -> Pass:
    """The value of a row."""
    return Pass(**{**row, "lane": Lane(row["lane"])})
