"""A turn of the worker: takes in what is due or dropped, asks gateways, and compares again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from meterai.accounting.folder import make_places, take_dropped
from meterai.accounting.matching.comparing import ask_about_differences, compare_again
from meterai.accounting.reports.fetching import ReportFetcher
from meterai.accounting.reports.ports import ReportSource
from meterai.kernel.clock import Clock
from meterai.kit.database import Database
from meterai.sales.gateways import Gateways

FOLDER: Final = "reconciliation"
"""Below the data directory: where files are dropped in."""


class Reconciler:
    """Keeps gateways, bank and books compared. `sources`: where the reports of each gateway are fetched."""

    def __init__(
        self,
        db: Database,
        gateways: Gateways,
        sources: Mapping[str, ReportSource],
        *,
        folder: Path,
        clock: Clock,
    ) -> None:
        self._db = db
        self._gateways = gateways
        self._sources = sources
        self._folder = folder
        self._clock = clock
        self._fetcher = ReportFetcher(db, sources, clock)

    async def turn(self) -> int:
        """Does what is due. Returns how many files came and payments were asked about."""
        await asyncio.to_thread(make_places, self._folder, self._sources)
        dropped = await take_dropped(self._db, self._folder, clock=self._clock)
        fetched = await self._fetcher.fetch_due()
        asked = await ask_about_differences(self._db, self._gateways, clock=self._clock)
        await compare_again(self._db, list(self._sources), clock=self._clock)
        return dropped + fetched + asked
