"""Sends messages because a partner asks: a test event, or old messages again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final
from uuid import UUID

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.partners.webhooks import store
from meterai.partners.webhooks.model import Delivery
from meterai.partners.webhooks.queries import find_delivery, find_webhook

REPLAYS_MAX: Final = 1_000
"""Messages of one request."""


async def send_test(
    db: Database, id: UUID, organisation_id: UUID, *, delivery_id: UUID, now: datetime
) -> Delivery:
    """Queues a test event for a webhook. Repeated under its id, it queues nothing more.

    Raises: Refusal NOT_FOUND `api.unknown_id`, CONFLICT `webhook.disabled`.
    """
    async with db.transaction() as tx:
        await find_webhook(tx, id, organisation_id=organisation_id)
        with suppress(Refusal):  # it is the same request again
            return await find_delivery(tx, delivery_id, organisation_id=organisation_id)
        if not await store.test_webhook(tx, id, organisation_id, delivery_id=delivery_id, now=now):
            raise _disabled()
        return await find_delivery(tx, delivery_id, organisation_id=organisation_id)


async def replay(
    db: Database,
    id: UUID,
    organisation_id: UUID,
    *,
    deliveries: Sequence[UUID] | None,
    states: Sequence[str] | None,
    since: datetime | None,
    now: datetime,
) -> int:
    """Queues messages again whose deliveries have ended. Returns how many.

    A message that waits already is not queued twice, so it is safe to repeat.
    Raises: Refusal NOT_FOUND `api.unknown_id`, CONFLICT `webhook.disabled`.
    """
    async with db.transaction() as tx:
        await find_webhook(tx, id, organisation_id=organisation_id)
        queued = await store.replay(
            tx,
            id,
            organisation_id,
            deliveries=deliveries,
            states=states,
            since=since,
            limit=REPLAYS_MAX,
            now=now,
        )
    if queued < 0:
        raise _disabled()
    return queued


def _disabled() -> Refusal:
    return Refusal(Kind.CONFLICT, "webhook.disabled")
