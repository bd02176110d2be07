"""The controller with real processes: windows close and are revealed, the frontier moves, and never twice."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.queue_house import CALM, Controller, QueueHouse, queue_house, schedule_now

from meterai.waiting_room import documents, merkle, order, seeds
from meterai.waiting_room.documents import Close, Config, Reveal, Status
from meterai.waiting_room.folder import digest
from meterai.waiting_room.log_facts import CloseFacts, ConfigFacts, FrontierFacts, PromiseFacts, RevealFacts
from meterai.waiting_room.model import Frontier, Lane, Policy, QueueState
from meterai.waiting_room.promises import Promise, PromiseBook

pytestmark = pytest.mark.storage


@pytest_asyncio.fixture
async def house(database: TestDatabase, tmp_path: Path) -> AsyncIterator[QueueHouse]:
    async with queue_house(database, tmp_path) as made:
        yield made


def frontiers(statuses: list[Status]) -> list[Frontier]:
    return [Frontier(*status.frontiers[Lane.NEW]) for status in statuses]


def assert_orderly(house: QueueHouse) -> None:
    """What holds whatever happened: nothing runs back, nothing is told before its time."""
    seen = [(status.epoch, status.sequence) for status in house.seen]
    assert seen == sorted(seen), "statuses ran back"
    assert frontiers(house.seen) == sorted(frontiers(house.seen)), "the frontier ran back"
    moves = [facts.frontier for facts in house.facts(FrontierFacts) if facts.lane is Lane.NEW]
    assert moves == sorted(set(moves)), "the log's frontier ran back, or was told twice"
    told: dict[str, list[int]] = {"close": [], "reveal": []}
    for entry in house.entries():
        if entry.what in told:
            told[entry.what].append(entry.facts["window"])
        if entry.what == "reveal":
            assert entry.facts["window"] in told["close"], "a seed before its roots"
    for windows in told.values():
        assert windows == list(range(windows[0], windows[0] + len(windows))), windows


async def test_who_joins_is_called_within_seconds_and_everything_stands_in_the_log(house: QueueHouse) -> None:
    await house.open(schedule_now(), always=True)
    house.controller()
    await house.until(lambda status: status.state is QueueState.OPEN)
    gate = house.gate()
    ticket, _ = await house.join(gate, "ani@contoh.id")
    called = await house.until(lambda status: tuple(status.frontiers[Lane.NEW]) > (ticket.window, 2**64 - 1))
    assert called.called == 1
    assert called.waiting == 0

    key = house.folder.keys().controller.public_key()
    config = documents.read(house.folder.config.read_bytes(), Config, key)
    close = documents.read(house.folder.window_close(ticket.window).read_bytes(), Close, key)
    reveal = documents.read(house.folder.window_reveal(ticket.window).read_bytes(), Reveal, key)
    ids = house.folder.window_ids(ticket.window).read_bytes()
    assert close.count == 1
    assert merkle.root_of([ids]).hex() == close.root
    link = bytes.fromhex(reveal.link)
    assert seeds.follows(bytes.fromhex(config.commitment), link, ticket.window + 1)
    assert order.window_seed(link, bytes.fromhex(close.root)).hex() == reveal.seed

    closes = {facts.window: facts for facts in house.facts(CloseFacts)}
    assert closes[ticket.window].sha256 == digest(house.folder.window_close(ticket.window).read_bytes())
    assert {facts.window: facts.seed for facts in house.facts(RevealFacts)}[ticket.window] == reveal.seed
    assert house.facts(ConfigFacts)[-1].sha256 == digest(house.folder.config.read_bytes())
    assert_orderly(house)


async def test_windows_stand_still_while_nobody_waits(house: QueueHouse) -> None:
    await house.open(schedule_now())
    house.controller()
    await house.until(lambda status: status.state is QueueState.DIRECT)
    gate = house.gate()
    await asyncio.sleep(3)
    assert house.facts(CloseFacts) == []
    assert not list(house.folder.gate(1).glob("*.close.json"))
    await house.wish("always_in_line", True)
    await house.until(lambda status: status.state is QueueState.OPEN)
    ticket, _ = await house.join(gate, "ani@contoh.id")
    assert ticket.window in (1, 2), "time is cut anew when the first has to wait"


async def test_the_first_promise_of_each_stands_in_the_log_once(house: QueueHouse) -> None:
    await house.open(schedule_now())
    first = house.controller()
    await house.until(lambda status: status.state is QueueState.DIRECT)
    house.folder.gate(1).mkdir(parents=True)
    book = PromiseBook(house.folder.gate(1))
    now = int(time.time())
    for number in range(3):
        book.give(Promise(id=bytes(11) + bytes([number]), window=1, given_at=now, done_by=now + 600))
    book.write()
    await house.until(lambda status: status.log[0] >= 4)
    first.end()
    house.controller()
    book.give(Promise(id=b"x" * 12, window=1, given_at=now, done_by=now + 900))
    book.write()
    await house.until(lambda status: status.epoch > 1 and status.log[0] >= 5)
    told = house.facts(PromiseFacts)
    assert [facts.done_by - now for facts in told] == [600, 600, 600, 900]
    assert len({facts.id for facts in told}) == 4


@pytest.mark.parametrize("point", ["queue_decided", "queue_closed", "queue_logged"])
async def test_what_a_crash_left_half_done_the_next_holder_publishes(house: QueueHouse, point: str) -> None:
    await house.open(schedule_now(), always=True)
    first = house.controller()
    await house.until(lambda status: status.state is QueueState.OPEN)
    gate = house.gate()
    first.end()
    ticket, _ = await house.join(gate, "ani@contoh.id")
    broken = house.controller(fail_point=point)
    assert await asyncio.to_thread(broken.process.wait, 20) == 137
    house.controller()
    await house.until(lambda status: tuple(status.frontiers[Lane.NEW]) > (ticket.window, 2**64 - 1))
    assert house.folder.window_reveal(ticket.window).exists()
    assert_orderly(house)


async def test_two_controllers_and_kill_9_never_move_the_frontier_back_or_faster(house: QueueHouse) -> None:
    await house.open(schedule_now(), Policy(claim_minutes=1), always=True)
    await house.cap(0)
    controllers = [house.controller(), house.controller()]
    await house.until(lambda status: status.state is QueueState.OPEN)
    gate = house.gate()
    for number in range(30):
        await house.join(gate, f"orang{number}@contoh.id")
    await house.cap(120)
    await house.until(lambda status: status.called > 3)
    began, at_begin = time.time(), house.seen[-1].called
    for _ in range(2):
        leading = await _leading(house, controllers)
        controllers.remove(leading)
        leading.end(signal.SIGKILL)
        controllers.append(house.controller())
        before = house.seen[-1]
        await house.until(lambda status, before=before: status.epoch > before.epoch)
        await house.until(lambda status, before=before: status.called > before.called)
    seconds = time.time() - began
    # 120 a minute, and some more because not all who are called come; a doubled speed would be 4 a second
    assert house.seen[-1].called - at_begin <= seconds * 2 * 1.3 + 3
    await house.until(lambda status: status.called == 30)
    assert_orderly(house)
    assert len({status.epoch for status in house.seen}) == 3


async def test_a_controller_that_wakes_up_too_late_changes_nothing(house: QueueHouse) -> None:
    await house.open(schedule_now(), always=True)
    await house.cap(0)
    sleeper = house.controller()
    await house.until(lambda status: status.state is QueueState.OPEN)
    gate = house.gate()
    for number in range(40):
        await house.join(gate, f"orang{number}@contoh.id")
    await house.cap(60)
    await house.until(lambda status: status.called > 0)
    sleeper.end(signal.SIGSTOP)
    house.controller()
    second = await house.until(lambda status: status.epoch > 1)
    sleeper.process.send_signal(signal.SIGCONT)
    await house.until(lambda status: status.sequence > second.sequence + 3)
    assert {status.epoch for status in house.seen[house.seen.index(second) :]} == {second.epoch}
    assert_orderly(house)


async def test_the_lottery_is_one_window_that_is_drawn_after_the_opening(house: QueueHouse) -> None:
    await _leading(house, [house.controller()])
    gate = house.gate()
    schedule = schedule_now(lottery_s=6)
    await house.open(schedule)
    await house.until(lambda status: status.state is QueueState.LOTTERY)
    joined = [(await house.join(gate, f"orang{number}@contoh.id"))[0] for number in range(5)]
    assert {ticket.window for ticket in joined} == {0}
    assert not house.folder.window_reveal(0).exists()
    await house.until(lambda status: status.called == 5)
    assert house.folder.window_reveal(0).stat().st_mtime >= schedule.opens_at + 2
    assert_orderly(house)


async def test_a_site_that_is_not_heard_of_holds_everybody_and_the_queue_goes_on(house: QueueHouse) -> None:
    await house.open(schedule_now(), always=True)
    await house.cap(0)
    house.controller()
    await house.until(lambda status: status.state is QueueState.OPEN)
    gate = house.gate()
    for number in range(60):
        await house.join(gate, f"orang{number}@contoh.id")
    await house.cap(60)
    await house.until(lambda status: status.called > 0)
    house.load = None
    held = await house.until(lambda status: status.state is QueueState.HALTED)
    await house.join(gate, "nanti@contoh.id")
    await asyncio.sleep(2)
    assert house.seen[-1].called == held.called
    house.load = CALM
    await house.until(lambda status: status.called > held.called)
    assert_orderly(house)


async def test_a_controller_that_has_just_begun_to_listen_says_nothing_of_silence(house: QueueHouse) -> None:
    house.load = None
    await house.open(schedule_now())
    house.controller()
    await house.until(lambda status: status.state is QueueState.HALTED)
    assert house.seen[0].state is QueueState.DIRECT


async def test_the_line_that_is_left_at_closing_time_is_not_called_any_more(house: QueueHouse) -> None:
    await _leading(house, [house.controller()])
    gate = house.gate()
    await house.open(schedule_now(lottery_s=6, open_s=5), Policy(rate_floor=30, rate_cap=30))
    await house.until(lambda status: status.state is QueueState.LOTTERY)
    for number in range(20):
        await house.join(gate, f"orang{number}@contoh.id")
    closed = await house.until(lambda status: status.state is QueueState.CLOSED)
    await asyncio.sleep(3)
    assert house.seen[-1].called == closed.called < 20
    assert {facts.window for facts in house.facts(CloseFacts)} >= {0, 1, 2, 3, 4, 5}


async def _leading(house: QueueHouse, controllers: list[Controller]) -> Controller:
    """The one that holds the lease, as it says in its sign of life."""
    for _ in range(200):
        for one in controllers:
            sign = house.data / "run" / f"queue-{one.process.pid}.json"
            if sign.exists() and b'"leads":true' in sign.read_bytes():
                return one
        await asyncio.sleep(0.1)
    raise AssertionError("nobody leads")
