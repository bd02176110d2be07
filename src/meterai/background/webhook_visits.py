"""Delivers messages to webhooks. Each webhook gets its turn, however much waits for others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from meterai.background.visits import Lanes, Visits
from meterai.kernel.clock import Clock
from meterai.kit.database import Database
from meterai.partners.webhooks.model import Visit, Visited
from meterai.partners.webhooks.ports import SendsMessages
from meterai.partners.webhooks.use_cases.begin_visits import Room, begin_visits
from meterai.partners.webhooks.use_cases.record_visits import record_visits
from meterai.partners.webhooks.visiting import make_visit

log = structlog.get_logger(__name__)

LANES: Final = Lanes(quick=256, slow=256, all=1_024)
LEASE: Final = timedelta(seconds=60)
"""Longer than any visit: two rounds of requests that time out."""


class WebhookVisits(Visits[Visit, Visited]):
    """The visits of one process."""

    def __init__(self, db: Database, sender: SendsMessages, clock: Clock) -> None:
        super().__init__(clock, LANES)
        self._db = db
        self._sender = sender

    async def begin(self, room: Room, now: datetime) -> Sequence[Visit]:
        return await begin_visits(self._db, room, lease_until=now + LEASE, now=now)

    async def make(self, visit: Visit) -> Visited:
        return await make_visit(visit, self._sender, self._clock)

    def broken_off(self, visit: Visit) -> Visited:
        return Visited(visit=visit, tried=())

    async def record(self, ended: Sequence[Visited], now: datetime) -> None:
        await record_visits(self._db, ended, now)

    def log_fault(self, visit: Visit, error: Exception) -> None:
        log.error("webhooks.fault", webhook_id=str(visit.webhook_id), exc_info=error)
