"""The outbox: a row is handled at least once, by one worker at a time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from meterai.kit import outbox
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage
NOW = datetime(2026, 8, 17, 9, 0, tzinfo=UTC)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


async def write(database: TestDatabase, *topics: str) -> None:
    async with database.app.transaction() as tx:
        await outbox.enqueue_many(tx, [(topic, {"n": n}) for n, topic in enumerate(topics)], NOW)


async def test_a_row_carries_its_payload(database: TestDatabase) -> None:
    order = uuid4()
    async with database.app.transaction() as tx:
        await outbox.enqueue_many(tx, [("topic", {"order_id": order, "text": "é", "n": 1})], NOW)
    (entry,) = await outbox.claim(database.app, NOW, limit=5, lease_s=10, topics=("topic",))
    assert entry.payload == {"order_id": str(order), "text": "é", "n": 1}
    assert (entry.topic, entry.attempts, entry.created_at) == ("topic", 1, NOW)


async def test_a_row_is_not_there_when_its_transaction_fails(database: TestDatabase) -> None:
    async def failing() -> None:
        async with database.app.transaction() as tx:
            await outbox.enqueue_many(tx, [("topic", {})], NOW)
            raise ValueError

    with pytest.raises(ValueError):
        await failing()
    assert await outbox.claim(database.app, NOW, limit=5, lease_s=10, topics=("topic",)) == []


async def test_a_claimed_row_is_hidden_until_its_lease_ends(database: TestDatabase) -> None:
    await write(database, "topic")
    (first,) = await outbox.claim(database.app, NOW, limit=5, lease_s=10, topics=("topic",))
    assert await outbox.claim(database.app, later(9.9), limit=5, lease_s=10, topics=("topic",)) == []
    (again,) = await outbox.claim(database.app, later(10), limit=5, lease_s=10, topics=("topic",))
    assert (again.id, again.attempts) == (first.id, 2)


async def test_a_finished_row_never_comes_back(database: TestDatabase) -> None:
    await write(database, "topic")
    (entry,) = await outbox.claim(database.app, NOW, limit=5, lease_s=10, topics=("topic",))
    await outbox.finish(database.app, [entry.id])
    assert await outbox.claim(database.app, later(1000), limit=5, lease_s=10, topics=("topic",)) == []


async def test_a_row_that_is_put_off_comes_back_then(database: TestDatabase) -> None:
    await write(database, "topic")
    (entry,) = await outbox.claim(database.app, NOW, limit=5, lease_s=10, topics=("topic",))
    await outbox.retry(database.app, entry.id, later(3))
    assert await outbox.claim(database.app, later(2.9), limit=5, lease_s=10, topics=("topic",)) == []
    assert len(await outbox.claim(database.app, later(3), limit=5, lease_s=10, topics=("topic",))) == 1


async def test_topics_are_claimed_apart_and_in_order(database: TestDatabase) -> None:
    await write(database, "a", "b", "a")
    entries = await outbox.claim(database.app, NOW, limit=5, lease_s=10, topics=("a",))
    assert [entry.payload["n"] for entry in entries] == [0, 2]


async def test_the_oldest_of_several_topics_come_first_and_what_is_due_is_told_by_topic(
    database: TestDatabase,
) -> None:
    for number, topic in enumerate("aabcb"):
        async with database.app.transaction() as tx:
            await outbox.enqueue_many(tx, [(topic, {"n": number})], later(number))
    assert sorted(await outbox.due_topics(database.app, "abd", later(4))) == ["a", "b"]
    assert await outbox.due_topics(database.app, "b", later(1)) == []
    entries = await outbox.claim(database.app, later(4), limit=3, lease_s=10, topics=("b", "a"))
    assert [entry.payload["n"] for entry in entries] == [0, 1, 2]
    entries = await outbox.claim(database.app, later(4), limit=3, lease_s=10, topics=("b", "a"))
    assert [entry.payload["n"] for entry in entries] == [4]


async def test_workers_at_once_never_claim_the_same_row(database: TestDatabase) -> None:
    await write(database, *["topic"] * 60)
    claims = await asyncio.gather(
        *(outbox.claim(database.app, NOW, limit=10, lease_s=10, topics=("topic",)) for _ in range(8))
    )
    ids = [entry.id for entries in claims for entry in entries]
    assert len(ids) == len(set(ids))


async def test_a_row_that_somebody_holds_keeps_nobody_from_the_others(database: TestDatabase) -> None:
    async with database.app.transaction() as tx:
        await outbox.enqueue_many(tx, [("topic", {"n": 1}), ("topic", {"n": 2})], NOW)
    async with database.app.transaction() as tx, asyncio.timeout(5):
        held = await tx.fetchval("SELECT id FROM jobs.outbox ORDER BY id LIMIT 1 FOR UPDATE")
        (other,) = await outbox.claim(database.app, NOW, limit=5, lease_s=10, topics=("topic",))
    assert other.id != held


def test_delays_double_up_to_the_longest() -> None:
    assert [outbox.retry_delay_s(n, longest_s=5) for n in (1, 2, 3, 4, 99)] == [1, 2, 4, 5, 5]
