"""Gates whose clocks differ: joins near the border of a window, the admission, and the audit."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from meterai.gate.joining.ticket_issuer import TicketIssuer
from meterai.gate.published_cache import PublishedCache
from meterai.waiting_room.auditing.replay import audit
from meterai.waiting_room.auditing.sources import FolderSource
from meterai.waiting_room.files.gate_journal import RECORD_BYTES
from meterai.waiting_room.files.log_facts import DeadGateFacts
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.files.window_files import GateSign, joins_in
from meterai.waiting_room.rules.model import Lane, Policy
from meterai.waiting_room.rules.tickets import Ticket
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.moved_queue import START, MovedQueue, schedule_of

pytestmark = pytest.mark.storage


class OtherGate:
    """A second gate, whose clock is wrong."""

    def __init__(self, line: MovedQueue, shift_s: float) -> None:
        def clock() -> float:
            return line.now

        self._line = line
        shelf = PublishedCache(line.folder, monotonic=clock)
        self.issuer = TicketIssuer(shelf, line.keys, gate=2, wall=lambda: clock() + shift_s, monotonic=clock)

    def tick(self) -> None:
        """The regular work of a gate."""
        self.issuer.published.look()
        self.issuer.close_windows()
        self.issuer._found_until = 0.0
        sign = GateSign(2, int(self.issuer.now()), self.issuer.journal.closed_through)
        (self._line.folder.gate(2) / "gate.json").write_bytes(msgspec.json.encode(sign))

    def join(self, contact: str) -> Ticket:
        """A ticket."""
        window = self.issuer.window()
        assert window is not None
        issued = self.issuer.issue(self.issuer.id_of(contact), window.number)
        self.issuer.journal.flush()
        return issued.ticket


@pytest_asyncio.fixture
async def line(database: TestDatabase, tmp_path: Path) -> AsyncIterator[MovedQueue]:
    made = MovedQueue(database, QueueFolder(tmp_path / "casn"))
    yield made
    await made.close()


@pytest.mark.everyday("-2.5", "1.9", "30")
@pytest.mark.parametrize("shift_s", [-30, -2.5, -1.9, -1, 1, 1.9, 2.5, 30])
async def test_gates_whose_clocks_differ_are_fair_and_the_audit_is_quiet(
    line: MovedQueue, shift_s: float
) -> None:
    await line.open(schedule_of(window_s=10), Policy(rate_floor=600, rate_cap=600), always=True)
    other = OtherGate(line, shift_s)
    contacts: dict[bytes, str] = {}
    tickets: list[Ticket] = []
    for half in range(2 * 65):
        line.now += 0.5
        line._tick()
        other.tick()
        if half % 2:
            await line._step()
        for gate, join in ((1, line.join), (2, other.join)):
            contact = f"email:orang{half}x{gate}@contoh.id"
            tickets.append(join(contact))
            contacts[tickets[-1].id] = contact
            true_window = 1 + int(line.now - START) // 10
            away_s = min(abs(line.now - START - 10 * border) for border in (true_window - 1, true_window))
            assert tickets[-1].window == true_window or away_s <= 2.6, (half, gate)
            assert abs(tickets[-1].window - true_window) <= 1
    for _ in range(40):
        other.tick()
        await line.seconds(1)
    assert line.facts(DeadGateFacts) == [], "every gate said in time what it counted"
    for number, ticket in enumerate(tickets):
        await line.enter(ticket, contacts[ticket.id])
        if number % 5 == 4:
            other.tick()
            await line.seconds(1)
    await line.seconds(2)
    report = audit(FolderSource(line.folder.public), pause=lambda seconds: None)
    assert report.findings == []
    assert report.claims["new"] == len(tickets)
    other.issuer.close()


async def test_calls_by_a_clock_that_was_ahead_lapse_from_the_moment_when_it_was_set_right(
    line: MovedQueue,
) -> None:
    """The returners' frontier reaches them a call's time later, and the audit knows."""
    await line.open(
        schedule_of(window_s=10), Policy(claim_minutes=1, rate_floor=60, rate_cap=60), always=True
    )
    for number in range(40):
        line.join(f"email:orang{number}@contoh.id")
    await line.until(lambda status: status.called >= 5)
    line.now += 73
    await line.seconds(8)
    line.now -= 73
    await line.seconds(75)
    assert line.seen[-1].frontiers[Lane.RETURNER] > (0, 0)
    assert audit(FolderSource(line.folder.public), pause=lambda seconds: None).findings == []


async def test_a_status_by_a_clock_that_was_set_back_while_nobody_waits_is_no_lie(line: MovedQueue) -> None:
    """Then no later entry bears a time."""
    await line.open(schedule_of(window_s=1), Policy(rate_floor=60, rate_cap=60))
    line.join("email:ani@contoh.id")
    await line.until(lambda status: status.state.stands_still and status.called > 0)
    line.now -= 30
    await line.seconds(3)
    assert audit(FolderSource(line.folder.public), pause=lambda seconds: None).findings == []


async def test_tickets_of_a_window_that_is_still_open_are_not_missing(line: MovedQueue) -> None:
    """By clocks that are a little ahead a gate gives a ticket of the next window. Then they are set right."""
    await line.open(schedule_of(window_s=10), Policy(rate_floor=60, rate_cap=60), always=True)
    await line.seconds(12)
    line.now += 7.3
    await line.seconds(1)
    line._tick()
    ahead = line.join("email:ani@contoh.id")
    line.now -= 8.3
    await line.seconds(1)
    line._tick()
    behind = line.join("email:budi@contoh.id")
    assert (ahead.window, behind.window) == (3, 2)
    for _ in range(2):
        await line.seconds(11)
        assert audit(FolderSource(line.folder.public), pause=lambda seconds: None).findings == []


def test_joins_after_months_without_a_controller_are_found_at_once(tmp_path: Path) -> None:
    """The controller looks once a second, and its lease ends after a few. So it must not look for each
    window."""
    folder = QueueFolder(tmp_path / "casn")
    place = folder.gate(1)
    place.mkdir(parents=True)
    for window, joins in ((1, 9), (2, 3), (500_000, 2), (900_000, 1)):
        (place / f"w{window}.joins").write_bytes(bytes(joins * RECORD_BYTES))
    (place / "w3.close.json").write_bytes(bytes(RECORD_BYTES))
    (place / "w4.joins.part").write_bytes(bytes(RECORD_BYTES))
    began = time.process_time()
    assert joins_in(folder, range(2, 900_000)) == {2: 3, 500_000: 2}
    assert time.process_time() - began < 1
    assert joins_in(folder, range(1, 4)) == {1: 9, 2: 3}
