"""Every statement that changes reports."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

from meterai.kit.database import Connection
from meterai.partners.reports.model import KEPT, Format, NewReport, ReportKind


async def ask(connection: Connection, new: NewReport, now: datetime) -> None:
    """Writes down a report to make. Repeating it changes nothing."""
    await connection.execute(
        """INSERT INTO partners.report (id, organisation_id, kind, month, asked_at, next_attempt_at)
           VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (id) DO NOTHING""",
        new.id,
        new.organisation_id,
        new.kind,
        new.month,
        now,
    )


async def claim(connection: Connection, now: datetime, *, lease: timedelta) -> tuple[NewReport, int] | None:
    """Takes the report that has been due longest, and how often it was tried, this time included."""
    row = await connection.fetchrow(
        """UPDATE partners.report SET attempts = attempts + 1, next_attempt_at = $2 WHERE id = (
               SELECT id FROM partners.report WHERE next_attempt_at <= $1
               ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED)
           RETURNING id, organisation_id, kind, month, attempts""",
        now,
        now + lease,
    )
    if row is None:
        return None
    report = NewReport(
        id=row["id"],
        organisation_id=row["organisation_id"],
        kind=ReportKind(row["kind"]),
        month=row["month"],
    )
    return report, row["attempts"]


async def put_part(
    connection: Connection, report_id: uuid.UUID, format: Format, number: int, content: bytes
) -> None:
    """Stores the next part of a file."""
    await connection.execute(
        "INSERT INTO partners.report_part (report_id, format, number, content) VALUES ($1, $2, $3, $4)",
        report_id,
        format,
        number,
        content,
    )


async def drop_parts(connection: Connection, report_id: uuid.UUID) -> None:
    """Deletes what an earlier attempt stored."""
    await connection.execute("DELETE FROM partners.report_part WHERE report_id = $1", report_id)


async def note_made(
    connection: Connection, report_id: uuid.UUID, lines: int, figures: Mapping[str, int], now: datetime
) -> None:
    """Notes that a report is ready."""
    await connection.execute(
        """UPDATE partners.report SET state = 'ready', made_at = $2, lines = $3, figures = $4,
               next_attempt_at = NULL
           WHERE id = $1""",
        report_id,
        now,
        lines,
        dict(figures),
    )


async def note_failed(
    connection: Connection, report_id: uuid.UUID, code: str, figures: Mapping[str, int]
) -> None:
    """Notes that a report can't be made."""
    await connection.execute(
        """UPDATE partners.report SET state = 'failed', code = $2, figures = $3, next_attempt_at = NULL
           WHERE id = $1""",
        report_id,
        code,
        dict(figures),
    )


async def put_off(connection: Connection, report_id: uuid.UUID, until: datetime) -> None:
    """Notes when a report is tried again."""
    await connection.execute(
        "UPDATE partners.report SET next_attempt_at = $2 WHERE id = $1 AND state = 'waiting'",
        report_id,
        until,
    )


async def forget_old(connection: Connection, now: datetime) -> int:
    """Deletes reports that were asked for long ago, with their files. Returns how many."""
    status = await connection.execute("DELETE FROM partners.report WHERE asked_at < $1", now - KEPT)
    return int(status.rpartition(" ")[2])
