"""Plays a line from the first join to the closing, second by second, with scheduled faults."""

from __future__ import annotations

import base64
import heapq
import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import msgspec

from meterai.kernel.refusals import Refusal
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.published_documents import Config
from meterai.waiting_room.files.queue_folder import QueueFolder, publish
from meterai.waiting_room.files.queue_keys import KEY_ID
from meterai.waiting_room.files.window_files import Superseded
from meterai.waiting_room.rules import windows
from meterai.waiting_room.rules.model import Policy, Schedule
from meterai.waiting_room.rules.rate_model import SiteMeasurements
from meterai.waiting_room.rules.seeds import SeedChain
from tests.players.line.checks import Checks
from tests.players.line.controller import Controller, Kept, Killed
from tests.players.line.crowd import Kind, Person, crowd
from tests.players.line.gates import Gate
from tests.players.line.signing import KeyedHash
from tests.players.line.site_admission import SiteAdmission

START = 1_800_000_000
CHAIN_LENGTH = 2_048
CLOCK_SHIFTS_S = (0.0, 40.0, -25.0, 1.5)


@dataclass(frozen=True, slots=True)
class Faults:
    """The times of faults, as shares of the time from the opening to the closing. None: never."""

    gate_killed: float | None = 0.25
    """A gate dies with a second's joins unanswered, and comes back after a twentieth of the time."""
    files_lost: float | None = 0.15
    """A gate loses its disk and starts on an empty one."""
    controller_killed: float | None = 0.5
    """A controller dies between storing a step and publishing it. For eight seconds there is none."""
    gate_frozen: float | None = 0.6
    """A gate stands still for 20 s. Its counts are late, and its windows are closed without it."""
    site_down: float | None = 0.7
    """The site does not answer for a twentieth of the time."""


@dataclass(frozen=True, slots=True)
class Report:
    """The results."""

    people: int
    tickets: int
    entered: int
    returners: int
    told: int
    absent: int
    dropped: int
    late_tickets: int
    unlisted: int
    """Tickets refused although a gate had issued them."""
    windows: int
    dead_gates: int
    refusals: dict[str, int]
    most_over: float
    longest_knocking_s: float
    problems: list[str]


