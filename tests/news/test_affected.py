"""Customers that an incident affects are counted with the cost first, then get one message each."""

from __future__ import annotations

from datetime import timedelta

import pytest
import structlog

from meterai.customers.contacts import canonical_contact
from meterai.kernel.refusals import Refusal
from meterai.news.messages.affected import Affected, MessagePrices, affected_by
from meterai.news.model import Component
from meterai.news.queries import longest_overdue_s
from meterai.news.use_cases.declare_incident import declare_incident
from meterai.news.use_cases.message_affected import message_affected
from meterai.news.use_cases.remind_updates import remind_updates
from meterai.news.use_cases.update_incident import resolve_incident
from tests.news.test_news import TEXT, form
from tests.sales.shop import Shop, open_shop
from tests.storage_fixtures import TestDatabase

PRICES = MessagePrices(email=5, home=600, foreign=1_500, home_country="62")


async def counted(shop: Shop, incident: int) -> Affected:
    async with shop.database.operator.connection() as connection:
        return await affected_by(connection, incident, PRICES, now=shop.clock())


async def send(shop: Shop, incident: int, messages_max: int) -> Affected:
    return await message_affected(
        shop.database.operator,
        incident,
        messages_max=messages_max,
        prices=PRICES,
        actor="rina",
        now=shop.clock(),
    )


async def order_of(shop: Shop, *contacts: str) -> None:
    """An unpaid order of a new customer."""
    first, *others = (canonical_contact(one) for one in contacts)
    person = await shop.customer(first)
    for one in others:
        await shop.prove(person, one)
    shop.alice = person
    await shop.placed_quota(1)
    shop.pass_time(seconds=1)


async def declared(shop: Shop, *components: Component) -> int:
    one = form(components=components, next_update_at=shop.clock() + timedelta(minutes=20))
    return (await declare_incident(shop.database.operator, one, actor="rina", now=shop.clock())).number


async def test_affected_customers_are_counted_with_the_cost_and_get_one_message(
    database: TestDatabase,
) -> None:
    async with open_shop(database) as shop:
        await shop.pay(await shop.placed_quota(2))  # over before it began
        shop.pass_time(minutes=5)
        incident = await declared(shop, Component.PAYMENT)
        stamping = await declared(shop, Component.STAMPING)
        assert (await counted(shop, incident)).customers == 0
        with pytest.raises(Refusal, match=r"news\.nobody_affected"):
            await send(shop, incident, 10)
        shop.pass_time(minutes=1)
        await order_of(shop, "budi@contoh.id", "081234567890")
        await order_of(shop, "+14155552671")
        seen = await counted(shop, incident)
        assert (seen.customers, dict(seen.new)) == (2, {"email": 1, "62": 1, "1": 1})
        assert (seen.messages, seen.cost, seen.written) == (3, 5 + 600 + 1_500, 0)
        assert (await counted(shop, stamping)).customers == 0, "nobody has paid"
        with pytest.raises(Refusal, match=r"news\.more_affected"):
            await send(shop, incident, 2)
        assert await written(shop) == 0, "nothing is sent that the officer has not seen"
        await send(shop, incident, 3)
        with pytest.raises(Refusal, match=r"news\.nobody_affected"):
            await send(shop, incident, 10)
        await order_of(shop, "citra@contoh.id")
        assert dict((await counted(shop, incident)).new) == {"email": 1}
        await send(shop, incident, 1)
        assert await written(shop) == 4, "no second one to the same customer"
        act = await database.owner.fetchrow(
            "SELECT action, facts FROM operations.audit_entry ORDER BY id DESC"
        )
        assert act["action"] == "incident.message"
        shop.pass_time(minutes=1)
        await resolve_incident(database.operator, incident, TEXT, actor="rina", now=shop.clock())
        shop.pass_time(hours=8 * 24)
        with pytest.raises(Refusal, match=r"news\.too_late_to_message"):
            await send(shop, incident, 10)


async def written(shop: Shop) -> int:
    rows = await shop.database.owner.fetch("SELECT DISTINCT customer_id, contact_kind FROM news.message")
    count: int = await shop.database.owner.fetchval("SELECT count(*) FROM news.message")
    assert len(rows) == count
    return count


async def test_an_overdue_update_is_reminded_of_until_it_is_given(database: TestDatabase) -> None:
    async with open_shop(database) as shop:
        incident = await declared(shop, Component.SITE)

        async def overdue() -> tuple[float, list[int]]:
            with structlog.testing.capture_logs() as lines:
                await remind_updates(database.worker, now=shop.clock())
            async with database.reader.connection() as connection:
                seconds = await longest_overdue_s(connection, shop.clock())
            assert all(line["event"] == "incident_update_overdue" for line in lines)
            return seconds, [line["incident"] for line in lines]

        assert await overdue() == (0.0, [])
        shop.pass_time(minutes=23)
        assert await overdue() == (180.0, [incident])
        await resolve_incident(database.operator, incident, TEXT, actor="rina", now=shop.clock())
        assert await overdue() == (0.0, [])
