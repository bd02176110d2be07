"""The status page's probe buys again and again: within limits, and counted nowhere."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from meterai.customers.contacts import canonical_contact
from meterai.customers.probe import ProbeReach, ProbeSession
from meterai.customers.use_cases.open_probe_session import open_probe_session
from meterai.customers.use_cases.set_probe import set_probe
from meterai.kernel.refusals import Kind, Refusal
from meterai.operations.samples import EVERY
from meterai.operations.use_cases.take_sample import _stamps
from meterai.sales.model import PaymentOutcome
from meterai.sales.news import News, message_of
from meterai.sales.queries import progress
from meterai.sales.store.order_news import read_orders_to_tell
from meterai.sales.use_cases.cancel_order import cancel_order
from meterai.sales.use_cases.open_order import OpenedOrder, Owner, open_order
from meterai.sales.use_cases.place_order import PlacedOrder
from meterai.sales.use_cases.set_contact import set_customer
from tests.sales.refusing import refused
from tests.sales.shop import ALICE, NOON, SECRET, Shop

pytestmark = pytest.mark.storage
PROBE = canonical_contact("probe@meterai.localhost")


async def turn_on(shop: Shop, reach: ProbeReach = ProbeReach.UNPAID) -> ProbeSession:
    """From now on the shop's customer is the probe."""
    await set_probe(shop.database.worker, PROBE.value, reach=reach, now=shop.clock())
    session = await open_probe_session(shop.database.site, now=shop.clock())
    shop.alice = session.customer_id
    shop.contacts[shop.alice] = PROBE
    return session


async def opened(shop: Shop, submit_id: str = "") -> OpenedOrder:
    """A draft that the probe opens while it is signed in."""
    return await open_order(
        shop.db,
        SECRET,
        submit_id=submit_id or uuid.uuid4().hex,
        flow="stamp",
        event_slug=None,
        language="id",
        owner=Owner(customer_id=shop.alice, contact=PROBE),
        now=shop.clock(),
    )


async def cancel(shop: Shop, placed: PlacedOrder) -> None:
    await cancel_order(shop.db, shop.gateways, placed.order_id, settle=shop.settle, clock=shop.clock)


async def figures(shop: Shop) -> dict[str, Any]:
    """What people, officers and the rate of a line are told of the last minutes."""
    now, since = NOON + progress.CHARGES_LATELY, NOON
    async with shop.database.worker.connection() as conn:
        return {
            "a second": await progress.count_charged(conn, since=since, until=now + EVERY),
            "opens charges": await progress.opens_charges(conn, now=now),
            "backlog": await progress.oldest_paid_order(conn, now=now),
            "late": await progress.oldest_order_being_stamped(conn, but_for=[]),
            "can be paid": await progress.can_be_paid(conn, now=shop.clock()),
            "median": await progress.median_s_to_stamp(conn, since=since),
            "p95": await progress.stamping_p95(conn, since=since, now=now),
            "gateways": await progress.gateways_lately(conn, now=now),
            "unfinished": await progress.oldest_unfinished_order(conn),
            "stamps": await _stamps(conn),
            "touched": await shop.database.owner.fetchval(
                "SELECT count(*) FROM news.touched_orders(1, $1)", now
            ),
        }


async def test_it_has_one_order_a_minute_of_one_stamp(shop: Shop) -> None:
    session = await turn_on(shop)
    assert (session.free_at, session.open_order) == (None, None)
    form = uuid.uuid4().hex
    first = await opened(shop, form)
    assert (await refused(opened(shop))).code == "order.of_probe"
    assert (await opened(shop, form)).order_id == first.order_id, "a form that is sent again opens nothing"
    shop.pass_time(seconds=61)
    placed = await shop.placed_stamps()
    assert (await refused(shop.placed_stamps())).code == "order.of_probe"
    shop.pass_time(seconds=61)
    again = await open_probe_session(shop.database.site, now=shop.clock())
    assert again.open_order == placed.number
    assert (await refused(shop.placed_stamps())).code == "order.of_probe", "one can still be paid"
    await cancel(shop, placed)
    for greedy in (shop.placed_quota(1), shop.placed_stamps(stamps=2), shop.placed_stamps(documents=2)):
        shop.pass_time(seconds=61)
        assert (await refused(greedy)).code == "order.of_probe"
    shop.pass_time(seconds=61)
    await cancel(shop, await shop.placed_stamps())
    assert await shop.stock() == 1_000


