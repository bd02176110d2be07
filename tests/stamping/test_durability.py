"""Which steps wait for the disk. The last one before something irreversible always does."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from meterai.customers.contacts import Contact
from meterai.kit.database import Connection
from meterai.sales.store import order_links
from meterai.stamping.signer import register
from meterai.stamping.store import jobs
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


async def test_paid_documents_are_accepted_without_waiting_for_the_disk(database: TestDatabase) -> None:
    """A crash that loses the jobs restores the outbox rows that asked for them."""
    async with database.app.transaction() as tx:
        await tx.execute("SET LOCAL synchronous_commit = on")
        assert await jobs.accept(tx, [], [], [], holder="worker-1", until=NOW, asked_by=[], now=NOW)
        assert not await _waits(tx)


async def test_a_release_waits_for_the_disk(database: TestDatabase) -> None:
    async with database.app.transaction() as tx:
        await tx.execute("SET LOCAL synchronous_commit = on")
        await jobs.release(
            tx, [], owed=[], postings=[], archive_at=NOW, topic="stamping.released", news_at=NOW, now=NOW
        )
        assert await _waits(tx)


async def test_jobs_asked_for_with_quota_wait_for_the_disk(database: TestDatabase) -> None:
    """Nothing else remembers that they were asked for."""
    async with database.app.transaction() as tx:
        await tx.execute("SET LOCAL synchronous_commit = on")
        await jobs.insert_jobs(tx, [])
        assert await _waits(tx)


async def test_a_drafts_owner_waits_for_the_disk(database: TestDatabase) -> None:
    """The browser gets its new link with the answer, and no longer has any other."""
    async with database.app.transaction() as tx:
        await tx.execute("SET LOCAL synchronous_commit = on")
        alice = Contact(kind="email", value="alice@example.com")
        await order_links.set_customer(tx, uuid4(), uuid4(), alice, None, token_round=1, token_digest=b"")
        assert await _waits(tx)
