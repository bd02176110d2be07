"""After an outage a worker takes up what was left behind, class by class, before anything new."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast
from uuid import uuid4

import pytest
import structlog

from meterai.background.recovery import Recovery
from meterai.bootstrap import WorkerApp
from meterai.kernel.clock import system_clock
from meterai.kit import outbox
from meterai.kit.settings import Settings
from meterai.sales.crediting import STAMP_TOPIC
from meterai.sales.store import payments
from meterai.sales.use_cases.issue_quota import issue_quota
from meterai.stamping.use_cases.run_cycle import run_due_jobs
from tests.sales.shop import ALICE, Shop
from tests.stamping.letters import make_letter
from tests.stamping.stamping_setup import StampingSetup

pytestmark = pytest.mark.storage


class Killed(BaseException):
    """The end of a worker."""


async def leave_jobs_behind(setup: StampingSetup) -> None:
    """A job whose worker died after its intent, and a paid document whose row a dead worker had claimed."""
    await setup.order(await setup.accept(make_letter("at its seal")))

    def killed(name: str) -> None:
        if name == "after_intent":
            raise Killed

    with pytest.raises(Killed):
        await run_due_jobs(setup.tools(fail_point=killed), worker="worker-1")
    await setup.database.owner.execute("UPDATE stamping.job SET next_attempt_at = now(), lease_holder = NULL")
    payload = {
        "item_id": uuid4(), "document_id": await setup.accept(make_letter("just paid")),
        "lot_account_id": setup.lot, "customer_id": setup.alice, "request_key": str(uuid4()),
    }  # fmt: skip
    async with setup.db.transaction() as tx:
        await outbox.enqueue_many(tx, [(STAMP_TOPIC, payload)], datetime.now(UTC))
    claimed = await outbox.claim(setup.db, datetime.now(UTC), limit=1, lease_s=30, topics=(STAMP_TOPIC,))
    assert len(claimed) == 1


async def shop_of(setup: StampingSetup) -> Shop:
    """A shop whose customer is Alice."""
    await issue_quota(setup.db, pieces=50, deposit_reference="stock", actor="ani", now=datetime.now(UTC))
    shop = Shop(setup.database, clock=system_clock, alice=setup.alice)  # type: ignore[arg-type]
    await shop.prove(setup.alice, ALICE)
    return shop


async def paid_order(shop: Shop, *, is_told: bool) -> str:
    """The reference of a paid order that is not credited. `is_told`: the gateway's notice is stored."""
    reference = (await shop.placed_quota(1)).payment.reference
    shop.gateway.pay(reference)
    if is_told:
        async with shop.db.connection() as connection:
            await payments.ask_to_settle(connection, reference, datetime.now(UTC))
    return reference


def recovery_of(setup: StampingSetup, shop: Shop) -> Recovery:
    """The start of a worker."""
    app = SimpleNamespace(
        db=shop.db, gateways=shop.gateways, clock=system_clock, settings=Settings(data=setup.data)
    )
    return Recovery(cast("WorkerApp", app), setup.tools(), "worker-1", asyncio.Event())


async def settled_at(setup: StampingSetup, reference: str) -> datetime | None:
    found: datetime | None = await setup.value(
        "SELECT settled_at FROM sales.payment WHERE reference = $1", reference
    )
    return found


async def test_stamps_in_flight_come_first_then_payments_told_of_then_open_ones_and_new_work_last(
    setup: StampingSetup,
) -> None:
    shop = await shop_of(setup)
    await leave_jobs_behind(setup)
    is_open = await paid_order(shop, is_told=False)
    told = await paid_order(shop, is_told=True)
    recovery = recovery_of(setup, shop)
    new = await paid_order(shop, is_told=True)
    with structlog.testing.capture_logs() as lines:
        await recovery.run()
    recovered = [(line["left"], line["done"]) for line in lines if line["event"] == "worker.recovered"]
    assert [name for name, _ in recovered] == ["in_flight", "paid", "open"]
    assert all(done for _, done in recovered), recovered
    released = await setup.value("SELECT max(ended_at) FROM stamping.job WHERE state = 'released'")
    ended = [released, await settled_at(setup, told), await settled_at(setup, is_open)]
    assert ended == sorted(ended)
    assert await setup.value("SELECT count(*) FROM stamping.job WHERE state = 'released'") == 2
    assert await settled_at(setup, new) is None


async def test_new_work_waits_no_longer_for_a_gateway_that_is_away(
    front: StampingSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meterai.background.recovery._CLASS_SECONDS_MAX", 0.3)
    shop = await shop_of(front)
    told = await paid_order(shop, is_told=True)
    shop.gateway.down = True
    await asyncio.wait_for(recovery_of(front, shop).run(), 30)
    left = await front.value("SELECT count(*) FROM jobs.outbox WHERE topic = 'sales.settle'")
    assert left == 1, "still asked for"
    assert await settled_at(front, told) is None
    assert "get_status" in shop.gateway.calls