class PlayState:
    """The state of a played line."""

    def __init__(
        self,
        folder: QueueFolder,
        random: random.Random,
        *,
        people: int,
        schedule: Schedule,
        policy: Policy,
        faults: Faults,
    ) -> None:
        self.folder, self.random, self.people = folder, random, people
        self.schedule, self.policy, self.faults = schedule, policy, faults
        self.now = float(START)
        self.checks = Checks()
        self.refusals: Counter[str] = Counter()
        self.unlisted: set[int] = set()
        keys = self.folder.keys()
        self.signer = KeyedHash(keys.event)
        self.chain = SeedChain(keys.chain, CHAIN_LENGTH)
        config = Config(
            event=self.folder.slug, version=1, schedule=self.schedule, policy=self.policy,
            commitment=self.chain.commitment.hex(), chain_length=CHAIN_LENGTH,
            ticket_keys={KEY_ID: _raw(keys.ticket)}, controller_key=_raw(keys.controller),
        )  # fmt: skip
        publish(self.folder.config, published_documents.sign(config, keys.controller))
        self.kept = Kept()
        self.controller: Controller | None = self._make_controller()
        self.gates = [
            Gate(self.folder, self.signer, number, lambda: self.now, shift_s=shift)
            for number, shift in enumerate(CLOCK_SHIFTS_S, 1)
        ]
        self.site = SiteAdmission(self.folder, self.signer, self.kept, self.schedule, self.policy)
        self.crowd = list(crowd(self.random, self.people, self.schedule))
        self.events: list[tuple[float, int, Person, int]] = []
        """(when, tie, person, index of the ticket to knock with; -1: joins)."""
        self._tie = count()
        for person in self.crowd:
            for at in person.joins_at:
                self._later(at, person, -1)
        self.lines: dict[int, list[tuple[int, int, Person, int]]] = {}
        """By window: (place, tie, person, index of the ticket), sorted once its seed is known."""
        self.unsorted: dict[int, list[tuple[Person, int]]] = {}
        self.passed: dict[int, int] = {}
        self.drawn_through = windows.first_number(self.schedule) - 1
        self.site_silent_s = 0.0
        self.old_controller: Controller | None = None

    # ------------------------------------------------------------------------------------------- playing

    def play(self) -> Report:
        """Plays until everybody knows the result."""
        length = self.schedule.closes_at - self.schedule.opens_at
        faults = dict(sorted(self._faults(length)))
        while self.now < self.schedule.closes_at + 30:
            self.now += 1
            for at in [at for at in faults if at <= self.now]:
                faults.pop(at)()
            self._people()
            for gate in self.gates:
                gate.look()
            self._control()
            self._call()
        self._tell_the_rest()
        return self._report()

    def _people(self) -> None:
        """Plays what people do in this second. They get tickets when these are on the disk."""
        entered = self.kept.claimed
        issued: list[tuple[Gate, Person, str]] = []
        while self.events and self.events[0][0] <= self.now:
            _, _, person, ticket = heapq.heappop(self.events)
            if ticket >= 0:
                self._knock(person, ticket)
            else:
                self._join(person, issued)
        for gate in self.gates:
            gate.flush()
        for gate, person, text in issued:
            if gate.issuer is None:  # it died before it answered
                self._drop(person)
            else:
                self._hand_out(person, text)
        self.checks.second(self.kept.rate, self.kept.claimed - entered)

    def _join(self, person: Person, issued: list[tuple[Gate, Person, str]]) -> None:
        gate = self.random.choice(self.gates)
        if not gate.answers:
            self._drop(person)
            return
        text = gate.join(person.contact)
        if text is None:
            person.is_told = person.is_told or not person.tickets  # came too late: the page says so
        else:
            issued.append((gate, person, text))

    def _drop(self, person: Person) -> None:
        """Loses a request. The person tries again, at any gate."""
        person.dropped += 1
        self._later(self.now + 5, person, -1)

    def _hand_out(self, person: Person, text: str) -> None:
        before = len(person.tickets)
        person.take(text)
        if len(person.tickets) == before:
            return
        window = person.tickets[-1].window
        if window <= self.drawn_through:
            self.checks.problems.append(f"a ticket into window {window}, which is drawn")
        self.unsorted.setdefault(window, []).append((person, before))
        if person.kind is Kind.PUSHY:
            self._later(self.now + self.random.uniform(1, 120), person, before)

    def _control(self) -> None:
        if self.controller is None:
            return
        waiting = sum(map(len, self.unsorted.values())) + sum(map(len, self.lines.values()))
        waiting -= sum(self.passed.values())
        try:
            self.controller.step(self.now, SiteMeasurements(heard_s=self.site_silent_s), waiting=waiting)
        except Killed:
            self.old_controller, self.controller = self.controller, None
            return
        kept = self.kept
        status = (kept.frontier.window, kept.frontier.x)
        self.checks.published(self.controller.epoch, kept.sequence, status)

    def _call(self) -> None:
        """Sorts windows that are drawn, and lets called people come to the door."""
        while self.drawn_through < self.kept.revealed_through:
            self.drawn_through += 1
            found = []
            for person, ticket in self.unsorted.pop(self.drawn_through, []):
                place = self.site.published.place_of(person.tickets[ticket])
                assert place is not None
                found.append((place, next(self._tie), person, ticket))
            self.lines[self.drawn_through] = sorted(found)
        frontier = self.kept.frontier
        for window in [window for window in self.lines if window <= frontier.window]:
            line = self.lines[window]
            end = len(line) if window < frontier.window else bisect_left(line, (frontier.x,))
            for _, _, person, ticket in line[self.passed.get(window, 0) : end]:
                self._come(person, ticket)
            self.passed[window] = end
            if end == len(line) and window < frontier.window:
                del self.lines[window], self.passed[window]

    def _come(self, person: Person, ticket: int) -> None:
        if person.kind is Kind.ABSENT:
            return
        after = self.random.uniform(1, 6)
        if person.kind is Kind.LATE:
            after += self.random.uniform(1, 2) * 60 * self.policy.claim_minutes
        self._later(self.now + after, person, ticket)

    def _knock(self, person: Person, ticket: int) -> None:
        was_in = person.is_in
        try:
            given = self.site.claim(person.texts[ticket], person.contact, self.now)
        except Refusal as refusal:
            self._refused(person, ticket, refusal)
            return
        if not was_in:
            self.checks.entered(given, person.knocked_first or self.now)
        person.is_in = True

    def _refused(self, person: Person, ticket: int, refusal: Refusal) -> None:
        self.refusals[refusal.code] += 1
        match refusal.code:
            case "queue.not_called":
                held = person.tickets[ticket]
                place = self.site.published.place_of(held)
                self.checks.refused_as_not_called(None if place is None else (held.window, place))
            case "queue.door_full":
                person.knocked_first = person.knocked_first or self.now
                self._later(self.now + float(str(refusal.facts["retry_after_s"])), person, ticket)
            case "queue.halted":
                self._later(self.now + 10, person, ticket)
            case "queue.closed":
                person.is_told = True
            case "ticket.unlisted":
                self.unlisted.add(person.number)
                self.checks.problems.append(f"the ticket of {person.number} was taken for minted")
            case code:
                self.checks.problems.append(f"{person.number} was refused: {code}")

    def _tell_the_rest(self) -> None:
        """After the closing, everybody who wanted to enter looks once more."""
        for person in self.crowd:
            if person.kind is not Kind.ABSENT and not person.is_in:
                for ticket in range(len(person.texts)):
                    self._knock(person, ticket)
                if not person.is_told:
                    self.checks.problems.append(f"{person.number} was neither let in nor told")

    def _later(self, at: float, person: Person, ticket: int) -> None:
        heapq.heappush(self.events, (at, next(self._tie), person, ticket))

    # -------------------------------------------------------------------------------------------- faults

    def _faults(self, length: float) -> Iterator[tuple[float, Callable[[], object]]]:
        def at(share: float) -> float:
            return self.schedule.opens_at + share * length + 4  # inside a window, not at its border

        faults = self.faults
        if faults.gate_killed is not None:
            yield at(faults.gate_killed), self.gates[1].end
            yield at(faults.gate_killed + 0.05), self.gates[1].start
        if faults.files_lost is not None:
            yield at(faults.files_lost), self.gates[2].lose_files
            yield at(faults.files_lost) + 2, self.gates[2].start
        if faults.controller_killed is not None:
            yield at(faults.controller_killed), self._kill_controller
            yield at(faults.controller_killed) + 8, self._start_controller
            yield at(faults.controller_killed) + 20, self._wake_old_controller
        if faults.gate_frozen is not None:
            yield at(faults.gate_frozen), self._freeze
        if faults.site_down is not None:
            yield at(faults.site_down), self._silence
            yield at(faults.site_down + 0.05), self._unsilence

    def _freeze(self) -> None:
        self.gates[3].frozen_until = self.now + 20

    def _silence(self) -> None:
        self.site_silent_s = 60.0

    def _unsilence(self) -> None:
        self.site_silent_s = 0.0

    def _kill_controller(self) -> None:
        assert self.controller is not None
        self.controller.dies_before_publishing = True

    def _start_controller(self) -> None:
        self.controller = self._make_controller()

    def _wake_old_controller(self) -> None:
        """Wakes a controller that slept. Nothing that it does may have an effect."""
        assert self.old_controller is not None
        before = self.folder.status.read_bytes()
        try:
            self.old_controller.publish_status(self.now, 0)
            self.checks.problems.append("a controller without the lease published")
        except Superseded:
            pass
        if self.folder.status.read_bytes() != before:
            self.checks.problems.append("a controller without the lease changed the status")

    def _make_controller(self) -> Controller:
        return Controller(self.folder, self.chain, self.kept, self.schedule, self.policy)

    def _report(self) -> Report:
        for gate in self.gates:
            gate.end()
        passes = self.site.passes.values()
        return Report(
            people=self.people,
            tickets=sum(len(person.tickets) for person in self.crowd),
            entered=len(passes),
            returners=sum(one.lane == 1 for one in passes),
            told=sum(p.is_told and not p.is_in and p.kind is not Kind.ABSENT for p in self.crowd),
            absent=sum(person.kind is Kind.ABSENT for person in self.crowd),
            dropped=sum(person.dropped for person in self.crowd),
            late_tickets=sum(one.is_late_ticket for one in passes),
            unlisted=len(self.unlisted),
            windows=self.kept.closed_through + 1,
            dead_gates=len(self.kept.dead),
            refusals=dict(self.refusals),
            most_over=self.checks.most_over,
            longest_knocking_s=self.checks.longest_knocking_s,
            problems=self.checks.problems,
        )


