"""Messages that gates leave are sent at least once, by one worker at a time, and not too late."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import structlog

from meterai.background.queue_messages import send_gate_mail
from meterai.background.topics import Bells, send_messages
from meterai.customers.codes import BEHIND_AFTER, BEHIND_MIN, Asker
from meterai.customers.contacts import Contact, canonical_contact
from meterai.customers.use_cases.request_code import request_code
from meterai.gate.joining.contact_codes import ContactCodes
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit import outbox
from meterai.kit.messages import MESSAGE_TOPICS, STRANGERS_CODE_TOPICS, TOPICS, Message, ToKind
from meterai.kit.settings import Settings
from meterai.waiting_room.files.queue_folder import QueueFolder, publish
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

    async def deliver(self, message: Message) -> None:
        self.asked += 1
        await asyncio.sleep(0)
        if message.to_kind == self.hangs_for:
            await self.goes_on.wait()
        if self.trouble is not None and not (self.takes and self.takes in message.to):
            raise self.trouble
        self.sent.append(message)


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def app(tmp_path: Path, post: Post) -> Any:
    clock = SetClock(NOON)
    return SimpleNamespace(settings=Settings(data=tmp_path), messenger=post, clock=clock)


@pytest.fixture
def codes(tmp_path: Path) -> ContactCodes:
    """The codes of a gate of an event that has published its rules."""
    folder = QueueFolder(tmp_path / "queue" / "casn")
    publish(folder.config, b"{}")
    return ContactCodes(b"k" * 32, folder.gate(3) / "mail")


def leave(codes: ContactCodes) -> None:
    assert codes.send(ANI, NOON.timestamp(), subject="Kode antrean", text="Kode: {code}", language="id")


def reminder(to: str, kind: ToKind = "email") -> Message:
    return Message(to_kind=kind, to=to, subject="Giliran Anda", text="Masuk.")


def left(app: Any) -> int:
    return len(list(app.settings.data.rglob("mail/*.json")))


async def test_a_code_that_a_gate_left_is_sent_and_its_file_goes(
    app: Any, codes: ContactCodes, post: Post
) -> None:
    leave(codes)
    assert await send_gate_mail(app) == 1
    assert [(one.to, one.subject) for one in post.sent] == [("ani@contoh.id", "Kode antrean")]
    assert post.sent[0].text == f"Kode: {post.sent[0].code}"
    assert left(app) == 0
    assert await send_gate_mail(app) == 0


async def test_a_code_that_has_expired_is_not_sent_any_more(
    app: Any, codes: ContactCodes, post: Post
) -> None:
    leave(codes)
    app.clock.now = NOON.replace(hour=NOON.hour + 1)
    await send_gate_mail(app)
    assert (post.sent, left(app)) == ([], 0)


async def test_a_message_waits_while_the_next_station_is_down(
    app: Any, codes: ContactCodes, post: Post
) -> None:
    leave(codes)
    post.trouble = Refusal(Kind.UNAVAILABLE, "message.unavailable")
    with pytest.raises(Refusal):
        await send_gate_mail(app)
    assert left(app) == 1
    post.trouble = None
    await send_gate_mail(app)
    assert (len(post.sent), left(app)) == (1, 0)


@pytest.mark.parametrize(
    ("others", "facts", "asked"),
    [("0812345670{:02}", {}, 16), ("orang{:02}@lambat.contoh", {"smtp_code": 450}, 40)],
)
async def test_nobody_waits_behind_messages_that_are_not_taken_now(
    app: Any, codes: ContactCodes, post: Post, others: str, facts: dict[str, object], asked: int
) -> None:
    """A station that is down may take long to say so: it is not asked for thousands, one by one."""
    for number in range(40):
        one = canonical_contact(others.format(number))
        assert codes.send(
            one, NOON.timestamp() - 1, subject="Kode antrean", text="Kode: {code}", language="id"
        )
    leave(codes)
    post.trouble, post.takes = Refusal(Kind.UNAVAILABLE, "message.unavailable", **facts), "ani@"
    assert await send_gate_mail(app) == 1
    assert [one.to for one in post.sent] == ["ani@contoh.id"]
    assert (left(app), post.asked) == (40, asked + 1)


async def test_mails_at_which_the_station_fails_shut_nobody_out(
    app: Any, codes: ContactCodes, post: Post
) -> None:
    for number in range(40):
        one = canonical_contact(f"orang{number:02}@lambat.contoh")
        assert codes.send(
            one, NOON.timestamp() - 1, subject="Kode antrean", text="Kode: {code}", language="id"
        )
    leave(codes)
    post.trouble, post.takes = Refusal(Kind.UNAVAILABLE, "message.unavailable"), "ani@"
    for _ in range(3):
        app.clock.now += timedelta(seconds=1)
        with suppress(Refusal):
            await send_gate_mail(app)
    assert [one.to for one in post.sent] == ["ani@contoh.id"]
    assert left(app) == 40


async def test_a_message_that_no_station_will_ever_take_is_dropped(
    app: Any, codes: ContactCodes, post: Post
) -> None:
    leave(codes)
    post.trouble = Refusal(Kind.INVALID, "message.address_refused")
    await send_gate_mail(app)
    assert left(app) == 0


async def test_two_workers_do_not_send_the_same_message_twice(
    app: Any, codes: ContactCodes, post: Post
) -> None:
    for _ in range(3):
        leave(codes)
    await asyncio.gather(*(send_gate_mail(app) for _ in range(4)))
    assert (len(post.sent), left(app)) == (3, 0)


async def test_a_file_that_cannot_be_read_blocks_nobody(app: Any, codes: ContactCodes, post: Post) -> None:
    broken = next(app.settings.data.rglob("casn")) / "gates" / "3" / "mail" / "1-broken.json"
    publish(broken, msgspec.json.encode({"to": 1}))
    leave(codes)
    await send_gate_mail(app)
    assert (len(post.sent), left(app)) == (1, 0)


def worker_with(app: Any, database: TestDatabase) -> Any:
    """The worker's application with a database and an outbox."""
    return SimpleNamespace(db=database.app, messenger=app.messenger, clock=app.clock)


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
            worker.db, b"k" * 32, contact, address=contact.value, language="id", now=app.clock()
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


async def ask(worker: Any, asker: Asker = Asker.STRANGER, contact: Contact = ANI) -> None:
    await request_code(
        worker.db, b"k" * 32, contact, asker=asker, address="192.0.2.1", language="id", now=worker.clock()
    )


async def test_who_is_called_or_known_does_not_wait_behind_the_codes_of_strangers(
    app: Any, post: Post, database: TestDatabase
) -> None:
    worker = worker_with(app, database)
    await crowd(worker, 2_000)
    await ask(worker)
    for asker in (Asker.CALLED, Asker.KNOWN):
        app.clock.now += timedelta(minutes=5)
        await ask(worker, asker)
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
    await ask(worker, Asker.KNOWN)
    while await outbox.due_topics(database.app, TOPICS, app.clock()):
        await send_due(worker)
    await ask(worker)


async def test_every_lane_of_messages_is_woken_by_what_is_due_in_it(app: Any, database: TestDatabase) -> None:
    worker, bells = worker_with(app, database), Bells()
    await write_down(worker, reminder("ani@contoh.id"), reminder("+6281234567890", "phone"))
    await request_code(worker.db, b"k" * 32, ANI, address="192.0.2.1", language="id", now=app.clock())
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
