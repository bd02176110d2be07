"""Reads of batches, each for one organisation (I16)."""

# ruff: noqa: S608 (our own words)

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from meterai.kit.database import Connection, Row
from meterai.partners.batches.model import BatchDocument

DOCUMENT: Final = """d.batch_id, d.number, d.said, d.serial, d.state, d.attempts, s.state AS serial_state,
    t.taken_at"""
"""Columns of a document `d`, of its serial number `s`, and of when that was taken `t`."""
_DOCUMENTS: Final = f"""SELECT {DOCUMENT} FROM partners.wire_batch b
    JOIN partners.wire_batch_document d ON d.batch_id = b.id
    LEFT JOIN stamping.serial s ON s.serial = d.serial
    LEFT JOIN stamping.taken_serial t ON t.serial = d.serial
    WHERE b.id = $1 AND b.organisation_id = $2"""


async def documents_of_batch(
    connection: Connection, batch_id: UUID, *, organisation_id: UUID
) -> list[BatchDocument]:
    """The documents of a batch in their order. Empty: the organisation has no such batch."""
    rows = await connection.fetch(f"{_DOCUMENTS} ORDER BY d.number", batch_id, organisation_id)
    return [document_of_row(row) for row in rows]


async def document_of_batch(
    connection: Connection, batch_id: UUID, number: int, *, organisation_id: UUID
) -> BatchDocument | None:
    """A document of a batch. None: the organisation has no such batch, or it has no such document."""
    row = await connection.fetchrow(f"{_DOCUMENTS} AND d.number = $3", batch_id, organisation_id, number)
    return document_of_row(row) if row else None


async def oldest_overdue(connection: Connection) -> datetime | None:
    """Since when the oldest document waits for us, not for its receiver. None: none does."""
    since: datetime | None = await connection.fetchval(
        """SELECT min(d.next_attempt_at) FROM partners.wire_batch b
           JOIN partners.wire_batch_document d ON d.batch_id = b.id AND d.next_attempt_at IS NOT NULL
           WHERE b.due_at IS NOT NULL AND b.failures = 0"""
    )
    return since


def document_of_row(row: Row) -> BatchDocument:
    """Makes a document of the columns `DOCUMENT`."""
    return BatchDocument(**{name: row[name] for name in BatchDocument.__struct_fields__})