def play(root: Path, *, people: int, seed: int, minutes: int = 20, faults: Faults | None = None) -> Report:
    """Plays a line in the folder `root`. The site bears four fifths of those who come."""
    opens = START + 180
    schedule = Schedule(joins_from=START, opens_at=opens, closes_at=opens + minutes * 60)
    cap = max(60, int(people * 0.75 / minutes))
    policy = Policy(claim_minutes=3, rate_floor=max(20, cap // 10), rate_cap=cap)
    folder = QueueFolder(root / "casn")
    draw = random.Random(seed)
    write_secrets(folder, draw)
    line = PlayState(
        folder,
        draw,
        people=people,
        schedule=schedule,
        policy=policy,
        faults=faults or Faults(),
    )
    return line.play()


def write_secrets(folder: QueueFolder, draw: random.Random) -> None:
    """Writes keys from the seed, so that ids, seeds and places are the same each time."""
    names = ("ticket", "controller", "event", "chain")
    keys = {name: base64.urlsafe_b64encode(draw.randbytes(32)).decode().rstrip("=") for name in names}
    own = {name: keys.pop(name) for name in ("controller", "chain")}
    publish(folder.secret / "keys.json", msgspec.json.encode(keys))
    publish(folder.secret / "controller.json", msgspec.json.encode(own))


def _raw(private: object) -> str:
    return private.public_key().public_bytes_raw().hex()  # type: ignore[attr-defined,no-any-return]


def as_json(report: Report) -> bytes:
    """Names and values."""
    return msgspec.json.encode(report)
