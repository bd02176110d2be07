"""Reports the work behind the site to the controllers: unstamped orders, stock, codes, charges, durations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from meterai.customers.organisations import SELLER
from meterai.customers.queries import codes_go_out
from meterai.kernel.clock import age_s
from meterai.kit.database import Database
from meterai.ledger import queries as ledger
from meterai.operations.use_cases.judge_promises import measure_done_after
from meterai.sales.queries.progress import oldest_paid_order, opens_charges
from meterai.waiting_room.control.site_load import BacklogReport, report_backlog

DONE_EVERY = timedelta(seconds=30)


@dataclass(slots=True)
class BacklogReporter:
    """Reports from one worker process."""

    db: Database
    _done_at: datetime | None = None

    async def report(self, now: datetime) -> None:
        """Writes one report. Call it once a second."""
        async with self.db.connection() as connection:
            oldest = await oldest_paid_order(connection, now=now)
            stock = await ledger.stock(connection, SELLER)
            opens = await opens_charges(connection, now=now)
            sends = await codes_go_out(connection, now=now)
        await report_backlog(
            self.db, BacklogReport(age_s(oldest, now), max(0, stock.available), opens and sends)
        )
        if self._done_at is None or now - self._done_at >= DONE_EVERY:
            self._done_at = now
            await measure_done_after(self.db, now=now)
