"""Codes and reminders have lanes of their own, and none waits behind the messages of strangers."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import structlog

from meterai.background.topics import Bells, send_messages
from meterai.customers.choices import NewsKind
from meterai.customers.codes import BEHIND_AFTER, BEHIND_MIN, Asker
from meterai.customers.contacts import Contact, canonical_contact
from meterai.customers.use_cases.choose_news import choose_news
from meterai.customers.use_cases.request_code import request_code
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit import outbox
from meterai.kit.messages import MESSAGE_TOPICS, STRANGERS_CODE_TOPICS, TOPICS, Message, ToKind
from meterai.kit.settings import Settings
from tests.customers.known_browsers import known_mark
from tests.sales.fake_gateway import SetClock
from tests.sales.shop import NOON
from tests.storage_fixtures import TestDatabase

ANI = canonical_contact("ani@contoh.id")


class Post:
    """A messenger that keeps what it is given, or is out of order."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.asked = 0
        self.trouble: Refusal | None = None
        self.takes = ""
        """Addresses with this in them are taken in spite of the trouble."""
        self.hangs_for = ""
        """Messages of this kind are not answered until `goes_on`."""
        self.goes_on = asyncio.Event()

    async def deliver(self, message: Message) -> str:
        self.asked += 1
        await asyncio.sleep(0)
        if message.to_kind == self.hangs_for:
            await self.goes_on.wait()
        if self.trouble is not None and not (self.takes and self.takes in message.to):
            raise self.trouble
        self.sent.append(message)
        return ""


class SlowForOld(Post):
    """A messenger that takes longer for one message."""

    async def deliver(self, message: Message) -> str:
        for _ in range(5 if message.text == "old" else 0):
            await asyncio.sleep(0)
        return await super().deliver(message)


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def app(tmp_path: Path, post: Post) -> Any:
    clock = SetClock(NOON)
    return SimpleNamespace(settings=Settings(data=tmp_path), messenger=post, clock=clock)


def reminder(to: str, kind: ToKind = "email") -> Message:
    return Message(to_kind=kind, to=to, subject="Giliran Anda", text="Masuk.")


def worker_with(app: Any, database: TestDatabase) -> Any:
    """The worker's application with a database and an outbox."""
    return SimpleNamespace(db=database.worker, site=database.site, messenger=app.messenger, clock=app.clock)


async def write_down(worker: Any, *messages: Message) -> None:
    """Puts messages that are no codes into the outbox."""
    entries = [(MESSAGE_TOPICS[one.to_kind], msgspec.structs.asdict(one)) for one in messages]
    async with worker.db.transaction() as tx:
        await outbox.enqueue_many(tx, entries, worker.clock())


async def send_due(worker: Any) -> None:
    """One turn of each lane of messages, all at once."""
    await asyncio.gather(*(send_messages(worker, topic) for topic in TOPICS))


async def test_a_code_waits_neither_behind_reminders_nor_for_another_station(
    app: Any, post: Post, database: TestDatabase
) -> None:
    worker, phone = worker_with(app, database), canonical_contact("081234567890")
    await write_down(worker, *(reminder(f"orang{number}@contoh.id") for number in range(40)))
    for contact in (*(canonical_contact(f"orang{number}@contoh.id") for number in range(40)), phone):
        await request_code(
            database.site, b"k" * 32, contact, address=contact.value, language="id", now=app.clock()
        )
    post.hangs_for = "email"
    async with asyncio.timeout(10):
        sending = asyncio.create_task(send_due(worker))
        while not post.sent:
            await asyncio.sleep(0.01)
    assert [(one.to, one.subject) for one in post.sent] == [(phone.value, "Kode Meterai Anda")]
    assert f"Kode Anda: {post.sent[0].code}\n" in post.sent[0].text
    post.hangs_for = ""
    post.goes_on.set()
    await sending
    mailed = [one.subject for one in post.sent if one.to_kind == "email"]
    assert (mailed.count("Kode Meterai Anda"), mailed.count("Giliran Anda")) == (8, 8)


