"""Makes the reports that were asked for, one at a time, and deletes old ones."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from meterai.kernel.clock import Clock
from meterai.kit.database import Database
from meterai.kit.outbox import retry_delay_s
from meterai.partners.reports import store
from meterai.partners.reports.files import ReportFiles, parts_of
from meterai.partners.reports.model import Format, NewReport
from meterai.partners.reports.tables import TABLES, Figures, read_rows
from meterai.texts.mechanism.translation import translate
from meterai.texts.partners import REPORT_COLUMNS, REPORT_FIGURES, REPORT_SUMMARY, REPORT_TITLES

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=30)
"""After this time another worker takes a report over."""
ATTEMPTS_MAX = 5
_LANGUAGE = "id"
"""Of the files: they go to an Indonesian tax office."""


class Unreconciled(Exception):
    """What was added up is not what the ledger has."""


async def make_due_report(db: Database, *, clock: Clock) -> int:
    """Makes the report that has been due longest. Returns 1, or 0 when none is due."""
    async with db.connection() as connection:
        claimed = await store.claim(connection, clock(), lease=LEASE)
    if claimed is None:
        return 0
    report, attempts = claimed
    figures = Figures()
    try:
        await _make(db, report, figures, clock)
    except Unreconciled:
        log.error("worker.report_unreconciled", report_id=str(report.id), figures=figures.sums)
        await _fail(db, report, "report.unreconciled", figures)
    except Exception as error:
        log.warning("worker.report_put_off", report_id=str(report.id), error=type(error).__name__)
        if attempts >= ATTEMPTS_MAX:
            await _fail(db, report, "report.not_made", figures)
        else:
            await _put_off(db, report, attempts, clock())
    return 1


async def forget_old_reports(db: Database, *, now: datetime) -> int:
    """Deletes reports whose time is over. Returns how many."""
    async with db.connection() as connection:
        return await store.forget_old(connection, now)


async def _make(db: Database, report: NewReport, figures: Figures, clock: Clock) -> None:
    """Writes both files, then stores them together with the figures.

    Raises: Unreconciled, before anything is stored.
    """
    title, *columns = (
        translate(words, _LANGUAGE)
        for words in (REPORT_TITLES[report.kind], *map(REPORT_COLUMNS.__getitem__, _columns_of(report)))
    )
    with ReportFiles(title, columns) as files:
        async with db.transaction() as tx:
            await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            async for rows in read_rows(tx, report, figures):
                await asyncio.to_thread(files.add, rows)
        if not figures.agree:
            raise Unreconciled
        await asyncio.to_thread(files.finish, _summary(figures), translate(REPORT_SUMMARY, _LANGUAGE))
        async with db.transaction() as tx:
            await store.drop_parts(tx, report.id)
            for format, path in ((Format.CSV, files.csv_path), (Format.XLSX, files.xlsx_path)):
                for number, part in enumerate(parts_of(path)):
                    await store.put_part(tx, report.id, format, number, part)
            await store.note_made(tx, report.id, figures.lines, figures.sums, clock())


def _columns_of(report: NewReport) -> tuple[str, ...]:
    return TABLES[report.kind].columns


def _summary(figures: Figures) -> dict[str, int]:
    return {
        translate(REPORT_FIGURES[name], _LANGUAGE): amount for name, amount in sorted(figures.sums.items())
    }


async def _fail(db: Database, report: NewReport, code: str, figures: Figures) -> None:
    async with db.connection() as connection:
        await store.note_failed(connection, report.id, code, figures.sums)


async def _put_off(db: Database, report: NewReport, attempts: int, now: datetime) -> None:
    until = now + timedelta(seconds=retry_delay_s(attempts))
    async with db.connection() as connection:
        await store.put_off(connection, report.id, until)
