"""Records visits, and disables webhooks that are gone or that failed for days. Their owners get a message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog

from meterai.kernel.ids import new_id
from meterai.kit.database import Connection, Database
from meterai.partners.webhooks import store
from meterai.partners.webhooks.event_kinds import DISABLED
from meterai.partners.webhooks.model import NewEvent, Visit, Visited
from meterai.partners.webhooks.owners import tell_owners
from meterai.partners.webhooks.retries import Health, health_after

log = structlog.get_logger(__name__)


async def record_visits(db: Database, ended: Sequence[Visited], now: datetime) -> None:
    """Writes the log of attempts and when each webhook is due again, in one transaction."""
    judged = [(visited, _health(visited, now)) for visited in ended]
    async with db.transaction() as tx:
        await store.lock_webhooks(tx, [visited.visit.webhook_id for visited in ended])
        await store.record_attempts(tx, [one for visited in ended for one in visited.tried], now)
        await store.end_visits(tx, judged)
        for visited, health in judged:
            if health.disabled_because:
                await _disable(tx, visited.visit, health.disabled_because, now)


def _health(visited: Visited, now: datetime) -> Health:
    visit = visited.visit
    return health_after(visited.tried, now, failures=visit.failures, failing_since=visit.failing_since)


async def _disable(tx: Connection, visit: Visit, because: str, now: datetime) -> None:
    id, organisation = visit.webhook_id, visit.organisation_id
    if not await store.stop_webhook(tx, id, organisation, state="disabled", because=because, now=now):
        return
    log.info("webhooks.disabled", webhook_id=str(id), because=because)
    event = NewEvent(
        organisation_id=organisation,
        kind=DISABLED,
        subject_id=id,
        source_id=new_id(now),
        happened_at=now,
        facts={"because": because},
    )
    await store.note_events(tx, [event], now)
    await tell_owners(tx, visit, because, now=now)
