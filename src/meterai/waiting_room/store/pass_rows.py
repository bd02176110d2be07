"""Statements about passes, and about the admission that gives them."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from meterai.kit.database import Connection, Row, call
from meterai.waiting_room.rules.admission import AdmissionBuckets
from meterai.waiting_room.rules.model import Lane


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """A contact's right to enter an event."""

    id: bytes
    pass_id: uuid.UUID
    order_id: uuid.UUID | None
    claimed_at: datetime
    window: int
    lane: Lane
    gate: int
    sequence: int
    """The gate sequence of the ticket. With the window it finds the ticket in the published list."""


async def take_claims(tx: Connection, queue: int, limit: int) -> list[Pass]:
    """Passes that are not in the log yet, in order. Marks them as logged."""
    rows = await tx.fetch(
        """UPDATE waiting_room.pass SET logged = true WHERE queue = $1 AND id IN
               (SELECT id FROM waiting_room.pass WHERE queue = $1 AND NOT logged
                ORDER BY claimed_at, id LIMIT $2)
           RETURNING id, pass_id, order_id, claimed_at, number AS window, lane, gate, sequence""",
        queue,
        limit,
    )
    return sorted((_pass_of_row(row) for row in rows), key=lambda one: (one.claimed_at, one.id))


async def read_pass(conn: Connection, queue: int, id: bytes) -> Pass | None:
    """The pass of a contact, if it has one."""
    row = await conn.fetchrow(
        """SELECT id, pass_id, order_id, claimed_at, number AS window, lane, gate, sequence
           FROM waiting_room.pass WHERE queue = $1 AND id = $2""",
        queue,
        id,
    )
    return _pass_of_row(row) if row else None


_ADMIT = call("waiting_room.admit", 10)
_DOOR = "SELECT new_level, returner_level, filled_at, rate FROM waiting_room.door WHERE queue = $1"


async def lock_admission(tx: Connection, queue: int) -> tuple[AdmissionBuckets, float]:
    """Locks the admission. Returns it and its rate."""
    row = await tx.fetchrow("SELECT * FROM waiting_room.lock_admission($1)", queue)
    assert row is not None, "a queue has a door"
    return AdmissionBuckets(row["new_level"], row["returner_level"], row["filled_at"]), row["rate"]


async def read_admission(conn: Connection, queue: int) -> tuple[AdmissionBuckets, float]:
    """The admission and its rate, without a lock: claims continue meanwhile."""
    row = await conn.fetchrow(_DOOR, queue)
    assert row is not None, "a queue has a door"
    return AdmissionBuckets(row["new_level"], row["returner_level"], row["filled_at"]), row["rate"]


async def admit(tx: Connection, queue: int, one: Pass, after: AdmissionBuckets) -> bool:
    """Adds a pass, writes the levels and deletes the contact's knock. False when the contact has a pass.

    The database compares the levels with what flowed in, and the window with those that are called.
    """
    admitted = await tx.fetchval(
        _ADMIT,
        queue,
        one.id,
        one.pass_id,
        one.claimed_at,
        one.window,
        one.lane,
        one.gate,
        one.sequence,
        after.new,
        after.returner,
    )
    return admitted is True


async def use_pass(
    conn: Connection,
    queue: int,
    id: bytes,
    pass_id: uuid.UUID,
    *,
    order_id: uuid.UUID,
    instead_of: uuid.UUID | None,
) -> bool:
    """Binds a pass to its one order. True also when it is already bound to that order.

    It does not wait for the disk. The step that fills the order comes next, and waits.
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


def _pass_of_row(row: Row) -> Pass:
    """The value of a row."""
    return Pass(**{**row, "lane": Lane(row["lane"])})
