"""Looks at the whole service for officers: figures, the last samples, gateways, requests, incidents."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
import structlog

from meterai.customers.codes import Budgets
from meterai.kit.database import DATABASE_IS_DOWN, Connection, Database, is_outage
from meterai.ledger.model import AccountKind
from meterai.news.model import Incident
from meterai.news.queries import current_news
from meterai.operations.officers.requests import ReleaseRequest, open_requests
from meterai.operations.samples import Sample, newest_sample
from meterai.operations.use_cases.check_lately import LastRun, last_run
from meterai.operations.use_cases.measure_service import Figures, measure_service
from meterai.sales.queries.progress import GatewayLately, gateways_lately, oldest_unfinished_order
from meterai.sales.queries.refunds import oldest_refund_in_doubt

log = structlog.get_logger(__name__)

SALES_OF: Final = timedelta(minutes=10)
"""The rate at which stock is sold is that of this time, as in the alarm StockLow."""
DISK_OF: Final = timedelta(hours=6)
"""The pace at which a disk fills is that of this time, as in the alarm DiskFillsWithinADay."""
_SECONDS_MAX: Final = 4.0


class Now(msgspec.Struct, frozen=True, kw_only=True):
    """The service at a moment."""

    at: datetime
    figures: Figures
    sample: Sample | None
    """The newest; None: no worker has written any."""
    before: Sample | None
    """About `SALES_OF` earlier."""
    long_before: Sample | None
    """About `DISK_OF` earlier."""
    gateways: list[GatewayLately]
    requests: list[ReleaseRequest]
    last_check: LastRun
    incidents: tuple[Incident, ...]
    oldest_order: str | None
    """The number of the order that has waited longest for its stamps."""
    oldest_doubt: UUID | None
    """The refund that has waited longest for the decision of officers."""

    @property
    def suspense(self) -> int:
        """Rupiah that came in and are not booked as a sale or a refund yet."""
        found = (one for one in self.figures.turnovers if one.kind is AccountKind.SUSPENSE)
        return sum(one.credits - one.debits for one in found)

    @property
    def sold_per_hour(self) -> float:
        """Stamps that are sold in an hour, by the pace of the last minutes."""
        if self.sample is None or self.before is None or self.sample.slot <= self.before.slot:
            return 0.0
        hours = (self.sample.slot - self.before.slot) / timedelta(hours=1)
        return max(0, self.sample.stamps_sold - self.before.stamps_sold) / hours

    @property
    def stock_hours(self) -> float | None:
        """For how many hours the stock lasts at that pace; None: nothing is sold."""
        return self.figures.stock / self.sold_per_hour if self.sold_per_hour > 0 else None

    @property
    def messages_waiting(self) -> int:
        """Codes and messages that wait to be sent, of the topic that has most."""
        topics = self.figures.backlogs.items()
        return max((one.rows for topic, one in topics if topic.startswith(("code", "message"))), default=0)


async def look_now(db: Database, *, codes: Budgets, news: Budgets, now: datetime) -> Now | None:
    """Looks at the service. None when the database does not answer."""
    try:
        async with asyncio.timeout(_SECONDS_MAX):
            figures = await measure_service(db, code_budgets=codes, news_budgets=news, now=now)
            async with db.connection() as connection:
                return await _now(connection, figures, now)
    except DATABASE_IS_DOWN as error:
        if not is_outage(error):
            raise
        log.warning("unavailable", error=type(error).__name__)
        return None


async def _now(conn: Connection, figures: Figures, now: datetime) -> Now:
    sample = await newest_sample(conn, until=now)
    return Now(
        at=now,
        figures=figures,
        sample=sample,
        before=await _earlier(conn, now, SALES_OF),
        long_before=await _earlier(conn, now, DISK_OF),
        gateways=await gateways_lately(conn, now=now),
        requests=await open_requests(conn),
        last_check=await last_run(conn),
        incidents=(await current_news(conn, now=now)).incidents,
        oldest_order=await oldest_unfinished_order(conn),
        oldest_doubt=await oldest_refund_in_doubt(conn) if figures.refunds.in_doubt else None,
    )


async def _earlier(conn: Connection, now: datetime, ago: timedelta) -> Sample | None:
    """The newest sample that is at least so old, unless it is much older."""
    found = await newest_sample(conn, until=now - ago)
    return found if found is not None and now - found.slot < 2 * ago else None
