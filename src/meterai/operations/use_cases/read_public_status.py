"""Reads what everybody may know of the service now: parts, news and figures."""

from __future__ import annotations

import asyncio
import time
from datetime import date, datetime, timedelta

import msgspec

from meterai.accounting.days.queries import newest_statements
from meterai.cases.queries import oldest_open_case
from meterai.kernel.clock import age_s
from meterai.kit.database import DATABASE_IS_DOWN, Connection, Database
from meterai.news.model import News
from meterai.news.queries import current_news, incidents_since
from meterai.operations.service_status import ServiceStatus, StatusSnapshot
from meterai.sales.queries.progress import median_s_to_stamp
from meterai.waiting_room.queries import people_in_line

LOOK_S = 1.0
_SECONDS_MAX = 2.0
_LATELY = timedelta(hours=1)
_NEWS_OF = timedelta(days=1)
"""Status pages read in this time that an incident is over, also after a break of their own."""


class ClosedDay(msgspec.Struct, frozen=True, kw_only=True):
    """The newest closed day."""

    date: date
    balanced: bool
    """Every rupiah that was paid is stamped, held, refunded or in suspense."""


class PublicFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What people ask first when they wait."""

    people_waiting: int
    """In all lines together."""
    median_s_to_stamp: float | None
    """From payment to stamp, of the last hour; None: nothing was stamped in it."""
    oldest_open_case_s: float
    """Age of the oldest case without an answer; 0: there is none."""
    day: ClosedDay | None


class PublicStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What everybody may know."""

    seen: StatusSnapshot
    figures: PublicFigures | None
    """None, here and below: the database does not answer."""
    news: News | None
    """For everybody; with the incidents that ended in the last day."""


class PublicStatusReader:
    """Reads the public status at most once a second for all callers. One in each process."""

    def __init__(self, db: Database, status: ServiceStatus) -> None:
        self._db, self._status = db, status
        self._read_at = float("-inf")
        self._reading: asyncio.Task[PublicStatus] | None = None

    async def read(self) -> PublicStatus:
        """The status, at most a second old. It never fails because the database is down."""
        if self._reading is None or (self._reading.done() and time.monotonic() - self._read_at >= LOOK_S):
            self._reading = asyncio.create_task(self._read())
        return await asyncio.shield(self._reading)

    async def _read(self) -> PublicStatus:
        try:
            seen = await self._status.snapshot()
            figures, news = await _known(self._db, seen.at)
            return PublicStatus(seen=seen, figures=figures, news=news)
        finally:
            self._read_at = time.monotonic()


async def _known(db: Database, now: datetime) -> tuple[PublicFigures | None, News | None]:
    try:
        async with asyncio.timeout(_SECONDS_MAX), db.connection() as connection:
            told = (await current_news(connection, now=now)).for_everybody()
            lately = await incidents_since(connection, now - _NEWS_OF)
            return await _figures(connection, now), News(tuple(lately), told.announcements)
    except DATABASE_IS_DOWN:  # the parts have said so in the log
        return None, None


async def _figures(connection: Connection, now: datetime) -> PublicFigures:
    return PublicFigures(
        people_waiting=await people_in_line(connection),
        median_s_to_stamp=await median_s_to_stamp(connection, since=now - _LATELY),
        oldest_open_case_s=age_s(await oldest_open_case(connection), now),
        day=await _newest_day(connection),
    )


async def _newest_day(connection: Connection) -> ClosedDay | None:
    newest = await newest_statements(connection, limit=1)
    if not newest:
        return None
    said = newest[0].read()
    return ClosedDay(date=said.business_date, balanced=not (said.day.imbalance() or said.total.imbalance()))