async def test_its_orders_become_nobody_elses_and_its_session_changes_no_contact(shop: Shop) -> None:
    person = shop.alice
    session = await turn_on(shop)
    draft = await opened(shop)
    with pytest.raises(asyncpg.PostgresError, match="give away"):
        await set_customer(shop.db, SECRET, draft.order_id, person, ALICE)
    fresh = await shop.database.owner.fetchval(
        "SELECT customer FROM customers.fresh_session(convert_to($1, 'UTF8'), $2)",
        session.token,
        shop.clock(),
    )
    assert fresh is None
    later = await open_probe_session(shop.database.site, now=shop.clock())
    digests = await shop.database.owner.fetch("SELECT FROM customers.session")
    assert len(digests) == 1, "the session before it ended"
    assert later.expires_at - shop.clock() == timedelta(minutes=15)


async def test_a_persons_contact_is_not_taken_and_the_probe_can_be_turned_off(shop: Shop) -> None:
    worker, now = shop.database.worker, shop.clock()
    await turn_on(shop)
    unpaid = ProbeReach.UNPAID
    taken = await refused(set_probe(worker, ALICE.value, reach=unpaid, now=now))
    assert taken.code == "probe.contact_taken"
    assert (await refused(open_probe_session(shop.database.site, now=now))).code == "probe.off"
    account = shop.alice
    assert (await turn_on(shop)).customer_id == account, "its former account is its own still"
    await set_probe(worker, "", reach=unpaid, now=now)
    assert (await refused(open_probe_session(shop.database.site, now=now))).code == "probe.off"
    await set_probe(worker, "other@meterai.localhost", reach=unpaid, now=now)
    assert (await open_probe_session(shop.database.site, now=now)).customer_id != account


async def test_orders_that_it_cancels_are_counted_nowhere(shop: Shop) -> None:
    """A person pays once, so that there is something to count. An incident touches that order."""
    await shop.pay(await shop.placed_stamps())
    await shop.database.owner.execute(
        """INSERT INTO news.incident (severity, components, state, title_id, title_en, started_at,
               next_update_at)
           VALUES ('major', '{payment}', 'identified', 'x', 'x', $1, $1)""",
        shop.clock(),
    )
    before = await figures(shop)
    assert (before["a second"], before["stamps"], before["touched"]) == (1, (1, 0), 1)
    await turn_on(shop)
    for _ in range(4):
        shop.pass_time(seconds=61)
        await shop.poll()
        placed = await shop.placed_stamps()
        assert await figures(shop) == before
        await cancel(shop, placed)
        assert await figures(shop) == before
    shop.pass_time(seconds=61)
    await shop.poll()
    shop.gateway.refuse_charge = Refusal(Kind.INVALID, "payment.no_channel")
    await shop.placed_stamps()
    assert await figures(shop) == before


async def test_money_for_an_order_that_it_never_pays_goes_back(shop: Shop) -> None:
    """A thief of its secret pays: no stamp is sold outside the line."""
    await turn_on(shop)
    placed = await shop.placed_stamps()
    settlement = await shop.pay(placed)
    assert settlement.outcome is PaymentOutcome.REFUNDED_LATE
    page = await shop.page(placed.order_id)
    assert (page.state, [one.reason for one in page.refunds]) == ("cancelled", ["late"])
    assert await shop.stock() == 1_000
    await shop.pay_refunds()
    assert [one.state for one in (await shop.page(placed.order_id)).refunds] == ["paid"]
    shop.pass_time(seconds=61)
    late = await shop.placed_stamps()
    shop.pass_time(minutes=60)
    await shop.expire()
    assert (await shop.pay(late)).outcome is PaymentOutcome.REFUNDED_LATE, "also when its time is over"


async def test_in_development_it_is_paid_and_neither_counted_nor_told(shop: Shop) -> None:
    before = await figures(shop)
    await turn_on(shop, ProbeReach.STAMPED)
    placed = await shop.placed_stamps()
    assert (await shop.pay(placed)).outcome is PaymentOutcome.CREDITED
    after = await figures(shop)
    assert after == before
    async with shop.database.worker.connection() as conn:
        told = (await read_orders_to_tell(conn, [placed.order_id]))[placed.order_id]
    assert message_of(told, News.COMPLETED, "https://contoh/p/1") is None
