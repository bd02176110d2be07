"""Events of partners at a set rate, to webhooks of which some hang: how long the others wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec

from meterai.background.loops import Counts, Loop, run_loop
from meterai.background.webhook_visits import WebhookVisits
from meterai.customers.organisations import ensure_organisations
from meterai.partners.adapters.webhook_sender import WebhookSender
from meterai.partners.webhooks import store
from meterai.partners.webhooks.model import NewEvent
from tests.partners.webhook_setup import WebhookSetup
from tests.players.webhook_receiver import Got, Receiver, running_receiver
from tests.storage_fixtures import TestCluster, TestDatabase, running_cluster

_WEBHOOKS_OF_ONE = 20


def measure(*, webhooks: int, hanging: int, rate: float, seconds: float) -> dict[str, Any]:
    """Runs a worker's deliveries. `rate`: messages a second to all webhooks together."""

    async def run(cluster: TestCluster) -> dict[str, Any]:
        async with cluster.database() as database, running_receiver() as receiver:
            return await measure_in(
                database, receiver, webhooks=webhooks, hanging=hanging, rate=rate, seconds=seconds
            )

    with running_cluster() as cluster:
        return asyncio.run(run(cluster))


async def measure_in(
    database: TestDatabase, receiver: Receiver, *, webhooks: int, hanging: int, rate: float, seconds: float
) -> dict[str, Any]:
    """The same in a database that is there."""
    sender = WebhookSender(loopback_is_outer=True)
    setup = WebhookSetup(database, sender)
    await ensure_organisations(database.operator, setup.now)
    partners = await _add_webhooks(setup, receiver, webhooks, hanging)
    visits = WebhookVisits(database.worker, sender, lambda: datetime.now(UTC))
    stop, counts = asyncio.Event(), Counts()
    loop = Loop(name="webhooks", work=visits.turn, busy_s=0.05, idle_s=0.5)
    worker = asyncio.create_task(run_loop(loop, stop, counts))
    cpu = time.process_time()
    noted = await _note(setup, partners, rate=rate * len(partners) / webhooks, seconds=seconds)
    expected = len(noted) * _WEBHOOKS_OF_ONE * (webhooks - hanging) // webhooks
    await _arrived(receiver, expected)
    used = time.process_time() - cpu
    stop.set()
    await worker
    await visits.close()
    await sender.close()
    return {
        "webhooks": webhooks,
        "hanging": hanging,
        "expected": expected,
        "faults": counts.faults,
        **_waits(noted, receiver, cpu=used),
    }


async def _add_webhooks(setup: WebhookSetup, receiver: Receiver, webhooks: int, hanging: int) -> list[UUID]:
    """Adds webhooks, 20 to each partner; those that hang are spread evenly."""
    partners = []
    for number in range(webhooks):
        if number % _WEBHOOKS_OF_ONE == 0:
            setup.partner = uuid4()
            await setup.add_partner(setup.partner)
            partners.append(setup.partner)
        hangs = (number * hanging) % webhooks < hanging
        await setup.add_webhook(f"{receiver.base}/{'hang' if hangs else 'ok'}/{number}")
    return partners


async def _note(
    setup: WebhookSetup, partners: Sequence[UUID], *, rate: float, seconds: float
) -> dict[UUID, float]:
    """Notes events of the partners in turn. Returns when each was noted, by its subject."""
    noted, began = {}, time.monotonic()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
        subject, now = uuid4(), datetime.now(UTC)
        event = NewEvent(
            organisation_id=partners[number % len(partners)],
            kind="quota.low",
            subject_id=subject,
            source_id=subject,
            happened_at=now,
            facts={"available": number},
        )
        async with setup.database.worker.connection() as connection:
            await store.note_events(connection, [event], now)
        noted[subject] = time.monotonic()
    return noted


async def _arrived(receiver: Receiver, expected: int) -> None:
    """Waits until all messages are there, or for a minute."""
    for _ in range(600):
        if len(_taken(receiver)) >= expected:
            return
        await asyncio.sleep(0.1)


def _taken(receiver: Receiver) -> list[Got]:
    return [got for got in receiver.got if got.path.startswith("/ok")]


def _waits(noted: dict[UUID, float], receiver: Receiver, *, cpu: float) -> dict[str, Any]:
    by_number = dict(enumerate(noted.values()))
    waits = sorted(
        got.at - by_number[msgspec.json.decode(got.body)["data"]["available"]] for got in _taken(receiver)
    )
    return {
        "events": len(noted),
        "delivered": len(waits),
        "requests_that_hang": len(receiver.got) - len(waits),
        "p50_s": round(waits[len(waits) // 2], 3),
        "p99_s": round(waits[int(len(waits) * 0.99)], 3),
        "longest_s": round(waits[-1], 3),
        "cpu_ms_per_message": round(cpu * 1_000 / len(waits), 3),
    }
