"""Reports that were asked for, and their files."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

from meterai.kit.database import Database, Row
from meterai.partners.reports.model import Format, Report, ReportKind, ReportState

_COLUMNS = """id, organisation_id, kind, month, state, asked_at, made_at, code, lines, figures
    FROM partners.report"""


async def report_of(db: Database, report_id: uuid.UUID, *, organisation_id: uuid.UUID) -> Report | None:
    """A report of an organisation; None for any other id (I16)."""
    async with db.connection() as connection:
        row = await connection.fetchrow(
            f"SELECT {_COLUMNS} WHERE id = $1 AND organisation_id = $2", report_id, organisation_id
        )
    return None if row is None else _report(row)


async def reports_of(
    db: Database, organisation_id: uuid.UUID, *, limit: int, behind: uuid.UUID | None = None
) -> list[Report]:
    """The reports of an organisation, the newest first, or those older than `behind`."""
    async with db.connection() as connection:
        rows = await connection.fetch(
            f"""SELECT {_COLUMNS} WHERE organisation_id = $1 AND ($2::uuid IS NULL OR id < $2)
                ORDER BY id DESC LIMIT $3""",
            organisation_id,
            behind,
            limit,
        )
    return [_report(row) for row in rows]


async def file_of(db: Database, report_id: uuid.UUID, format: Format) -> AsyncIterator[bytes]:
    """A file of a report, part by part. The caller has checked that it is ready and theirs."""
    number = 0
    while True:
        async with db.connection() as connection:
            content = await connection.fetchval(
                """SELECT content FROM partners.report_part
                   WHERE report_id = $1 AND format = $2 AND number = $3""",
                report_id,
                format,
                number,
            )
        if content is None:
            return
        yield content
        number += 1


def _report(row: Row) -> Report:
    known = {**dict(row), "kind": ReportKind(row["kind"]), "state": ReportState(row["state"])}
    return Report(**{**known, "figures": row["figures"] or {}})
