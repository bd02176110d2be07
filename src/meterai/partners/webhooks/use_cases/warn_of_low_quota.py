"""Tells organisations once that fewer stamps are left than they want to hear of."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from meterai.kernel.ids import new_id
from meterai.kit.database import Database
from meterai.partners.queries.quota import stocks_of
from meterai.partners.webhooks import store
from meterai.partners.webhooks.model import NewEvent


async def set_quota_alert(db: Database, organisation_id: UUID, pieces: int) -> None:
    """Sets the stock below which an organisation is told, in pieces. 0: never."""
    async with db.connection() as connection:
        await store.set_quota_alert(connection, organisation_id, pieces)


async def warn_of_low_quota(db: Database, *, now: datetime) -> int:
    """Notes an event for each organisation whose stock fell below its alert. Returns how many."""
    async with db.transaction() as tx:
        alerts = await store.quota_alerts(tx)
        stock = await stocks_of(tx, [id for id, _, _ in alerts])
        low = [id for id, pieces, told in alerts if not told and stock[id] < pieces]
        enough = [id for id, pieces, told in alerts if told and stock[id] >= pieces]
        if low or enough:
            await store.note_alerts(tx, low, now)
            await store.note_alerts(tx, enough, None)
        if low:
            await store.note_events(tx, [_event(id, stock[id], now) for id in low], now)
    return len(low)


def _event(organisation_id: UUID, available: int, now: datetime) -> NewEvent:
    return NewEvent(
        organisation_id=organisation_id,
        kind="quota.low",
        subject_id=organisation_id,
        source_id=new_id(now),
        happened_at=now,
        facts={"available": available},
    )