async def crowd(worker: Any, count: int) -> None:
    """Strangers ask for `count` codes of invented contacts."""
    codes = [reminder(f"orang{number}@contoh.id") for number in range(count)]
    entries = [(STRANGERS_CODE_TOPICS["email"], msgspec.structs.asdict(one)) for one in codes]
    async with worker.db.transaction() as tx:
        await outbox.enqueue_many(tx, entries, worker.clock())


async def ask(worker: Any, asker: Asker = Asker.STRANGER, contact: Contact = ANI, *, mark: str = "") -> None:
    await request_code(
        worker.site,
        b"k" * 32,
        contact,
        asker=asker,
        mark=mark,
        address="192.0.2.1",
        language="id",
        now=worker.clock(),
    )


async def test_who_is_called_or_known_does_not_wait_behind_the_codes_of_strangers(
    app: Any, post: Post, database: TestDatabase
) -> None:
    worker = worker_with(app, database)
    await crowd(worker, 2_000)
    await ask(worker)
    app.clock.now += timedelta(minutes=5)
    await ask(worker, Asker.CALLED)
    mark = await known_mark(database, ANI, app.clock())
    app.clock.now += timedelta(minutes=5)
    await ask(worker, mark=mark)
    await send_due(worker)
    assert [one.to for one in post.sent].count(ANI.value) == 2
    assert len(post.sent) == 10, "a stranger's turn comes later"


async def test_strangers_get_no_code_while_those_of_strangers_wait_for_a_minute(
    app: Any, database: TestDatabase
) -> None:
    """It would lapse before it is sent."""
    worker = worker_with(app, database)
    await crowd(worker, BEHIND_MIN)
    app.clock.now += 2 * BEHIND_AFTER
    await ask(worker)
    await crowd(worker, 1)
    await ask(worker)
    app.clock.now += 2 * BEHIND_AFTER
    with pytest.raises(Refusal) as caught:
        await ask(worker)
    assert (caught.value.kind, caught.value.code) == (Kind.BUSY, "code.behind")
    assert caught.value.facts == {"retry_after_s": 60}
    await ask(worker, contact=canonical_contact("081234567890"))
    await ask(worker, Asker.CALLED)
    await ask(worker, mark=await known_mark(database, ANI, app.clock()))
    while await outbox.due_topics(database.app, TOPICS, app.clock()):
        await send_due(worker)
    await ask(worker)


async def test_messages_of_one_person_arrive_in_order(app: Any, database: TestDatabase) -> None:
    app.messenger = SlowForOld()
    worker = worker_with(app, database)
    theirs = [msgspec.structs.replace(reminder("ani@contoh.id"), text=text) for text in ("old", "new")]
    await write_down(worker, *theirs, reminder("budi@contoh.id"))
    await send_messages(worker, MESSAGE_TOPICS["email"])
    sent = app.messenger.sent
    assert [one.text for one in sent if one.to == "ani@contoh.id"] == ["old", "new"]
    assert sent[0].to == "budi@contoh.id", "others do not wait for that"
    assert await outbox.due_topics(database.app, TOPICS, app.clock() + timedelta(days=1)) == []


async def test_every_lane_of_messages_is_woken_by_what_is_due_in_it(app: Any, database: TestDatabase) -> None:
    worker, bells = worker_with(app, database), Bells()
    await write_down(worker, reminder("ani@contoh.id"), reminder("+6281234567890", "phone"))
    await request_code(worker.site, b"k" * 32, ANI, address="192.0.2.1", language="id", now=app.clock())
    assert await bells.watch(worker) == 3
    for topic in ("message.email", "message.phone", "code.stranger.email"):
        async with asyncio.timeout(1):
            await bells.messages[topic].wait()


