"""Adds webhooks, and gives them new secrets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Database
from meterai.partners.webhooks import store
from meterai.partners.webhooks.queries import count_webhooks, find_webhook
from meterai.partners.webhooks.signing import Scheme, new_secret, receivers_key

WEBHOOKS_MAX: Final = 20
"""Of one organisation."""


async def add_webhook(
    db: Database,
    id: UUID,
    organisation_id: UUID,
    *,
    url: str,
    kinds: Sequence[str],
    description: str,
    scheme: Scheme,
    now: datetime,
) -> str:
    """Adds a webhook and returns its receiver's key. Repeated under its id, it makes another key alone.

    Raises: Refusal CONFLICT `webhook.too_many`.
    """
    async with db.transaction() as tx:
        if await store.add_webhook(
            tx,
            id,
            organisation_id,
            url=url,
            kinds=kinds,
            description=description,
            scheme=scheme,
            now=now,
        ) and (await count_webhooks(tx, organisation_id) > WEBHOOKS_MAX):
            raise Refusal(Kind.CONFLICT, "webhook.too_many", maximum=WEBHOOKS_MAX)
        return await _make_secret(tx, id, scheme, before_until=now, now=now)


async def rotate_secret(
    db: Database, id: UUID, organisation_id: UUID, *, overlap: timedelta, now: datetime
) -> str:
    """Makes a new secret and returns its receiver's key. The one before it counts for `overlap` longer.

    Raises: Refusal NOT_FOUND `api.unknown_id`.
    """
    async with db.transaction() as tx:
        webhook = await find_webhook(tx, id, organisation_id=organisation_id)
        return await _make_secret(tx, id, webhook.scheme, before_until=now + overlap, now=now)


async def _make_secret(
    tx: Connection, id: UUID, scheme: Scheme, *, before_until: datetime, now: datetime
) -> str:
    secret = new_secret(scheme)
    key = receivers_key(secret)
    public = None if scheme == "hmac" else key
    await store.end_secrets(tx, id, newest_until=before_until, now=now)
    await store.add_secret(tx, id, store.NewSecret(secret=secret, public_key=public), now)
    return key
