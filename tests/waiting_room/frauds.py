"""Frauds of an insider in a running queue, while its honest controller takes steps.

Each is planted in a line whose audit passed a moment before.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Protocol

from meterai.kernel.refusals import Kind, Refusal
from meterai.waiting_room.files.log_facts import BypassFacts
from meterai.waiting_room.files.published_queue import Published
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.rules.model import Lane, Policy, QueueState
from meterai.waiting_room.rules.tickets import Ticket, sign_ticket
from meterai.waiting_room.use_cases.claim_pass import claim_pass
from meterai.waiting_room.use_cases.steer_queue import halt_queue, resume_queue
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.insider import Insider

CAP = 60
PEOPLE = 87
CALLED = 6
OPEN_S = 180
BYPASSES = 50


class Stage(Protocol):
    """A running queue: real processes, or one in this process whose clock the test moves."""

    database: TestDatabase
    folder: QueueFolder
    started_at: int
    """When people could join and the line opened."""

    @property
    def now(self) -> float:
        """The time of its clocks."""
        ...

    async def open(self, *, open_s: int, policy: Policy) -> None:
        """Opens the line for this long. Everybody stands in it."""
        ...

    async def seconds(self, number: int) -> None:
        """Lets this many seconds pass."""
        ...

    async def join(self, contact: str) -> Ticket:
        """Takes a ticket."""
        ...


class LiveLine:
    """A running queue with people who wait, and the insider beside it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.insider = Insider(stage.database, stage.folder)
        self.tickets: list[Ticket] = []

    async def open(self) -> None:
        """Many people join. Some of them are called and enter."""
        await self.stage.open(open_s=OPEN_S, policy=Policy(rate_floor=CAP, rate_cap=CAP))
        self.tickets = [await self.stage.join(contact_of(n)) for n in range(PEOPLE)]
        self._published = Published(self.stage.folder)
        while len(self._called()) < CALLED:
            await self.stage.seconds(1)
        for n in self._called()[:3]:
            await self.enters(n)
        await self.stage.seconds(2)

    async def enters(self, n: int) -> None:
        """A person enters through the site, and tries again while the admission is full.

        Raises: as `claim_pass`.
        """
        text = sign_ticket(self.tickets[n], self.stage.folder.keys().ticket)
        db, contact = self.stage.database.app, contact_of(n)
        for _ in range(30):
            try:
                await claim_pass(db, self._published, text, contact=contact, now=self.time)
                return
            except Refusal as refusal:
                if refusal.kind is not Kind.BUSY:
                    raise
            await self.stage.seconds(1)
        raise AssertionError("the admission stays full")

    def waiting(self) -> list[int]:
        """The numbers of people who are not called, in the order of their places."""
        return [n for n in self._in_order() if n not in set(self._called())]

    def called(self) -> list[int]:
        """The numbers of people who are called and did not enter, in the order of their places."""
        return self._called()[3:]

    @property
    def time(self) -> datetime:
        """The time of the stage's clocks."""
        return datetime.fromtimestamp(self.stage.now, UTC)

    def _called(self) -> list[int]:
        frontier = tuple(self.insider.status().frontiers[Lane.NEW])
        return [n for n in self._in_order() if self._place(n) < frontier]

    def _in_order(self) -> list[int]:
        return sorted(range(len(self.tickets)), key=self._place)

    def _place(self, n: int) -> tuple[int, int]:
        place = self._published.place_of(self.tickets[n])
        return self.tickets[n].window, 2**64 if place is None else place


Fraud = Callable[[LiveLine], Awaitable[None]]
FRAUDS: dict[str, tuple[Fraud, set[str]]] = {}
"""Name -> (fraud, the codes of what an audit must find)."""


def finds(*codes: str) -> Callable[[Fraud], Fraud]:
    """Says what an audit must find. It finds nothing else."""

    def note(fraud: Fraud) -> Fraud:
        FRAUDS[fraud.__name__] = fraud, set(codes)
        return fraud

    return note


def contact_of(n: int) -> str:
    """The name in line of a person."""
    return f"email:orang{n}@contoh.id"


# -------------------------------------------------------------------------------- calling everybody at once


@finds("frontier.too_many")
async def everybody_is_called_and_a_friend_enters_first(line: LiveLine) -> None:
    """One UPDATE and one entry. The friend was the last to come."""
    friend = line.waiting()[-1]
    move = await line.insider.call_everybody()
    await line.insider.logs(move, line.stage.now)
    await line.stage.seconds(1)
    await line.enters(friend)
    await line.stage.seconds(3)


