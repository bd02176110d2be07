"""Writes messages to the customers whom an incident affects, as an officer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Database
from meterai.news import store as incidents
from meterai.news.messages import store
from meterai.news.messages.affected import Affected, MessagePrices, affected_by

VALID_FOR: Final = timedelta(days=1)
"""What is not sent by then is no news any more."""
OVER_FOR: Final = timedelta(days=7)
"""How long after its end people may be told of an incident."""


async def message_affected(
    db: Database,
    incident: int,
    *,
    messages_max: int,
    prices: MessagePrices,
    actor: str | Actor,
    now: datetime,
) -> Affected:
    """Writes one message for each customer and kind of contact that takes such news. Returns what is new.

    `messages_max`: as many as the officer has seen and agreed to pay. Customers who have a message about this
    incident get no second one. The worker sends them, within the day's budget.

    Raises: Refusal NOT_FOUND `news.incident_unknown`; CONFLICT `news.too_late_to_message`,
    `news.more_affected`, `news.nobody_affected`.
    """
    async with db.transaction() as tx:
        found = await incidents.lock_incident(tx, incident)
        if found.ended_at is not None and found.ended_at < now - OVER_FOR:
            raise Refusal(Kind.CONFLICT, "news.too_late_to_message", days=OVER_FOR.days)
        affected = await affected_by(tx, incident, prices, now=now)
        if not affected.messages:
            raise Refusal(Kind.CONFLICT, "news.nobody_affected")
        if affected.messages > messages_max:
            raise Refusal(
                Kind.CONFLICT, "news.more_affected", messages=affected.messages, messages_max=messages_max
            )
        customers = await store.affected_customers(tx, incident, now)
        await store.add(tx, customers, incident=incident, until=now + VALID_FOR, now=now)
        await write_audit(
            tx,
            actor=actor,
            action="incident.message",
            subject=f"incident {incident}",
            facts={"customers": affected.customers, "messages": affected.messages, "rupiah": affected.cost},
            now=now,
        )
    return affected
