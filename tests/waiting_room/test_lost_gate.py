"""A gate that loses its disk in the very first window, before anything of it was published."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from meterai.gate.joining.ticket_issuer import TicketIssuer
from meterai.gate.published_cache import PublishedCache
from meterai.waiting_room.auditing.replay import audit
from meterai.waiting_room.auditing.sources import FolderSource
from meterai.waiting_room.files.gate_register import STEP, GateRegister, gates_known_from
from meterai.waiting_room.files.log_facts import DeadGateFacts, LateTicketFacts
from meterai.waiting_room.files.queue_folder import QueueFolder
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.moved_queue import MovedQueue, schedule_of

ANI, BUDI = "email:ani@contoh.id", "email:budi@contoh.id"


@pytest_asyncio.fixture
async def line(database: TestDatabase, tmp_path: Path) -> AsyncIterator[MovedQueue]:
    made = MovedQueue(database, QueueFolder(tmp_path / "casn"))
    await made.open(schedule_of(window_s=10), always=True)
    yield made
    await made.close()


def lose(line: MovedQueue) -> None:
    line.gate.close()
    shutil.rmtree(line.folder.gate(1))


@pytest.mark.storage
async def test_it_goes_on_well_behind_and_what_it_gave_before_is_honoured(line: MovedQueue) -> None:
    before = line.join(ANI)
    lose(line)
    line.gate = TicketIssuer(PublishedCache(line.folder), line.keys, gate=1, wall=lambda: line.now)
    after = line.join(BUDI)
    assert before.window == after.window == 1
    assert after.sequence > before.sequence + STEP, "nobody knows which sequences were given"
    await line.until(lambda status: status.called > 0, seconds=30)
    assert (1, 1) in {(facts.window, facts.gate) for facts in line.facts(DeadGateFacts)}
    await line.enter(before, ANI)
    await line.enter(after, BUDI)
    await line.seconds(1)
    assert [facts.sequence for facts in line.facts(LateTicketFacts)] == [before.sequence]


@pytest.mark.storage
async def test_while_it_is_away_the_controller_misses_it(line: MovedQueue) -> None:
    ticket = line.join(ANI)
    lose(line)
    line.is_gate_away = True
    await line.seconds(20)
    assert (ticket.window, 1) in {(facts.window, facts.gate) for facts in line.facts(DeadGateFacts)}
    line.gate = TicketIssuer(PublishedCache(line.folder), line.keys, gate=1, wall=lambda: line.now)
    line.is_gate_away = False
    line.join(BUDI)
    await line.until(lambda status: status.called > 0, seconds=30)
    await line.enter(ticket, ANI)


@pytest.mark.storage
@pytest.mark.parametrize("set_right_first", [False, True])
async def test_what_it_gave_by_a_clock_that_was_ahead_is_honoured_too(
    line: MovedQueue, set_right_first: bool
) -> None:
    await line.seconds(25)
    line.now += 60
    await line.seconds(9)
    ticket = line.join(ANI)
    lose(line)
    line.now -= 60 if set_right_first else 0
    line.gate = TicketIssuer(PublishedCache(line.folder), line.keys, gate=1, wall=lambda: line.now)
    await line.seconds(1)
    line.now -= 0 if set_right_first else 60
    await line.seconds(1)
    line.join(BUDI)
    await line.until(lambda status: line.folder.window_reveal(ticket.window).exists(), seconds=30)
    await line.until(lambda status: status.frontiers[0][0] > ticket.window, seconds=30)
    await line.enter(ticket, ANI)
    await line.seconds(2)
    assert [facts.joined_at - ticket.joined_at for facts in line.facts(LateTicketFacts)] == [0]
    assert audit(FolderSource(line.folder.public), pause=lambda seconds: None).findings == []


def test_the_note_is_written_once_in_a_window_and_never_far_behind(tmp_path: Path) -> None:
    folder = QueueFolder(tmp_path)
    register = GateRegister(folder.known_gate(3))
    assert register.highest == 0
    register.note(7, 1)
    written = folder.known_gate(3).stat().st_ino
    register.note(7, STEP)
    assert folder.known_gate(3).stat().st_ino == written
    register.note(7, STEP + 1)
    assert GateRegister(folder.known_gate(3)).highest == STEP + 1 + STEP
    assert gates_known_from(folder, 7) == {3}
    assert gates_known_from(folder, 8) == set()
    folder.known_gate(3).write_bytes(b"half")
    assert GateRegister(folder.known_gate(3)).highest == 0