@finds("frontier.too_many")
async def everybody_is_called_and_the_controller_logs_it_itself(line: LiveLine) -> None:
    """One UPDATE. People come after it, so the controller's next move is logged."""
    await line.insider.call_everybody()
    await line.stage.join("email:teman@contoh.id")
    await line.stage.seconds(20)


@finds("frontier.too_many")
async def twice_as_many_are_called_each_second(line: LiveLine) -> None:
    """A few more a second than the cap allows with all the no-shows that the rules know."""
    for _ in range(8):
        await line.insider.call_more(5, of=PEOPLE)
        await line.stage.seconds(1)


# ------------------------------------------------------------------------------------- claims with any time


@finds("claim.before_rules")
async def a_claim_from_before_the_queue_existed(line: LiveLine) -> None:
    await line.insider.lets_in(line.tickets[line.called()[0]], line.stage.started_at - 3_600)
    await line.stage.seconds(3)


@finds("claim.before_call")
async def a_claim_from_before_the_call(line: LiveLine) -> None:
    await line.stage.seconds(20)  # the audit allows clocks some seconds
    await line.insider.lets_in(line.tickets[line.called()[-1]], line.stage.started_at + 2)
    await line.stage.seconds(3)


@finds("claim.logged_late")
async def a_claim_from_a_minute_ago(line: LiveLine) -> None:
    friend = line.called()[0]
    await line.stage.seconds(60)
    await line.insider.lets_in(line.tickets[friend], line.stage.now - 55)
    await line.stage.seconds(3)


@finds("claim.past_closing")
async def a_claim_after_the_closing_with_an_earlier_time(line: LiveLine) -> None:
    friend = line.called()[0]
    closes_at = line.stage.started_at + OPEN_S
    await line.stage.seconds(closes_at + 30 - int(line.stage.now))
    await line.insider.lets_in(line.tickets[friend], closes_at - 5)
    await line.stage.seconds(3)


# -------------------------------------------------------------------------- the in-flight lane and the halt


@finds("rate.halted")
async def claims_of_another_lane_during_a_halt(line: LiveLine) -> None:
    """People who are called enter as if they held the links of paid orders."""
    db, event = line.stage.database.app, line.stage.folder.slug
    await halt_queue(db, event, reason="api", actor="rina", now=line.time)
    await line.stage.seconds(10)
    for n in line.called()[:4]:
        await line.insider.lets_in(line.tickets[n], line.stage.now, lane=Lane.IN_FLIGHT)
    await line.stage.seconds(10)
    await resume_queue(db, event, reason="padam", actor="rina", now=line.time)
    await line.stage.seconds(3)


# ---------------------------------------------------------------------------------------- silent standstill


@finds("state.no_act")
async def a_halt_that_nobody_ordered(line: LiveLine) -> None:
    await line.insider.set_queue(halted_because="x")
    await line.stage.seconds(25)
    await line.insider.set_queue(halted_because=None)
    await line.stage.seconds(3)


@finds("state.no_act")
async def a_cap_that_nobody_ordered(line: LiveLine) -> None:
    await line.insider.set_queue(rate_cap=0)
    await line.stage.seconds(25)
    await line.insider.set_queue(rate_cap=None)
    await line.stage.seconds(3)


@finds("bypass.too_many")
async def people_who_were_never_inside(line: LiveLine) -> None:
    for _ in range(BYPASSES):
        facts = BypassFacts(why="was_inside", ref=uuid.uuid4().hex)
        await line.insider.asks_to_log(facts, line.stage.now)
    await line.stage.seconds(3)


# -------------------------------------------------------------------------------- a signed status that lies


@finds("status.admitted")
async def a_status_that_hides_people_who_entered(line: LiveLine) -> None:
    await line.insider.set_queue(admitted=0)
    await line.stage.seconds(2)


@finds("status.state", "status.untimely", "status.rate")
async def a_status_that_says_that_the_line_is_closed(line: LiveLine) -> None:
    line.insider.signs_status(state=QueueState.CLOSED)


@finds("status.kept")
async def a_status_with_promises_that_nobody_got(line: LiveLine) -> None:
    line.insider.signs_status(kept=(900, 900))
