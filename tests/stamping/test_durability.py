"""Which steps wait for the disk. The last one before something irreversible always does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import cast

from meterai.kit.database import Connection, Database
from meterai.sales.store import order_links
from meterai.stamping.model import ClaimedJob
from meterai.stamping.signer import register
from meterai.stamping.store import jobs
from meterai.stamping.use_cases.start_stamping import Started, Worker, start_stampings
from tests.sales.shop import ALICE, open_shop
from tests.stamping.letters import make_letter
from tests.stamping.stamping_setup import StampingSetup
from tests.storage_fixtures import TestDatabase

NOW = datetime(2026, 9, 5, 5, 0, tzinfo=UTC)


async def _waits(tx: Connection) -> bool:
    return bool(await tx.fetchval("SELECT current_setting('synchronous_commit') = 'on'"))


async def test_nothing_is_signed_before_attempt_and_intent_are_on_the_disk(database: TestDatabase) -> None:
    """The intents' transaction doesn't wait. The attempt's, which follows in the log, waits for both."""
    async with database.app.transaction() as tx:
        await tx.execute("SET LOCAL synchronous_commit = on")
        await jobs.store_intents(tx, [], [], sealed=[], lease_until=NOW, now=NOW)
        assert not await _waits(tx)
    async with database.signer.transaction() as tx:
        await tx.execute("SET LOCAL synchronous_commit = on")
        await register.count_and_read(tx, [], "0123456789abcdef", NOW)
        assert await _waits(tx)


class OneTransaction:
    """A pool that lends the same connection, whose transaction goes on."""

    def __init__(self, tx: Connection) -> None:
        self._tx = tx

    @asynccontextmanager
    async def connection(self, *, hands_on: bool = False) -> AsyncIterator[Connection]:
        yield self._tx


async def accept_at_once(setup: StampingSetup, tx: Connection) -> ClaimedJob:
    """Accepts a paid document as a worker does."""
    request = setup.wanted(await setup.accept(make_letter()))
    pool = cast(Database, OneTransaction(tx))
    worker = Worker(name="worker-1", lease_s=30.0)
    (started,) = await start_stampings(pool, [request], now=datetime.now(UTC), worker=worker)
    assert isinstance(started, Started)
    assert started.claimed is not None
    return started.claimed


async def test_paid_documents_are_accepted_without_waiting_for_the_disk(front: StampingSetup) -> None:
    """A crash that loses the jobs restores the outbox rows that asked for them."""
    async with front.database.app.transaction() as tx:
        await tx.execute("SET LOCAL synchronous_commit = on")
        await accept_at_once(front, tx)
        assert not await _waits(tx)


async def test_a_release_waits_for_the_disk(database: TestDatabase) -> None:
    async with database.app.transaction() as tx:
        await tx.execute("SET LOCAL synchronous_commit = on")
        await jobs.release(tx, [], owed=[], archive_at=NOW, news_at=NOW, now=NOW)
        assert await _waits(tx)


async def test_jobs_asked_for_with_quota_wait_for_the_disk(database: TestDatabase) -> None:
    """Nothing else remembers that they were asked for."""
    async with database.app.transaction() as tx:
        await tx.execute("SET LOCAL synchronous_commit = on")
        await jobs.start(tx, [], [], holder=None, until=NOW, now=NOW)
        assert await _waits(tx)


async def test_a_drafts_owner_waits_for_the_disk(database: TestDatabase) -> None:
    """The browser gets its new link with the answer, and no longer has any other."""
    async with open_shop(database) as shop, shop.db.transaction() as tx:
        draft = await shop.quota_draft()
        await tx.execute("SET LOCAL synchronous_commit = on")
        await order_links.set_customer(
            tx, draft.order_id, shop.alice, ALICE, None, token_round=1, token_digest=b"x"
        )
        assert await _waits(tx)
