"""Changes, disables, enables and removes webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from meterai.kit.database import Database
from meterai.partners.webhooks import store
from meterai.partners.webhooks.model import Webhook, WebhookState
from meterai.partners.webhooks.queries import find_webhook


async def change_webhook(
    db: Database,
    id: UUID,
    organisation_id: UUID,
    *,
    url: str | None,
    kinds: Sequence[str] | None,
    description: str | None,
    state: WebhookState | None,
    now: datetime,
) -> Webhook:
    """Changes what is given. A webhook that is disabled loses what waits for it.

    Raises: Refusal NOT_FOUND `api.unknown_id`.
    """
    async with db.transaction() as tx:
        old = await find_webhook(tx, id, organisation_id=organisation_id)
        await store.change_webhook(
            tx,
            id,
            url=old.url if url is None else url,
            kinds=old.kinds if kinds is None else kinds,
            description=old.description if description is None else description,
        )
        if state == "disabled":
            await store.stop_webhook(tx, id, organisation_id, state=state, because="asked", now=now)
        elif state == "enabled":
            await store.enable_webhook(tx, id)
        return await find_webhook(tx, id, organisation_id=organisation_id)


async def remove_webhook(db: Database, id: UUID, organisation_id: UUID, *, now: datetime) -> None:
    """Removes a webhook with what waits for it. Raises: Refusal NOT_FOUND `api.unknown_id`."""
    async with db.transaction() as tx:
        await find_webhook(tx, id, organisation_id=organisation_id)
        await store.stop_webhook(tx, id, organisation_id, state="removed", because=None, now=now)
