"""Every statement that writes batches."""

# ruff: noqa: S608 (our own words)

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Final
from uuid import UUID

from meterai.kit.database import Connection, Row
from meterai.partners.batches.model import BatchVisit, BatchVisited, NewDocument, Told
from meterai.partners.batches.queries import DOCUMENT, document_of_row
from meterai.partners.webhooks.retries import Health, next_attempt_at, state_after

DUE_MAX: Final = 16
"""Documents of a visit. More of them wait for the batch's next turn."""
AT_ONCE_MAX: Final = 8
"""Batches of one organisation that are visited at once."""


async def add_batch(
    tx: Connection, id: UUID, organisation_id: UUID, *, return_url: str, now: datetime
) -> None:
    """Inserts a batch whose documents are due."""
    await tx.execute(
        """INSERT INTO partners.wire_batch (id, organisation_id, return_url, created_at, due_at)
           VALUES ($1, $2, $3, $4, $4)""",
        id,
        organisation_id,
        return_url,
        now,
    )


async def add_documents(
    tx: Connection, batch_id: UUID, documents: Sequence[NewDocument], now: datetime
) -> None:
    """Inserts the documents of a batch, numbered from 1."""
    await tx.execute(
        """INSERT INTO partners.wire_batch_document (batch_id, number, serial, said, next_attempt_at)
           SELECT $1, n.number, n.serial, n.said, $4
           FROM unnest($2::text[], $3::jsonb[]) WITH ORDINALITY AS n(serial, said, number)""",
        batch_id,
        [document.serial for document in documents],
        [document.said for document in documents],
        now,
    )


async def claim(
    connection: Connection, now: datetime, *, lease_until: datetime, steady: int, doubtful: int
) -> list[BatchVisit]:
    """Leases batches with documents that are due: some whose receiver took the last one, and some others."""
    rows = await connection.fetch(
        f"""
        WITH places AS (
            SELECT b.id, row_number() OVER (PARTITION BY b.organisation_id ORDER BY b.due_at, b.id) + (
                SELECT count(*) FROM partners.wire_batch l
                WHERE l.organisation_id = b.organisation_id AND l.lease_until > $1) AS place
            FROM partners.wire_batch b
            WHERE b.due_at <= $1 AND (b.lease_until IS NULL OR b.lease_until <= $1)
        ), steady AS (
            SELECT b.id FROM partners.wire_batch b JOIN places p ON p.id = b.id AND p.place <= {AT_ONCE_MAX}
            WHERE b.due_at <= $1 AND b.failures = 0 AND (b.lease_until IS NULL OR b.lease_until <= $1)
            ORDER BY b.due_at LIMIT $3 FOR NO KEY UPDATE OF b SKIP LOCKED
        ), doubtful AS (
            SELECT b.id FROM partners.wire_batch b JOIN places p ON p.id = b.id AND p.place <= {AT_ONCE_MAX}
            WHERE b.due_at <= $1 AND b.failures > 0 AND (b.lease_until IS NULL OR b.lease_until <= $1)
            ORDER BY b.due_at LIMIT $4 FOR NO KEY UPDATE OF b SKIP LOCKED
        ), leased AS (
            UPDATE partners.wire_batch b SET lease_until = $2
            WHERE b.id IN (SELECT id FROM steady UNION ALL SELECT id FROM doubtful)
            RETURNING b.id, b.return_url, b.failures, b.failing_since
        )
        SELECT l.id, l.return_url, l.failures, l.failing_since, {DOCUMENT}
        FROM leased l LEFT JOIN LATERAL (
            SELECT d.* FROM partners.wire_batch_document d
            WHERE d.batch_id = l.id AND d.next_attempt_at <= $1
            ORDER BY d.next_attempt_at, d.number LIMIT $5
        ) d ON true
        LEFT JOIN stamping.serial s ON s.serial = d.serial
        LEFT JOIN stamping.taken_serial t ON t.serial = d.serial
        ORDER BY l.id, d.next_attempt_at, d.number
        """,
        now,
        lease_until,
        steady,
        doubtful,
        DUE_MAX,
    )
    return [_visit(list(group), lease_until) for _, group in groupby(rows, key=lambda row: row["id"])]


