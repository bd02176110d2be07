"""Fetches the settlement reports that are due."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import structlog

from meterai.accounting.reports import store
from meterai.accounting.reports.ports import ReportSource
from meterai.accounting.reports.take_report import take_report
from meterai.kernel.clock import Clock, business_date
from meterai.kernel.refusals import Refusal
from meterai.kit.database import Database

log = structlog.get_logger(__name__)

DAYS = 14
"""How far back days without a report are asked for."""
_AGAIN_AFTER = timedelta(minutes=15)
"""Pause before the same day is asked for again, while there is no report."""
_CORRECTED_AFTER = timedelta(hours=6)
"""Pause before a report that differs is fetched again: the gateway may have corrected it."""


class ReportFetcher:
    """Remembers when each day was last asked for. Another process may ask as well: nothing is taken twice."""

    def __init__(self, db: Database, sources: Mapping[str, ReportSource], clock: Clock) -> None:
        self._db = db
        self._sources = sources
        self._clock = clock
        self._asked: dict[tuple[str, date], datetime] = {}

    async def fetch_due(self) -> int:
        """Fetches the reports that are due. Returns how many were new or corrected."""
        now, taken = self._clock(), 0
        days = [business_date(now) - timedelta(days=back) for back in range(1, DAYS + 1)]
        self._asked = {key: at for key, at in self._asked.items() if key[1] >= days[-1]}
        for gateway, source in self._sources.items():
            async with self._db.connection() as conn:
                due = await store.days_to_fetch(conn, gateway, days, before=now - _CORRECTED_AFTER)
            taken += sum([await self._fetch(gateway, source, day) for day in due])
        return taken

    async def _fetch(self, gateway: str, source: ReportSource, day: date) -> bool:
        now = self._clock()
        if now < self._asked.get((gateway, day), now):
            return False
        self._asked[gateway, day] = now + _AGAIN_AFTER
        try:
            raw = await source.fetch(day)
            if raw is None:
                return False
            self._asked[gateway, day] = now + _CORRECTED_AFTER
            _, done = await take_report(self._db, raw, gateway=gateway, now=now, day=day)
        except Refusal as refusal:
            log.warning(
                "settlement_report_not_taken",
                gateway=gateway,
                day=day.isoformat(),
                code=refusal.code,
                **refusal.facts,
            )
            return False
        return done != "same"
