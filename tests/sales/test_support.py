"""What officers do with an order of somebody who asks, with the rights of the console alone."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from meterai.kit import outbox
from meterai.operations.use_cases.retry_stamping import retry_stamping
from meterai.sales.crediting import STAMP_TOPIC
from meterai.sales.model import OrderState
from meterai.sales.support.use_cases.ask_gateway import ask_gateway
from meterai.sales.support.use_cases.ask_to_cancel import ask_to_cancel
from meterai.sales.support.use_cases.send_link import SENT_IN_A_DAY_MAX, send_link
from meterai.sales.use_cases.cancel_asked import cancel_asked
from tests.sales.refusing import refused
from tests.sales.shop import Shop

pytestmark = pytest.mark.storage

BY = {"officer": "sari", "reason": "case K-1"}


async def acts(shop: Shop) -> list[tuple[Any, ...]]:
    """The officers' entries in the audit trail: who did what to which order."""
    rows = await shop.database.owner.fetch(
        """SELECT actor, action, subject FROM operations.audit_entry
           WHERE action LIKE 'order.%' ORDER BY id"""
    )
    return [tuple(row) for row in rows]


async def test_the_gateway_is_asked_about_a_payment_whose_notice_was_lost(shop: Shop) -> None:
    console, placed = shop.database.console, await shop.placed_quota()
    shop.gateway.pay(placed.payment.reference)
    assert await shop.poll() == 0, "nobody asks yet"
    typed = placed.number.lower().replace("-", " ")
    assert await ask_gateway(console, typed, **BY, now=shop.clock()) == 1
    assert await shop.poll() == 1
    assert (await shop.page(placed.order_id)).state is OrderState.COMPLETED
    assert await acts(shop) == [("sari", "order.ask_gateway", placed.number)]
    assert (
        await refused(ask_gateway(console, (await shop.quota_draft()).number, **BY, now=shop.clock()))
    ).code == "support.never_paid"
    assert (
        await refused(ask_gateway(console, "0000-0000-0000", **BY, now=shop.clock()))
    ).code == "support.no_order"
    assert len(await acts(shop)) == 1


async def test_the_link_goes_to_the_orders_own_contact_and_three_times_a_day_at_most(shop: Shop) -> None:
    console, placed = shop.database.console, await shop.placed_quota()
    await send_link(console, placed.number, **BY, now=shop.clock())
    assert (
        await refused(send_link(console, placed.number, **BY, now=shop.clock()))
    ).code == "order.link_sent"
    for _ in range(SENT_IN_A_DAY_MAX - 1):
        shop.pass_time(minutes=2)
        await send_link(console, placed.number, **BY, now=shop.clock())
    shop.pass_time(minutes=2)
    assert (
        await refused(send_link(console, placed.number, **BY, now=shop.clock()))
    ).code == "support.links_sent"
    assert await shop.news() == ["link"] * SENT_IN_A_DAY_MAX
    assert len(await acts(shop)) == SENT_IN_A_DAY_MAX
    shop.pass_time(days=1)
    await send_link(console, placed.number, **BY, now=shop.clock())


async def test_what_was_put_off_is_stamped_at_once_and_a_worker_is_left_alone(shop: Shop) -> None:
    shop.plays_the_stamping = True
    console, now = shop.database.console, shop.clock()
    placed = await shop.placed_stamps(documents=2)
    assert (
        await refused(retry_stamping(console, placed.number, **BY, now=now))
    ).code == "support.nothing_waits"
    await shop.pay(placed)
    first, second = await outbox.claim(shop.db, now, limit=9, lease_s=30, topics=(STAMP_TOPIC,))
    await outbox.retry(shop.db, first.id, now + timedelta(minutes=2))
    page = await shop.page(placed.order_id)
    await add_job(shop, page.items[1].id, holder=None)
    assert await retry_stamping(console, placed.number, **BY, now=now) == 2
    again = await outbox.claim(shop.db, now, limit=9, lease_s=30, topics=(STAMP_TOPIC,))
    assert [entry.id for entry in again] == [first.id], "the second is in a worker's hands"
    assert second.id != first.id
    await add_job(shop, page.items[0].id, holder="worker-1")
    assert await retry_stamping(console, placed.number, **BY, now=now) == 0
    assert await acts(shop) == [("sari", "order.retry", placed.number)] * 2


async def test_an_unpaid_order_is_cancelled_at_the_gateway_too_and_a_paid_one_goes_on(shop: Shop) -> None:
    console = shop.database.console
    unpaid, just_paid = await shop.placed_quota(), await shop.placed_quota()
    for order in (unpaid, just_paid):
        await ask_to_cancel(console, order.number, **BY, now=shop.clock())
    shop.gateway.pay(just_paid.payment.reference)
    worker = shop.database.worker
    assert await cancel_asked(worker, shop.gateways, clock=shop.clock) == 2
    assert (await shop.page(unpaid.order_id)).state is OrderState.CANCELLED
    assert (await shop.page(just_paid.order_id)).state is OrderState.COMPLETED
    assert await cancel_asked(worker, shop.gateways, clock=shop.clock) == 0
    assert (
        await refused(ask_to_cancel(console, just_paid.number, **BY, now=shop.clock()))
    ).code == "support.not_unpaid"
    assert [act for _, act, _ in await acts(shop)] == ["order.cancel"] * 2


async def add_job(shop: Shop, item: uuid.UUID, *, holder: str | None) -> None:
    """A job for an item that was put off for two minutes."""
    await shop.database.owner.execute("SET session_replication_role = replica")
    await shop.database.owner.execute(
        """INSERT INTO stamping.job (id, organisation_id, customer_id, document_id, idempotency_key,
               request_digest, lot_account_id, reference_id, input_digest, state, trouble_code, attempts,
               next_attempt_at, lease_holder, created_at)
           VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'key', 'd',
               gen_random_uuid(), $1, sha256('x'), 'accepted', 'tsa.unavailable', 3, $2, $3, $4)""",
        item,
        shop.clock() + timedelta(minutes=2),
        holder,
        shop.clock(),
    )
    await shop.database.owner.execute("SET session_replication_role = origin")