async def test_a_message_outlasts_a_day_without_a_mail_server(
    app: Any, post: Post, database: TestDatabase
) -> None:
    worker = worker_with(app, database)
    await write_down(worker, reminder("ani@contoh.id"))
    post.trouble = Refusal(Kind.UNAVAILABLE, "message.unavailable")
    for _ in range(24 * 30):
        await send_messages(worker, MESSAGE_TOPICS["email"])
        app.clock.now += timedelta(minutes=2)
    post.trouble = None
    await send_messages(worker, MESSAGE_TOPICS["email"])
    assert [one.subject for one in post.sent] == ["Giliran Anda"]
    assert await outbox.due_topics(database.app, TOPICS, app.clock() + timedelta(days=1)) == []


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (Refusal(Kind.UNAVAILABLE, "message.unavailable", reason="SMTPConnectError"), "worker.put_off"),
        (Refusal(Kind.UNAVAILABLE, "message.unavailable", smtp_code=450), "worker.put_off"),
        (Refusal(Kind.INVALID, "message.address_refused", smtp_code=550), "worker.message_given_up"),
    ],
)
async def test_the_log_says_why_a_message_was_not_taken_and_not_whose_it_is(
    app: Any, post: Post, database: TestDatabase, trouble: Refusal, told: str
) -> None:
    worker = worker_with(app, database)
    await write_down(worker, reminder("ani@contoh.id"))
    post.trouble = trouble
    with structlog.testing.capture_logs() as lines:
        await send_due(worker)
    [line] = lines
    assert line["event"] == told
    assert line["topic"] == "message.email"
    assert {name: line[name] for name in ("code", *trouble.facts)} == {"code": trouble.code, **trouble.facts}
    assert "ani" not in str(line)


async def test_a_code_that_has_expired_meanwhile_is_not_sent(
    app: Any, post: Post, database: TestDatabase
) -> None:
    worker = worker_with(app, database)
    for language in ("id", "en"):
        await request_code(
            database.app, b"k" * 32, ANI, address="192.0.2.1", language=language, now=app.clock()
        )
        app.clock.now += timedelta(minutes=9)
    await send_due(worker)
    assert [one.subject for one in post.sent] == ["Your Meterai code"]
    assert await outbox.due_topics(database.app, TOPICS, app.clock() + timedelta(days=1)) == []


async def test_an_address_that_takes_nothing_is_asked_once(
    app: Any, post: Post, database: TestDatabase
) -> None:
    await request_code(database.app, b"k" * 32, ANI, address="192.0.2.1", language="id", now=app.clock())
    post.trouble = Refusal(Kind.INVALID, "message.address_refused")
    await send_due(worker_with(app, database))
    assert await outbox.due_topics(database.app, TOPICS, app.clock() + timedelta(days=1)) == []


async def test_a_reminder_that_its_reader_has_turned_off_is_not_sent(
    app: Any, post: Post, database: TestDatabase
) -> None:
    worker = worker_with(app, database)
    await known_mark(database, ANI, app.clock())  # a customer with this contact
    contact = await database.owner.fetchval("SELECT id FROM customers.contact WHERE value = $1", ANI.value)
    await choose_news(database.site, [(contact, NewsKind.REMINDER, False)], now=app.clock())
    reminding = msgspec.structs.replace(reminder(ANI.value), choice="reminder")
    to_all = msgspec.structs.replace(reminder(ANI.value), subject="Kontak baru")
    await write_down(worker, reminding, to_all, msgspec.structs.replace(reminding, to="budi@contoh.id"))
    await send_due(worker)
    assert [(one.to, one.subject) for one in sorted(post.sent, key=lambda one: one.to)] == [
        (ANI.value, "Kontak baru"),
        ("budi@contoh.id", "Giliran Anda"),
    ]
    assert await outbox.due_topics(database.app, TOPICS, app.clock() + timedelta(days=1)) == []
