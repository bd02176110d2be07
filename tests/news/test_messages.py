"""Messages about news: within a day's budget, by what people chose, at most once, and never before codes."""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from meterai.customers.choices import NewsKind
from meterai.customers.codes import Budgets
from meterai.customers.contacts import Contact, canonical_contact
from meterai.customers.organisations import ensure_organisations
from meterai.customers.use_cases.choose_news import turn_on
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit import outbox
from meterai.kit.messages import CODE_TOPICS, Message
from meterai.news.messages import store
from meterai.news.messages.queries import message_budgets, message_states
from meterai.news.messages.sending import send_due_messages
from meterai.news.use_cases.announce import AnnouncementForm, add_announcement
from meterai.news.use_cases.declare_incident import declare_incident
from tests.news.test_news import TEXT, TITLE, form
from tests.sales.fake_gateway import SetClock
from tests.sales.shop import NOON, SECRET, Shop
from tests.storage_fixtures import TestDatabase

DAY = timedelta(days=1)
FEW = Budgets(home_most=2, email_most=3, foreign_most=0)


class Post:
    """A messenger that keeps what it takes, or answers with `trouble`."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.trouble: Exception | None = None

    async def deliver(self, message: Message) -> str:
        if self.trouble is not None:
            raise self.trouble
        self.sent.append(message)
        return f"id-{len(self.sent)}"


class Town:
    """Customers, an incident that concerns all of them, and a worker."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.post, self.clock = shop, Post(), SetClock(NOON)
        self.people: list[uuid.UUID] = []
        self.incident = 0

    async def add(self, *contacts: str) -> None:
        first, *others = (canonical_contact(one) for one in contacts)
        person = await self.shop.customer(first)
        for one in others:
            await self.shop.prove(person, one)
        self.people.append(person)

    async def tell(self, *, valid_for: timedelta = 3 * DAY, **about: int) -> int:
        async with self.shop.database.operator.transaction() as tx:
            until = self.clock() + valid_for
            return await store.add(
                tx, self.people, **(about or {"incident": self.incident}), until=until, now=self.clock()
            )

    async def send(self, budgets: Budgets = Budgets()) -> list[str]:
        """Sends until nothing is due. Returns whom a message went to."""
        before = len(self.post.sent)
        post: Any = self.post
        while await send_due_messages(
            self.shop.database.worker, post, SECRET, budgets=budgets, public_url="http://x", clock=self.clock
        ):
            pass
        return sorted(one.to for one in self.post.sent[before:])

    async def states(self) -> dict[str, int]:
        async with self.shop.database.operator.connection() as connection:
            return dict(await message_states(connection, incident=self.incident, now=self.clock()))


@pytest_asyncio.fixture
async def town(database: TestDatabase) -> AsyncIterator[Town]:
    await ensure_organisations(database.app, NOON)
    town = Town(Shop(database))
    await town.add("ani@contoh.id", "081234567890")
    for number in range(3):
        await town.add(f"orang{number}@contoh.id")
    await town.add("+14155552671")
    town.incident = (await declare_incident(database.operator, form(), actor="ani", now=NOON)).number
    yield town


async def test_what_does_not_fit_waits_for_the_next_day_or_is_dropped(town: Town) -> None:
    assert await town.tell() == 6
    assert await town.tell() == 0, "each gets it once"
    went_to = await town.send(FEW)
    assert (len(went_to), went_to[0]) == (4, "+6281234567890"), "and three e-mails"
    assert await town.states() == {"sent": 4, "waiting": 2}
    async with town.shop.database.site.connection() as connection:
        used = {
            one.prefix: (one.sent, one.most) for one in await message_budgets(connection, FEW, town.clock())
        }
    assert used == {"62": (1, 2), "email": (3, 3)}
    assert await town.send(FEW) == []
    town.clock.now += DAY
    assert len(await town.send(FEW)) == 1, "the fourth e-mail"
    town.clock.now += 3 * DAY
    assert await town.send(FEW) == []
    assert await town.states() == {"sent": 5, "dropped": 1}, "nothing may go to that country"


async def test_people_get_what_they_chose_with_a_link_that_ends_it(town: Town) -> None:
    database = town.shop.database
    for contact in ("ani@contoh.id", "orang1@contoh.id"):
        await database.owner.execute(
            """INSERT INTO customers.news_choice SELECT id, 'incident', false, $2 FROM customers.contact
               WHERE value = $1""",
            contact,
            NOON,
        )
    assert await town.tell() == 4
    await database.owner.execute(
        """INSERT INTO customers.news_choice SELECT id, 'incident', false, $1 FROM customers.contact
           WHERE value = 'orang2@contoh.id'""",
        NOON,
    )
    assert await town.send() == ["+14155552671", "+6281234567890", "orang0@contoh.id"]
    assert await town.states() == {"sent": 3, "unwanted": 1}
    mail = next(one for one in town.post.sent if one.to_kind == "email")
    assert (mail.subject, mail.text.startswith(TEXT.id)) == (TITLE.id, True)
    assert re.fullmatch(r"http://x/pesan/[\w=-]{44,}", mail.unsubscribe)
    assert mail.text.endswith(mail.unsubscribe)

    await turn_on(
        database.site, Contact(kind="email", value="ani@contoh.id"), NewsKind.ANNOUNCEMENT, now=NOON
    )
    said = AnnouncementForm(
        audience="all", event=None, title=TITLE, text=TEXT, starts_at=None, ends_at=NOON + DAY
    )  # type: ignore[arg-type]
    made = await add_announcement(database.operator, said, actor="ani", now=NOON)
    assert await town.tell(announcement=made.number) == 1, "only who asked for them"
    assert await town.send() == ["ani@contoh.id"]


async def test_a_code_goes_first(town: Town) -> None:
    await town.tell()
    code = Message(to_kind="email", to="x@contoh.id", subject="Kode", text="Kode: 123456")
    async with town.shop.database.worker.transaction() as tx:
        await outbox.enqueue_many(tx, [(CODE_TOPICS["email"], msgspec.structs.asdict(code))], NOON)
    assert await town.send() == ["+14155552671", "+6281234567890"]
    await outbox.claim(town.shop.database.worker, NOON, limit=1, lease_s=600, topics=[CODE_TOPICS["email"]])
    assert len(await town.send()) == 4


@pytest.mark.parametrize(
    ("trouble", "state"),
    [
        (Refusal(Kind.UNAVAILABLE, "message.unavailable", reason="TimeoutError", sent=True), "unknown"),
        (Refusal(Kind.INVALID, "message.address_refused"), "refused"),
        (Refusal(Kind.UNAVAILABLE, "message.unavailable", sent=False), "waiting"),
    ],
)
async def test_only_what_was_surely_not_taken_is_sent_again(town: Town, trouble: Refusal, state: str) -> None:
    await town.tell()
    town.post.trouble = trouble
    await town.send()
    assert await town.states() == {state: 6}
    town.post.trouble = None
    town.clock.now += timedelta(minutes=3)
    sent = await town.send()
    assert len(sent) == (6 if state == "waiting" else 0)
