"""Partners with webhooks, and a worker's deliveries to them, with a clock that tests move."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from meterai.background.webhook_visits import WebhookVisits
from meterai.customers.organisations import ISSUER, ensure_organisations
from meterai.kernel.ids import derived_id
from meterai.partners.adapters.webhook_sender import WebhookSender
from meterai.partners.webhooks import store
from meterai.partners.webhooks.model import NewEvent
from meterai.partners.webhooks.signing import Scheme, new_secret
from tests.storage_fixtures import TestDatabase


class WebhookSetup:
    """What a test works with."""

    def __init__(self, database: TestDatabase, sender: WebhookSender) -> None:
        self.database = database
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.sender = sender
        self.visits = WebhookVisits(database.worker, sender, lambda: self.now)
        self.partner = uuid4()

    async def add_partner(self, id: UUID) -> None:
        """Inserts an enterprise below the issuer."""
        owner, holder = self.database.owner, derived_id("account_holder", id)
        await owner.execute(
            "INSERT INTO customers.organisation (id, name, role, created_at) VALUES ($1, $2, $3, now())",
            id, "PT Contoh", "enterprise",
        )  # fmt: skip
        await owner.execute(
            "INSERT INTO customers.customer (id, organisation_id, language, created_at)"
            " VALUES ($1, $2, 'id', now())",
            holder, id,
        )  # fmt: skip
        await owner.execute(
            """INSERT INTO partners.organisation (id, parent_id, role, code, account_holder, created_at)
               VALUES ($1, $2, 'enterprise', $3, $4, now())""",
            id, ISSUER, f"p-{id.hex[:8]}", holder,
        )  # fmt: skip

    async def add_webhook(
        self, url: str, *, scheme: Scheme = "hmac", kinds: tuple[str, ...] = ()
    ) -> tuple[UUID, str]:
        """Inserts a webhook of the partner. Returns its id and its secret."""
        id, secret = uuid4(), new_secret(scheme)
        async with self.database.site.transaction() as tx:
            await store.add_webhook(
                tx, id, self.partner, url=url, kinds=kinds, description="", scheme=scheme, now=self.now
            )
            await store.add_secret(tx, id, store.NewSecret(secret=secret, public_key=None), self.now)
        return id, secret

    async def note(self, count: int = 1, *, kind: str = "quota.low", **facts: Any) -> list[UUID]:
        """Notes events of the partner. Returns their subjects."""
        subjects = [uuid4() for _ in range(count)]
        events = [
            NewEvent(
                organisation_id=self.partner, kind=kind, subject_id=id, source_id=id, happened_at=self.now,
                facts=facts,
            )
            for id in subjects
        ]  # fmt: skip
        async with self.database.worker.connection() as connection:
            await store.note_events(connection, events, self.now)
        return subjects

    async def deliver(self, *, later_s: float = 0, seconds: float = 10) -> None:
        """Lets the worker deliver, `later_s` seconds from now, until nothing is left that is due."""
        self.now += timedelta(seconds=later_s)
        ends = time.monotonic() + seconds
        while await self.visits.turn():
            assert time.monotonic() < ends, "the deliveries do not end"
            await asyncio.sleep(0.005)

    async def log(self, webhook: UUID) -> list[tuple[str, int, int | None, str | None]]:
        """The attempts of a webhook: state of the delivery, number, status, trouble."""
        rows = await self.database.owner.fetch(
            """SELECT d.state, a.number, a.status, a.trouble FROM partners.delivery d
               JOIN partners.delivery_attempt a ON a.delivery_id = d.id
               WHERE d.webhook_id = $1 ORDER BY a.at, d.id, a.number""",
            webhook,
        )
        return [tuple(row) for row in rows]


@asynccontextmanager
async def webhook_setup(
    database: TestDatabase, *, loopback_is_outer: bool = True, total_seconds: float = 0.4
) -> AsyncIterator[WebhookSetup]:
    """A partner, and the deliveries of a worker whose requests time out soon."""
    sender = WebhookSender(loopback_is_outer=loopback_is_outer, total_seconds=total_seconds)
    setup = WebhookSetup(database, sender)
    await ensure_organisations(database.operator, setup.now)
    await setup.add_partner(setup.partner)
    try:
        yield setup
    finally:
        await setup.visits.close()
        await sender.close()
