"""The public beacon: a twin of drand's HTTP API on a real socket, and real controllers that use it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import pytest_asyncio

from meterai.kernel.refusals import Refusal
from meterai.waiting_room.auditing.checks.beacons import is_later
from meterai.waiting_room.control.beacon_source import BeaconSource
from meterai.waiting_room.control.step_draft import Beacon
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.public_log import EntryKind
from meterai.waiting_room.files.published_documents import Close, Config, Reveal
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.rules.beacon_rounds import ChainInfo, round_for, value_of
from meterai.waiting_room.rules.draw import window_seed
from meterai.waiting_room.rules.model import QueueState, Schedule
from meterai.waiting_room.rules.rate_history import RateHistory
from meterai.waiting_room.store import queues
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.moved_queue import START, MovedQueue, schedule_of
from tests.waiting_room.running_queue import RunningQueue, running_queue, schedule_now

QUICKNET = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"


class DrandTwin:
    """A chain with a round a second. It publishes no round before it is due."""

    def __init__(self) -> None:
        self.info = {
            "public_key": "aa",
            "period": 1,
            "genesis_time": int(time.time()) - 500,
            "hash": "ab" * 32,
        }
        self.is_down = False
        twin = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, told = twin.answer(self.path)
                body = json.dumps(told).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path: str) -> tuple[int, object]:
        if self.is_down:
            return 503, {}
        if path == "/info":
            return 200, self.info
        number = int(path.rpartition("/")[2])
        is_due = time.time() >= int(str(self.info["genesis_time"])) + number - 1
        return (200, a_round(number)) if is_due else (404, {})


def a_round(number: int) -> dict[str, object]:
    signature = hashlib.sha512(number.to_bytes(8, "big")).digest()
    randomness = hashlib.sha256(signature).hexdigest()
    return {"round": number, "randomness": randomness, "signature": signature.hex()}


@pytest.fixture
def drand() -> Iterator[DrandTwin]:
    twin = DrandTwin()
    yield twin
    twin.server.shutdown()


@pytest_asyncio.fixture
async def running(database: TestDatabase, tmp_path: Path) -> AsyncIterator[RunningQueue]:
    async with running_queue(database, tmp_path) as made:
        yield made


@pytest.mark.storage
async def test_a_round_that_nobody_knew_when_the_list_was_fixed_is_mixed_into_the_seed(
    running: RunningQueue, drand: DrandTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METERAI_QUEUE_BEACON", drand.url)
    await running.open(schedule_now(), always=True)
    running.controller()
    await running.until(lambda status: status.state is QueueState.OPEN)
    ticket, _ = await running.join(running.gate(), "ani@contoh.id")
    await running.until(lambda status: running.folder.window_reveal(ticket.window).exists())
    key = running.folder.keys().controller.public_key()
    config = published_documents.read(running.folder.config.read_bytes(), Config, key)
    reveal = published_documents.read(running.folder.window_reveal(ticket.window).read_bytes(), Reveal, key)
    close = published_documents.read(running.folder.window_close(ticket.window).read_bytes(), Close, key)
    closed_at = next(
        e.at for e in running.entries() if e.what is EntryKind.CLOSE and e.facts["window"] == ticket.window
    )
    number, _, value = reveal.beacon.partition(":")
    assert int(number) == round_for(config.beacon, closed_at)
    assert int(str(drand.info["genesis_time"])) + int(number) - 1 > closed_at
    assert value == a_round(int(number))["randomness"]
    link, root = bytes.fromhex(reveal.link), bytes.fromhex(close.root)
    assert bytes.fromhex(reveal.seed) == window_seed(link, root, bytes.fromhex(value))
    assert is_later(config.beacon, reveal.beacon, closed_at)


@pytest.mark.storage
async def test_while_the_beacon_is_down_nothing_is_drawn_and_the_status_goes_on(
    database: TestDatabase, drand: DrandTwin, tmp_path: Path
) -> None:
    first = BeaconSource(drand.url, tmp_path / "beacon.json")
    name = await first.name()
    await first.close()
    drand.is_down = True
    source = BeaconSource(drand.url, tmp_path / "beacon.json")
    assert await source.name() == name, "another controller knows the chain from before"
    asking = asyncio.create_task(source.keep_asking())
    start = int(time.time()) - 400
    line = MovedQueue(database, QueueFolder(tmp_path / "casn"), now=start, beacon=Beacon(name, source.value))
    schedule = Schedule(joins_from=start, opens_at=start, closes_at=start + 3_600, window_s=1)
    await line.open(schedule, always=True)
    ticket = line.join("email:ani@contoh.id")
    closed = await line.until(lambda status: line.folder.window_close(ticket.window).exists(), seconds=8)
    assert (await line.seconds(120)).sequence == closed.sequence + 120
    assert not line.folder.window_reveal(ticket.window).exists()
    past = await past_of(line)
    assert past.minutes == (), "nobody was called"
    assert past.outage_lasts_s(line.now) > 60
    drand.is_down = False
    for _ in range(100):
        if (await line.seconds(1)).called:
            break
        await asyncio.sleep(0.1)
    assert line.seen[-1].called == 1
    asking.cancel()
    await source.close()
    await line.close()


@pytest.mark.storage
async def test_a_line_that_stands_until_the_next_round_of_a_slow_beacon_is_no_outage(
    database: TestDatabase, tmp_path: Path
) -> None:
    genesis, period = START - 500, 70
    source = f"drand {'cd' * 32} {genesis} {period}"

    def value(number: int) -> str | None:
        is_due = line.now >= genesis + (number - 1) * period
        return f"{number}:{a_round(number)['randomness']}" if is_due else None

    line = MovedQueue(database, QueueFolder(tmp_path / "casn"), beacon=Beacon(source, value))
    await line.open(schedule_of(), always=True)
    for number in range(140):
        line.join(f"email:orang{number}@contoh.id")
        await line.seconds(1)
    past = await past_of(line)
    assert line.seen[-1].called > 60
    assert (past.outages, past.outage_lasts_s(line.now)) == (0, 0)
    await line.close()


async def past_of(line: MovedQueue) -> RateHistory:
    """What the controller remembers of the evening."""
    async with line.database.app.connection() as connection:
        queue = await queues.read_queue(connection, line.folder.slug)
    assert queue is not None
    return queue.memory.past


@pytest.mark.storage
async def test_without_a_beacon_the_rules_say_none(database: TestDatabase, tmp_path: Path) -> None:
    line = MovedQueue(database, QueueFolder(tmp_path / "casn"))
    await line.open(schedule_of())
    key = line.keys.controller.public_key()
    assert published_documents.read(line.folder.config.read_bytes(), Config, key).beacon == "none"
    await line.close()


def test_known_networks_are_named_and_only_with_their_own_times() -> None:
    quicknet = ChainInfo(hash=QUICKNET, genesis_time=1_692_803_367, period=3)
    assert quicknet.name == "drand-quicknet"
    assert ChainInfo(hash=QUICKNET, genesis_time=1, period=3).name == f"drand {QUICKNET} 1 3"


@pytest.mark.parametrize("decided_at", [1_800_000_000, 1_800_000_001, 1_800_000_002, 1_692_803_300])
def test_the_round_of_a_window_is_the_first_one_that_is_due_a_second_later(decided_at: int) -> None:
    number = round_for("drand-quicknet", decided_at)
    assert number is not None
    due = 1_692_803_367 + (number - 1) * 3
    assert due >= decided_at + 1
    assert number == 1 or due - 3 < decided_at + 1
    assert not is_later("drand-quicknet", f"{number + 1}:aa", decided_at), "nobody may wait for a better one"
    assert round_for("dice", decided_at) is None


@pytest.mark.parametrize("change", [{"round": 8}, {"randomness": "00" * 32}, {"signature": "zz"}])
def test_a_round_that_does_not_follow_from_its_signature_is_refused(change: dict[str, object]) -> None:
    assert value_of(json.dumps(a_round(7)).encode(), 7) == f"7:{a_round(7)['randomness']}"
    with pytest.raises(Refusal):
        value_of(json.dumps(a_round(7) | change).encode(), 7)


async def test_rounds_are_read_from_a_file_too(tmp_path: Path) -> None:
    info = {"hash": "cd" * 32, "genesis_time": 100, "period": 30}
    rounds = tmp_path / "rounds.jsonl"
    rounds.write_text("\n".join(json.dumps(line) for line in (info, a_round(6), a_round(61))) + "\n")
    source = BeaconSource(str(rounds), tmp_path / "kept.json")
    assert await source.name() == f"drand {'cd' * 32} 100 30"
    assert source.value(6) is None
    asking = asyncio.create_task(source.keep_asking())
    try:
        async with asyncio.timeout(60):
            while source.value(6) is None:
                await asyncio.sleep(0.05)
    finally:
        asking.cancel()
    assert source.value(6) == f"6:{a_round(6)['randomness']}"