def _visit(rows: list[Row], lease_until: datetime) -> BatchVisit:
    first = rows[0]
    return BatchVisit(
        batch_id=first["id"],
        url=first["return_url"],
        failures=first["failures"],
        failing_since=first["failing_since"],
        lease_until=lease_until,
        due=tuple(document_of_row(row) for row in rows if row["number"] is not None),
    )


async def lock_batches(tx: Connection, ids: Sequence[UUID]) -> None:
    """Locks batches in the order that all writers keep."""
    await tx.execute(
        "SELECT FROM partners.wire_batch WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE", list(ids)
    )


async def record_told(tx: Connection, told: Sequence[Told], now: datetime) -> None:
    """Writes what came of attempts, and when each is made again."""
    pairs = [(one, one.document.attempts + 1) for one in told]
    states = {"delivered": "received", "waiting": "waiting", "failed": "failed"}
    await tx.execute(
        """UPDATE partners.wire_batch_document d SET attempts = greatest(d.attempts, t.attempts),
               state = t.state, status = nullif(t.status, 0), trouble = nullif(t.trouble, ''),
               next_attempt_at = t.next, ended_at = CASE WHEN t.state <> 'waiting' THEN $8::timestamptz END
           FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::text[], $5::integer[], $6::text[],
                   $7::timestamptz[]) AS t(batch_id, number, attempts, state, status, trouble, next)
           WHERE d.batch_id = t.batch_id AND d.number = t.number
               AND (d.state = 'waiting' OR t.state = 'received')""",
        [one.document.batch_id for one in told],
        [one.document.number for one in told],
        [attempts for _, attempts in pairs],
        [states[state_after(one.answer, attempts)] for one, attempts in pairs],
        [one.answer.status for one in told],
        [one.answer.trouble for one in told],
        [next_attempt_at(one.answer, attempts, now) for one, attempts in pairs],
        now,
    )


async def give_up(tx: Connection, batches: Sequence[UUID], now: datetime) -> None:
    """Tells nothing more about batches whose receivers took nothing for days, or are gone."""
    await tx.execute(
        """UPDATE partners.wire_batch_document SET state = 'failed', next_attempt_at = NULL, ended_at = $2
           WHERE batch_id = ANY ($1) AND state = 'waiting'""",
        list(batches),
        now,
    )


async def end_visits(tx: Connection, ended: Sequence[tuple[BatchVisited, Health]]) -> None:
    """Gives leases back, and notes how each receiver does and when its batch is due again."""
    await tx.execute(
        """UPDATE partners.wire_batch b SET failures = n.failures, failing_since = n.since,
               lease_until = NULL, due_at = (
                   SELECT greatest(min(d.next_attempt_at), CASE WHEN count(*) > 0 THEN n.paused END)
                   FROM partners.wire_batch_document d
                   WHERE d.batch_id = b.id AND d.next_attempt_at IS NOT NULL)
           FROM unnest($1::uuid[], $2::timestamptz[], $3::integer[], $4::timestamptz[], $5::timestamptz[])
               AS n(id, lease, failures, since, paused)
           WHERE b.id = n.id AND b.lease_until = n.lease""",
        [visited.visit.batch_id for visited, _ in ended],
        [visited.visit.lease_until for visited, _ in ended],
        [health.failures for _, health in ended],
        [health.failing_since for _, health in ended],
        [health.paused_until for _, health in ended],
    )


async def forget(connection: Connection, before: datetime, *, limit: int) -> int:
    """Deletes batches from before a moment with their documents. Returns how many batches."""
    status = await connection.execute(
        """DELETE FROM partners.wire_batch WHERE id IN (
               SELECT id FROM partners.wire_batch WHERE created_at < $1 ORDER BY created_at LIMIT $2)""",
        before,
        limit,
    )
    return int(status.rpartition(" ")[2])
