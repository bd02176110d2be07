"""Statements about promises that are not judged yet, and about the results of the others."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from meterai.kit.database import Connection
from meterai.waiting_room.files.promise_book import Promise

LATELY = timedelta(hours=2)


class DuePromise(msgspec.Struct, frozen=True):
    """A promise that is due."""

    id: bytes
    window: int
    done_by: int


class PromiseToJudge(msgspec.Struct, frozen=True, kw_only=True):
    """A promise that was due, and how far its holder has come."""

    queue: int
    id: bytes
    done_by: int
    was_called: bool
    """When it was due."""
    order_id: uuid.UUID | None
    """The time of the holder's pass."""


class PromiseFigures(msgspec.Struct, frozen=True):
    """The figures of the status about promises and about the time that people need."""

    kept: int = 0
    given: int = 0
    done_after_s: int | None = None
    """None: too few people have finished."""


async def add_promises(tx: Connection, queue: int, promises: Iterable[Promise]) -> None:
    """Adds promises. An id whose promise is not judged yet keeps that one."""
    await tx.executemany(
        """INSERT INTO waiting_room.promise (queue, id, number, done_by) VALUES ($1, $2, $3, $4)
           ON CONFLICT DO NOTHING""",
        [(queue, promise.id, promise.window, promise.done_by) for promise in promises],
    )


async def due_promises(tx: Connection, queue: int, now: float, *, limit: int) -> list[DuePromise]:
    """Promises that have become due, in order of due time."""
    rows = await tx.fetch(
        """SELECT id, number AS window, done_by FROM waiting_room.promise
           WHERE queue = $1 AND was_called IS NULL AND done_by < $2 ORDER BY done_by LIMIT $3""",
        queue,
        int(now),
        limit,
    )
    return [DuePromise(**dict(row)) for row in rows]


async def note_due(tx: Connection, queue: int, called: Iterable[tuple[bytes, bool]]) -> None:
    """Notes whether the holders were called when their promises became due."""
    await tx.executemany(
        "UPDATE waiting_room.promise SET was_called = $3 WHERE queue = $1 AND id = $2",
        [(queue, id, was_called) for id, was_called in called],
    )


async def take_to_judge(tx: Connection, limit: int) -> list[PromiseToJudge]:
    """Takes out due promises of all queues. The caller counts them in the same `tx`."""
    rows = await tx.fetch(
        """WITH taken AS (
               DELETE FROM waiting_room.promise WHERE (queue, id) IN
                   (SELECT queue, id FROM waiting_room.promise WHERE was_called IS NOT NULL
                    LIMIT $1 FOR UPDATE SKIP LOCKED)
               RETURNING queue, id, done_by, was_called)
           SELECT t.queue, t.id, t.done_by, t.was_called OR p.id IS NOT NULL AS was_called, p.order_id
           FROM taken t LEFT JOIN waiting_room.pass p ON p.queue = t.queue AND p.id = t.id""",
        limit,
    )
    return [PromiseToJudge(**dict(row)) for row in rows]


async def count_promises(tx: Connection, queue: int, *, kept: int, given: int) -> None:
    """Adds judged promises to the counts."""
    await tx.execute(
        """INSERT INTO waiting_room.outcome (queue, kept, given) VALUES ($1, $2, $3)
           ON CONFLICT (queue) DO UPDATE SET kept = outcome.kept + excluded.kept,
               given = outcome.given + excluded.given""",
        queue,
        kept,
        given,
    )


async def orders_lately(
    conn: Connection, queue: int, *, now: datetime
) -> Sequence[tuple[uuid.UUID, datetime]]:
    """(order, claimed at) of the last used passes, newest first."""
    rows = await conn.fetch(
        """SELECT order_id, claimed_at FROM waiting_room.pass
           WHERE queue = $1 AND order_id IS NOT NULL AND claimed_at > $2
           ORDER BY claimed_at DESC LIMIT 2000""",
        queue,
        now - LATELY,
    )
    return [(row["order_id"], row["claimed_at"]) for row in rows]


async def set_done_after(conn: Connection, queue: int, seconds: int) -> None:
    """Stores how long people need."""
    await conn.execute(
        """INSERT INTO waiting_room.outcome (queue, done_after_s) VALUES ($1, $2)
           ON CONFLICT (queue) DO UPDATE SET done_after_s = excluded.done_after_s""",
        queue,
        seconds,
    )


async def read_promise_figures(conn: Connection, queue: int) -> PromiseFigures:
    """Reads the present figures."""
    row = await conn.fetchrow(
        "SELECT kept, given, done_after_s FROM waiting_room.outcome WHERE queue = $1", queue
    )
    return PromiseFigures(**dict(row)) if row else PromiseFigures()
