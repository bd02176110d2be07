"""One evening, second by second: gates, controllers, site and people, with a clock that the play moves."""

from __future__ import annotations

import heapq
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random

from meterai.kernel.refusals import Refusal
from meterai.sales.events import load_events
from meterai.sales.use_cases.set_events import set_events
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.published_documents import Status
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.rules.model import Lane, Policy, Schedule
from meterai.waiting_room.use_cases.set_queue import set_queue
from tests.players.evenings.beacon import BeaconTwin
from tests.players.evenings.clocks import Clocks
from tests.players.evenings.controllers import Controllers
from tests.players.evenings.copies import Copies
from tests.players.evenings.gates import Gate
from tests.players.evenings.people import Person, people
from tests.players.evenings.site import Site
from tests.storage_fixtures import TestDatabase

START = int(datetime(2026, 9, 5, 14, 0, tzinfo=UTC).timestamp())
Act = Callable[[], Awaitable[object]]


class Evening:
    """The event and everybody in it. `flow`: people a second who come now."""

    def __init__(
        self,
        database: TestDatabase,
        root: Path,
        chance: Random,
        schedule: Schedule,
        policy: Policy,
        *,
        with_beacon: bool = False,
    ) -> None:
        self.database, self.chance = database, chance
        self.folder = QueueFolder(root / "queue" / "casn")
        self.schedule, self.policy = schedule, policy
        self.clocks = Clocks(START)
        self.keys = self.folder.keys()
        self.beacon, self.has_beacon = BeaconTwin(self.clocks), with_beacon
        source = self.beacon.source() if with_beacon else None
        self.controllers = Controllers(database, self.folder, source)
        self.copies = Copies(database, self.folder, root)
        self.site = Site(database, self.folder, self.clocks, chance)
        self.gates: dict[int, Gate] = {}
        self.people: list[Person] = []
        self.heads: dict[int, str] = {}
        """Heads of the log that people kept from statuses."""
        self.statuses: dict[tuple[int, int], bytes] = {}
        """(epoch, sequence) -> a status that people kept, as published."""
        self.flow = 0.0
        self._away_since: float | None = None
        self._later: list[tuple[float, int, Act]] = []
        self._ties = count()
        self._coming = people(chance, "orang", claim_s=policy.claim_minutes * 60)

    async def open(self, *, always: bool) -> None:
        """Makes the queue, publishes its rules and starts three gates."""
        await set_events(self.database.app, load_events())
        await self.set_rules(self.schedule, self.policy)
        await self.database.owner.execute("UPDATE waiting_room.queue SET always_in_line = $1", always)
        await self.take_over()
        await self.site.second()
        await self.controllers.step(self.clocks.of("controller"))
        for number in (1, 2, 3):
            self.start_gate(number)

    async def set_rules(self, schedule: Schedule, policy: Policy) -> None:
        """The operator's events file says this."""
        self.schedule, self.policy = schedule, policy
        await set_queue(self.database.app, self.folder.slug, schedule, policy, is_on=True, now=self.site.now)

    async def take_over(self) -> None:
        """Another controller leads, on a machine whose clock is a little wrong."""
        self.clocks.ahead["controller"] = self.chance.uniform(-0.9, 0.9)
        await self.controllers.take_over()

    def start_gate(self, number: int) -> None:
        """Starts a gate, on a machine whose clock is a little wrong."""
        self.clocks.ahead[f"gate {number}"] = self.chance.uniform(-1.9, 1.9)
        self.gates[number] = Gate(self.folder, self.folder.gate_keys(), number, self.clocks)

    def later(self, seconds: float, act: Act) -> None:
        """Does something after this time."""
        heapq.heappush(self._later, (self.clocks.now + seconds, next(self._ties), act))

    # --------------------------------------------------------------- outages

    def lose_database(self) -> None:
        """Nobody reaches the database."""
        self._away_since = self.clocks.now

    async def find_database(self) -> None:
        """The database is back. Steps may come before the site's next report."""
        assert self._away_since is not None
        seconds, self._away_since = int(self.clocks.now - self._away_since), None
        await self.site.age(seconds)
        await self.take_over()
        if self.chance.random() < 0.5:
            await self.controllers.step(self.clocks.of("controller"))

    @property
    def has_database(self) -> bool:
        """Whether the database answers."""
        return self._away_since is None

    # ------------------------------------------------------------ the seconds

    async def seconds(self, number: int) -> None:
        """Lets this many seconds pass for everything."""
        for _ in range(number):
            await self._second()

    def status(self) -> Status | None:
        """The status that people see."""
        with suppress(OSError, Refusal):
            key = self.keys.controller.public_key()
            return published_documents.read(self.folder.status.read_bytes(), Status, key)
        return None

    async def _second(self) -> None:
        self.clocks.now += 1
        while self._later and self._later[0][0] <= self.clocks.now:
            await heapq.heappop(self._later)[2]()
        for gate in self.gates.values():
            gate.tick()
        self._come()
        if self.has_database:
            await self.site.second()
            await self._knock()
            await self.controllers.step(self.clocks.of("controller"))
        if (status := self.status()) is not None:
            self.heads[status.log[0]] = status.log[1]
            self.statuses[status.epoch, status.sequence] = self.folder.status.read_bytes()
            self._call(status)

    def _come(self) -> None:
        """People come, and people whose ticket is worth nothing any more take another."""
        share, number = self.flow % 1, int(self.flow)
        for _ in range(number + (self.chance.random() < share)):
            self._take_place(next(self._coming))
        for person in self.people:
            if not person.text and not person.is_done:
                self._join(person)

    def _take_place(self, person: Person) -> None:
        gates = list(self.gates.values())
        if gates and self.chance.choice(gates).issuer.enters_directly():
            self.site.enter_freely()
        elif gates and self._join(person):
            self.people.append(person)

    def _join(self, person: Person) -> bool:
        gate = self.chance.choice(list(self.gates.values())) if self.gates else None
        joined = None if gate is None else gate.join(person.contact)
        if gate is None or joined is None:
            return False
        person.ticket, person.text, person.place = *joined, None
        if self.chance.random() < 0.1:
            gate.promise(person.ticket, within_s=600)
        return True

    def _call(self, status: Status) -> None:
        """People see on their wait page that they are called."""
        window, x = status.frontiers[Lane.NEW]
        for person in self.people:
            if person.is_done or person.knocks_at is not None or person.ticket is None:
                continue
            if person.comes_after_s is None or person.ticket.window > window or self.site.published is None:
                continue
            if person.place is None:
                person.place = self.site.published.place_of(person.ticket)
            if person.place is not None and (person.ticket.window, person.place) < (window, x):
                person.knocks_at = self.clocks.now + person.comes_after_s

    async def _knock(self) -> None:
        for person in self.people:
            if person.knocks_at is not None and person.knocks_at <= self.clocks.now and not self.site.is_away:
                await self.site.knock(person)

    async def settle(self) -> None:
        """Lets time pass until everything that was planned is done."""
        while self._later:
            await self.seconds(1)

    async def forget_what_is_gone(self) -> None:
        """After a restore all processes start again, and people whose pass is gone come again.

        Windows may be closed again with other lists, so places are drawn again.
        """
        await self.set_rules(self.schedule, self.policy)
        self.site.published = None
        for person in self.people:
            person.place = None
            if person.is_done and person.ticket is not None and not await self.site.has_pass(person):
                person.is_done = False

    async def close(self) -> None:
        """Ends everything."""
        await self.controllers.close()
        for gate in self.gates.values():
            gate.close()
