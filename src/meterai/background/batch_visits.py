"""Tells clients of the wire about the documents of their batches. Each batch gets its turn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from meterai.background.visits import Lanes, Visits
from meterai.kernel.clock import Clock
from meterai.kit.database import Database
from meterai.partners.batches.model import BatchVisit, BatchVisited
from meterai.partners.batches.ports import DrawsStamps
from meterai.partners.batches.use_cases.begin_batch_visits import begin_batch_visits
from meterai.partners.batches.use_cases.record_batch_visits import record_batch_visits
from meterai.partners.batches.visiting import visit_receiver
from meterai.partners.webhooks.ports import SendsMessages
from meterai.partners.webhooks.use_cases.begin_visits import Room

log = structlog.get_logger(__name__)

LANES: Final = Lanes(quick=32, slow=64, all=128)
"""Fewer than of webhooks: a visit draws up to 16 pictures, and its requests have 100 KB each."""
LEASE: Final = timedelta(seconds=120)
"""Longer than any visit: five rounds of requests that time out."""


class BatchVisits(Visits[BatchVisit, BatchVisited]):
    """The visits of one process."""

    def __init__(self, db: Database, draw: DrawsStamps, sender: SendsMessages, *, clock: Clock) -> None:
        super().__init__(clock, LANES)
        self._db = db
        self._draw = draw
        self._sender = sender

    async def begin(self, room: Room, now: datetime) -> Sequence[BatchVisit]:
        return await begin_batch_visits(self._db, room, lease_until=now + LEASE, now=now)

    async def make(self, visit: BatchVisit) -> BatchVisited:
        return await visit_receiver(visit, self._draw, self._sender, clock=self._clock)

    def broken_off(self, visit: BatchVisit) -> BatchVisited:
        return BatchVisited(visit=visit, told=())

    async def record(self, ended: Sequence[BatchVisited], now: datetime) -> None:
        await record_batch_visits(self._db, ended, now)

    def log_fault(self, visit: BatchVisit, error: Exception) -> None:
        log.error("batches.fault", batch_id=str(visit.batch_id), exc_info=error)
