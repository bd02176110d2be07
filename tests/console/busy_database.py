"""A database in which something stands on every page of the console."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from meterai.kit.acting import Actor
from meterai.news.apology.publish import facts_of, publish_apology
from meterai.news.model import Audience, BothLanguages
from meterai.news.use_cases.announce import AnnouncementForm, add_announcement
from meterai.news.use_cases.declare_incident import declare_incident
from meterai.news.use_cases.update_incident import resolve_incident
from meterai.operations.officers.officers_file import ROLES
from meterai.operations.use_cases.invite_officer import invite_officer
from tests.console.act_examples import add_client, add_day_and_line, add_orders, add_queue, ask_two, open_case
from tests.console.certificates import add_certificate, add_signing_key
from tests.console.partners import make_partner
from tests.console.running_console import NOW
from tests.console.test_find import plant_stamping
from tests.news.test_news import TEXT, TITLE, form
from tests.officers import record_officer
from tests.sales.shop import Shop, open_shop
from tests.storage_fixtures import TestDatabase

OFFICER: Final = "ani"
"""Has every role, an authenticator app and a passkey."""
CHANGES: Final = BothLanguages("Kami menguji lebih dulu.", "We test first.")


@dataclass(frozen=True, slots=True)
class Busy:
    """What the addresses of pages name."""

    paid: str
    """The number of an order of quota, a part of which goes back."""
    late: str
    """The number of an order whose document waits for its time stamp."""
    invitation: str
    request: str
    """A request of a partner to the API."""
    key: str
    """The id of a signing key."""


async def make_busy(database: TestDatabase) -> Busy:
    """Fills a database, and records the officer."""
    async with open_shop(database) as shop:
        shop.clock.now = NOW - timedelta(minutes=15)
        paid, late = await _paid_quota(shop), await _late_stamps(shop)
        partner = await make_partner(database, member=shop.alice, now=shop.clock.now)
    await _tell_news(database)
    await open_case(database)
    await add_orders(database)
    await add_queue(database)
    await add_client(database)
    await add_day_and_line(database)
    await add_certificate(database, now=NOW)
    key = await add_signing_key(database, now=NOW)
    await ask_two(database)
    roles = f"{{{','.join(sorted(ROLES))}}}"
    for officer in (OFFICER, "budi"):
        await record_officer(database, officer, roles)
    await database.owner.execute(
        "SELECT operations.add_passkey($1, $2, 'laptop', 'x', 'y', 1, $3)", OFFICER, uuid.uuid4(), NOW
    )
    invitation = await invite_officer(database.owner, "budi", actor="root", now=NOW)
    return Busy(paid, late, invitation, partner.request, key)


async def _paid_quota(shop: Shop) -> str:
    page = await shop.paid_quota(3)
    await shop.ask_back(page.id, page.items[0].id, 1, given_back=0)
    return page.number


async def _late_stamps(shop: Shop) -> str:
    placed = await shop.placed_stamps()
    await shop.pay(placed)
    page = await shop.page(placed.order_id)
    await plant_stamping(shop.database, page)
    return page.number


async def _tell_news(database: TestDatabase) -> None:
    """Incident 1 is over and has its apology, 2 is over, 3 is open; an announcement stands."""
    db, actor = database.operator, Actor(name=OFFICER)
    began = NOW - timedelta(minutes=10)
    for number in (1, 2, 3):
        incident = form(next_update_at=NOW + timedelta(minutes=20))
        await declare_incident(db, incident, actor=actor, now=began)
        if number < 3:
            await resolve_incident(db, number, TEXT, actor=actor, now=NOW)
    await publish_apology(db, 1, facts_of(CHANGES), actor=actor, now=NOW)
    announced = AnnouncementForm(
        audience=Audience.ALL, title=TITLE, text=TEXT, ends_at=NOW + timedelta(hours=2)
    )
    await add_announcement(db, announced, actor=actor, now=NOW)
