"""One evening of a small queue: real gates, controller and admission, and a clock that the test moves.

- A lottery and a queue of two gates, one of which loses tickets that it gave.
- People who come when called, late or never.
- An operator who caps and halts.
- A bypass, promises, and certificates after the closing.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from meterai.gate.joining.ticket_issuer import TicketIssuer
from meterai.gate.published_cache import PublishedCache
from meterai.kernel.refusals import Refusal
from meterai.kit.fail_points import never
from meterai.sales.events import load_events
from meterai.sales.use_cases.set_events import set_events
from meterai.waiting_room.control.publisher import Publisher
from meterai.waiting_room.control.selection_loop import SelectionController
from meterai.waiting_room.control.site_load import SiteLoad, report_site_load
from meterai.waiting_room.control.step_draft import ReadNews, StepContext, no_news
from meterai.waiting_room.files.gate_journal import RECORD_BYTES
from meterai.waiting_room.files.promise_book import Promise, PromiseBook
from meterai.waiting_room.files.published_documents import Announcement
from meterai.waiting_room.files.published_queue import Published
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.files.window_files import GateSign
from meterai.waiting_room.rules.model import Policy, Schedule
from meterai.waiting_room.rules.seeds import SeedChains
from meterai.waiting_room.rules.tickets import decode_ticket
from meterai.waiting_room.store import lease_rows, queues
from meterai.waiting_room.use_cases.claim_pass import claim_pass
from meterai.waiting_room.use_cases.issue_certificate import issue_certificate
from meterai.waiting_room.use_cases.log_bypass import log_bypass
from meterai.waiting_room.use_cases.set_queue import set_queue
from meterai.waiting_room.use_cases.steer_queue import announce, cap_rate, halt_queue, resume_queue
from tests.storage_fixtures import TestDatabase

START = int(datetime(2026, 9, 5, 14, 0, tzinfo=UTC).timestamp())
SCHEDULE = Schedule(joins_from=START, opens_at=START + 15, closes_at=START + 150, window_s=5)
POLICY = Policy(claim_minutes=1, rate_floor=180, rate_cap=600)
CALM = SiteLoad(p95_ms=20, in_flight=1, requests=50, faults=0, entered={})


@dataclass
class Person:
    """A person in line. `comes`: when called."""

    contact: str
    comes: bool = True
    is_in_flight: bool = False
    text: str = ""
    has_pass: bool = False


class Gate:
    """A gate in this process."""

    def __init__(self, evening: Evening, number: int) -> None:
        self.number = number
        self.issuer = TicketIssuer(
            PublishedCache(evening.folder), evening.keys, gate=number, wall=lambda: evening.now
        )
        self._evening = evening
        self.tick()

    def tick(self) -> None:
        """The regular work of a gate."""
        self.issuer.published.look()
        self.issuer.close_windows()
        self.issuer._found_until = 0.0
        sign = GateSign(self.number, self._evening.now, self.issuer.journal.closed_through)
        (self._evening.folder.gate(self.number) / "gate.json").write_bytes(msgspec.json.encode(sign))

    def join(self, contact: str) -> str:
        """A ticket."""
        window = self.issuer.window()
        assert window is not None
        issued = self.issuer.issue(self.issuer.id_of(contact), window.number)
        self.issuer.journal.flush()
        return issued.text

    def lose_last(self, count: int) -> None:
        """Kills the gate. Its disk never had the last tickets."""
        window = self.issuer.window()
        assert window is not None
        self.issuer.close()
        path = self._evening.folder.gate(self.number) / f"w{window.number}.joins"
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size - count * RECORD_BYTES)


@dataclass
class Evening:
    """The event and everybody in it."""

    database: TestDatabase
    folder: QueueFolder
    now: float = START
    people: list[Person] = field(default_factory=list)
    gates: list[Gate] = field(default_factory=list)
    certificates: dict[str, bytes] = field(default_factory=dict)
    """Contact -> certificate, as signed."""
    statuses: list[bytes] = field(default_factory=list)
    """Every status, as published."""
    read_news: ReadNews = no_news

    async def open(self) -> None:
        """Makes the queue, publishes its rules and starts two gates."""
        db = self.database.app
        await set_events(db, load_events())
        await set_queue(db, self.folder.slug, SCHEDULE, POLICY, is_on=True, now=self._time)
        self.keys = self.folder.keys()
        self.chain = SeedChains(self.keys.chain, 2_000)
        async with db.connection() as connection:
            epoch = await lease_rows.take_lease(connection, "test", 3_600)
            queue = await queues.read_queue(connection, self.folder.slug)
        assert epoch is not None
        assert queue is not None
        self.number = queue.number
        steering = StepContext(
            db, self.folder.slug, "test", epoch, self.keys, self.chain, read_news=self.read_news
        )
        publisher = Publisher(self.folder, epoch, self.keys.controller)
        self.controller = SelectionController(steering, publisher, never)
        await report_site_load(db, "test", CALM)
        await self.controller.step(self.now)
        self.published = Published(self.folder)
        self.gates = [Gate(self, 1), Gate(self, 2)]

    async def second(self) -> None:
        """Lets one second pass for everything."""
        self.now += 1
        for gate in self.gates:
            gate.tick()
        for person in self.people:
            await self._knock(person)
        await report_site_load(self.database.app, "test", CALM)
        await self.controller.step(self.now)
        self.statuses.append(self.folder.status.read_bytes())

    def join(self, *people: Person) -> None:
        """People take tickets at the gates in turn."""
        for number, person in enumerate(people):
            person.text = self.gates[number % len(self.gates)].join(person.contact)
        self.people += people

    async def halt(self, reason: str) -> None:
        """An operator halts the queue."""
        await halt_queue(self.database.app, self.folder.slug, reason=reason, actor="rina", now=self._time)

    async def resume(self, reason: str) -> None:
        """An operator resumes the queue."""
        await resume_queue(self.database.app, self.folder.slug, reason=reason, actor="rina", now=self._time)

    async def cap(self, people: int, reason: str) -> None:
        """An operator sets a cap."""
        await cap_rate(
            self.database.app, self.folder.slug, people, reason=reason, actor="rina", now=self._time
        )

    async def say_hello(self) -> None:
        """An operator shows words on every wait page."""
        note = Announcement(id="Halo", en="Hello")
        await announce(self.database.app, self.folder.slug, note, actor="rina", now=self._time)

    async def promise(self, person: Person, seconds: int) -> None:
        """A gate gives its first promise, and the controller logs it."""
        ticket, book, now = decode_ticket(person.text), PromiseBook(self.folder.gate(1)), int(self.now)
        book.give(Promise(id=ticket.id, window=ticket.window, given_at=now, done_by=now + seconds))
        book.write()

    async def bypass(self) -> None:
        """A person enters who was inside before people had to wait."""
        await log_bypass(self.database.app, self.number, "was_inside", order_id=uuid.uuid4(), now=self._time)

    async def certify(self, person: Person) -> None:
        """A person in line gets a certificate."""
        self.certificates[person.contact] = await issue_certificate(
            self.database.app,
            self.published,
            person.text,
            contact=person.contact,
            masked="a***",
            now=self._time,
        )

    @property
    def _time(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)

    async def _knock(self, person: Person) -> None:
        if person.has_pass or not person.comes or not person.text or not self._is_called(person):
            return
        with suppress(Refusal):  # the door is full, or the queue is halted
            await claim_pass(
                self.database.app,
                self.published,
                person.text,
                contact=person.contact,
                is_in_flight=person.is_in_flight,
                now=self._time,
            )
            person.has_pass = True

    def _is_called(self, person: Person) -> bool:
        ticket = decode_ticket(person.text)
        place, status = self.published.place_of(ticket), self.gates[0].issuer.published.status
        called = status is not None and place is not None
        return called and (ticket.window, place) < tuple(status.frontiers[0])


def crowd(prefix: str, count: int) -> Sequence[Person]:
    """Makes people. Every tenth never comes."""
    return [Person(f"email:{prefix}{n}@contoh.id", n % 10 != 9) for n in range(count)]


async def spend_evening(database: TestDatabase, folder: QueueFolder) -> Evening:
    """Plays the evening from the lottery to the certificates."""
    evening = Evening(database, folder)
    chance = random.Random(7)
    await evening.open()
    evening.join(*crowd("undian", 30))
    while evening.now < SCHEDULE.opens_at:
        await evening.second()
    await evening.bypass()
    returner, in_flight = (
        Person("email:kembali@contoh.id"),
        Person("email:bayar@contoh.id", is_in_flight=True),
    )
    evening.join(returner, in_flight)
    held, returner.text = returner.text, ""  # comes a minute after the call, and the halt
    for second in range(100):
        if second < 40:
            evening.join(*crowd(f"antre{second}-", chance.randint(0, 2)))
        if second == 5:
            await evening.promise(evening.people[0], 60)
            await evening.promise(evening.people[1], 60)
        if second == 12:
            late = [Person(f"email:susulan{n}@contoh.id") for n in range(3)]
            for person in late:
                person.text = evening.gates[1].join(person.contact)
            evening.people += late
            evening.gates.pop().lose_last(2)
        if second == 25:
            evening.gates.append(Gate(evening, 2))
        if second == 30:
            await evening.halt("api di pusat data")
        if second == 36:
            await evening.resume("api padam")
        if second == 60:
            await evening.say_hello()
            await evening.cap(300, "bank minta pelan")
        if second == 90:
            returner.text = held
        await evening.second()
    await evening.cap(0, "bank berhenti")
    last = crowd("akhir", 8)
    evening.join(*last)
    while evening.now < SCHEDULE.closes_at - 3:
        await evening.second()
    lost = Person("email:hilang@contoh.id")
    lost.text = evening.gates[1].join(lost.contact)
    evening.people.append(lost)
    evening.gates.pop().lose_last(1)
    while evening.now < SCHEDULE.closes_at + 15:
        await evening.second()
    for person in (*last[:2], lost):
        await evening.certify(person)
    await evening.second()
    await evening.second()
    await evening.controller.close()
    for gate in evening.gates:
        gate.issuer.close()
    return evening
