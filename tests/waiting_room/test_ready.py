"""People who send no ping before their turn are not waited for."""

from __future__ import annotations

import os
import time
from pathlib import Path
from unittest.mock import Mock

import pytest

from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.files.ready_pings import KNOWN_FOR_S, ReadyPings
from meterai.waiting_room.rules.draw import place_of
from meterai.waiting_room.rules.model import U_MAX, Frontier
from meterai.waiting_room.store import queues
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.moved_queue import MovedQueue, schedule_of

SEED = b"s" * 32
SEEDS = Mock(seed_of=lambda window: SEED)
PEOPLE = [number.to_bytes(12, "big") for number in range(1_000)]


@pytest.fixture
def folder(tmp_path: Path) -> QueueFolder:
    folder = QueueFolder(tmp_path / "casn")
    for window in (4, 5):
        folder.window_reveal(window).parent.mkdir(parents=True, exist_ok=True)
        folder.window_reveal(window).touch()
    for gate in (1, 2):
        folder.gate(gate).mkdir(parents=True)
    return folder


def say_ready(folder: QueueFolder, gate: int, window: int, ids: list[bytes]) -> None:
    with (folder.gate(gate) / f"w{window}.ready").open("ab") as file:
        file.write(b"".join(ids))


def share(pings: ReadyPings, frontier: Frontier, *, calls: float = 100, after_s: float = 90) -> float | None:
    windows = [(window, 1_000) for window in (4, 5) if window >= frontier.window]
    return pings.share(frontier, windows, calls=calls, now=time.time() + after_s)


def test_the_share_is_that_of_the_people_who_are_called_within_a_minute(folder: QueueFolder) -> None:
    frontier = Frontier(4, U_MAX // 2)
    next_ones = [id for id in PEOPLE if U_MAX // 2 <= place_of(SEED, id) < U_MAX * 6 // 10]
    pings = ReadyPings(folder, SEEDS)
    assert share(pings, frontier) == 0
    say_ready(folder, 1, 4, next_ones[::2])
    say_ready(folder, 2, 4, next_ones[:1] + [id for id in PEOPLE if place_of(SEED, id) < U_MAX // 2])
    assert share(pings, frontier) == pytest.approx(len(next_ones[::2]) / 100, abs=0.011)
    say_ready(folder, 1, 4, next_ones)
    assert share(pings, frontier) == pytest.approx(min(1, len(next_ones) / 100), abs=0.011)


def test_a_minute_that_reaches_into_the_next_window_counts_its_people_too(folder: QueueFolder) -> None:
    pings = ReadyPings(folder, SEEDS)
    say_ready(folder, 1, 5, PEOPLE)
    assert share(pings, Frontier(4, U_MAX // 20 * 19)) == pytest.approx(0.5, abs=0.1)


def test_people_who_learned_their_place_just_now_are_not_taken_for_absent(folder: QueueFolder) -> None:
    pings = ReadyPings(folder, SEEDS)
    assert share(pings, Frontier(4, 0), after_s=KNOWN_FOR_S - 5) is None


def test_of_a_few_people_nothing_is_concluded(folder: QueueFolder) -> None:
    assert share(ReadyPings(folder, SEEDS), Frontier(4, 0), calls=10) is None


@pytest.mark.storage
async def test_the_controller_calls_more_when_those_who_are_next_are_not_there(
    database: TestDatabase, tmp_path: Path
) -> None:
    line = MovedQueue(database, QueueFolder(tmp_path / "casn"))
    await line.open(schedule_of(), always=True)
    await line.wish("rate_cap", 0)
    for number in range(60):
        ticket = line.join(f"email:tamu{number}@contoh.id")
    await line.until(lambda status: line.folder.window_reveal(ticket.window).exists(), seconds=9)
    os.utime(line.folder.window_reveal(ticket.window), (0, 0))  # drawn long ago
    assert await shows(line) > 0.8
    await line.wish("rate_cap", 30)
    for _ in range(15):
        await line.seconds(1)
        if await shows(line) <= 0.5:
            break
    else:
        raise AssertionError("nobody is there, and the controller does not see it")
    await line.close()


async def shows(line: MovedQueue) -> float:
    async with line.database.app.connection() as connection:
        queue = await queues.read_queue(connection, line.folder.slug)
    assert queue is not None
    return queue.memory.show_share
