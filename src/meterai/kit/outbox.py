"""The outbox: rows that say what must happen next. The transaction that makes it necessary writes them.

A row is claimed with a lease and delivered at least once. A handler must be able to handle a row twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from meterai.kit.database import Connection, Database


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A claimed row."""

    id: int
    topic: str
    payload: dict[str, Any]
    attempts: int
    """How often it was claimed, this time included."""
    unknown: int = 0
    """How many earlier attempts were neither finished nor put off: the process died, or took too long."""
    created_at: datetime
    traceparent: str | None = None
    """The trace of what wrote it, where traces are on. The column knows it by its transaction."""


async def enqueue_many(
    tx: Connection,
    entries: Sequence[tuple[str, Mapping[str, object]]],
    now: datetime,
) -> None:
    """Writes down what must be handled: (topic, payload of JSON values and UUIDs) each."""
    if not entries:
        return
    await tx.execute(
        "INSERT INTO jobs.outbox (topic, payload, available_at, created_at)"
        " SELECT topic, payload, $3, $3 FROM unnest($1::text[], $2::jsonb[]) AS new(topic, payload)",
        [topic for topic, _ in entries],
        [payload for _, payload in entries],
        now,
    )


async def claim(
    db: Database,
    now: datetime,
    *,
    limit: int,
    lease_s: float,
    topics: Sequence[str],
    before: datetime | None = None,
) -> list[Entry]:
    """Claims up to `limit` due rows of `topics`, oldest first, for `lease_s` seconds. `before`: only rows
    written by then.

    Until then nobody else gets them. A row that is neither finished nor put off by then is claimed again. The
    commit does not wait for the disk: a crash of the database may forget the claim.
    """
    async with db.connection() as connection:
        rows = await connection.fetch(
            """
            UPDATE jobs.outbox o SET available_at = $2, attempts = o.attempts + 1
            FROM (
                SELECT id, set_config('synchronous_commit', 'off', true) AS forgettable
                FROM unnest($4::text[]) AS wanted(topic), LATERAL (
                    SELECT id, available_at FROM jobs.outbox
                    WHERE topic = wanted.topic AND available_at <= $1
                        AND ($5::timestamptz IS NULL OR created_at <= $5)
                    ORDER BY available_at LIMIT $3 FOR UPDATE SKIP LOCKED
                ) oldest
                ORDER BY available_at LIMIT $3
            ) due
            WHERE o.id = due.id AND due.forgettable = 'off'
            RETURNING o.id, o.topic, o.payload, o.attempts, o.created_at, o.traceparent,
                greatest(o.attempts - 1 - o.ended, 0) AS unknown
            """,
            now,
            now + timedelta(seconds=lease_s),
            limit,
            list(topics),
            before,
        )
    return sorted((Entry(**dict(row)) for row in rows), key=lambda entry: entry.id)


async def make_due(db: Database, topics: Sequence[str], now: datetime) -> None:
    """Makes all rows of `topics` due that are claimed or put off: after a crash nobody works on them.

    A worker that does work on one handles it at the same time as the next that claims it.
    """
    async with db.connection() as connection:
        await connection.execute(
            "UPDATE jobs.outbox SET available_at = $2 WHERE topic = ANY ($1::text[]) AND available_at > $2",
            list(topics),
            now,
        )


async def are_left(db: Database, topics: Sequence[str], before: datetime) -> bool:
    """Whether rows of `topics` that were written by `before` are not finished."""
    async with db.connection() as connection:
        found: bool = await connection.fetchval(
            "SELECT EXISTS (SELECT FROM jobs.outbox WHERE topic = ANY ($1::text[]) AND created_at <= $2)",
            list(topics),
            before,
        )
    return found


async def due_topics(db: Database, topics: Collection[str], now: datetime) -> list[str]:
    """The topics that have due rows. One query, cheaper than a claim that finds nothing."""
    async with db.connection() as connection:
        due: list[str] = await connection.fetchval(
            """SELECT ARRAY(
                SELECT topic FROM unnest($1::text[]) AS known(topic), LATERAL (
                    SELECT FROM jobs.outbox o WHERE o.topic = known.topic AND available_at <= $2
                    ORDER BY available_at LIMIT 1
                ) oldest)""",
            list(topics),
            now,
        )
    return due


class Backlog(msgspec.Struct, frozen=True):
    """What waits in a topic."""

    rows: int
    """At most `COUNTED_MAX`. Rows that are put off or being handled count too."""
    due_since: datetime | None
    """When the row that waits longest became due. None: no row is due."""


COUNTED_MAX = 10_000


async def backlogs(conn: Connection, topics: Collection[str], now: datetime) -> dict[str, Backlog]:
    """What waits, by topic."""
    rows = await conn.fetch(
        """SELECT topic, (SELECT count(*) FROM (
                   SELECT FROM jobs.outbox o WHERE o.topic = known.topic LIMIT $3) counted) AS rows,
               (SELECT available_at FROM jobs.outbox o WHERE o.topic = known.topic AND available_at <= $2
                   ORDER BY available_at LIMIT 1) AS due_since
           FROM unnest($1::text[]) AS known(topic)""",
        list(topics),
        now,
        COUNTED_MAX,
    )
    return {row["topic"]: Backlog(row["rows"], row["due_since"]) for row in rows}


async def finish(db: Database, ids: Sequence[int]) -> None:
    """Deletes rows that were handled. A crash of the database may bring them back (see `claim`)."""
    if not ids:
        return
    async with db.connection() as connection:
        await connection.execute(
            """DELETE FROM jobs.outbox
               WHERE id = ANY ($1::bigint[]) AND set_config('synchronous_commit', 'off', true) = 'off'""",
            list(ids),
        )


async def end(tx: Connection, id: int) -> bool:
    """Deletes a row in the transaction that handles it. False: it was handled before."""
    ended = await tx.fetchval("DELETE FROM jobs.outbox WHERE id = $1 RETURNING true", id)
    return ended is True


async def retry(db: Database, id: int, after: datetime) -> None:
    """Puts a claimed row off until `after`: this attempt has ended."""
    async with db.connection() as connection:
        await connection.execute(
            "UPDATE jobs.outbox SET available_at = $2, ended = ended + 1 WHERE id = $1", id, after
        )


def retry_delay_s(attempts: int, *, first_s: float = 1.0, longest_s: float = 60.0) -> float:
    """Seconds until the next attempt: doubled each time, at most `longest_s`."""
    return min(longest_s, first_s * 2.0 ** min(attempts - 1, 20))
