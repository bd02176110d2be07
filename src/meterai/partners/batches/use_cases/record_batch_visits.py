"""Records visits to receivers of batches, and gives up batches whose receivers took nothing for days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog

from meterai.kit.database import Database
from meterai.partners.batches import store
from meterai.partners.batches.model import BatchVisited
from meterai.partners.webhooks.retries import Health, health_after

log = structlog.get_logger(__name__)

_HELD_UP_PAUSE: Final = timedelta(seconds=10)


async def record_batch_visits(db: Database, ended: Sequence[BatchVisited], now: datetime) -> None:
    """Writes what came of each attempt, and when each batch is due again, in one transaction."""
    judged = [(visited, _health(visited, now)) for visited in ended]
    given_up = {visited.visit.batch_id: health for visited, health in judged if health.disabled_because}
    async with db.transaction() as tx:
        await store.lock_batches(tx, [visited.visit.batch_id for visited in ended])
        await store.record_told(tx, [one for visited in ended for one in visited.told], now)
        await store.give_up(tx, list(given_up), now)
        await store.end_visits(tx, judged)
    for id, health in given_up.items():
        log.info("batches.given_up", batch_id=str(id), because=health.disabled_because)


def _health(visited: BatchVisited, now: datetime) -> Health:
    """Judges a visit. Where we were held up, the batch waits and its receiver is not to blame."""
    visit = visited.visit
    health = health_after(visited.told, now, failures=visit.failures, failing_since=visit.failing_since)
    if not visited.held_up_by:
        return health
    log.warning("batches.held_up", batch_id=str(visit.batch_id), code=visited.held_up_by)
    return msgspec.structs.replace(health, paused_until=now + _HELD_UP_PAUSE)
