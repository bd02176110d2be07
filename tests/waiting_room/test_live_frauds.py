"""Frauds that an insider plants while the queue runs: the audit fails, by folder and over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import pytest_asyncio

from meterai.waiting_room.auditing.findings import Report
from meterai.waiting_room.auditing.replay import audit
from meterai.waiting_room.auditing.sources import FolderSource, HttpSource, Source
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.rules.model import Policy
from meterai.waiting_room.rules.tickets import Ticket
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.frauds import FRAUDS, LiveLine
from tests.waiting_room.moved_queue import START, MovedQueue, schedule_of

pytestmark = pytest.mark.storage


class MovedStage:
    """A queue in this process."""

    started_at = START

    def __init__(self, queue: MovedQueue) -> None:
        self._queue = queue
        self.database, self.folder = queue.database, queue.folder

    @property
    def now(self) -> float:
        return self._queue.now

    async def open(self, *, open_s: int, policy: Policy) -> None:
        await self._queue.open(schedule_of(open_s=open_s, window_s=10), policy, always=True)

    async def seconds(self, number: int) -> None:
        await self._queue.seconds(number)

    async def join(self, contact: str) -> Ticket:
        return self._queue.join(contact)


@pytest_asyncio.fixture
async def line(database: TestDatabase, tmp_path: Path) -> AsyncIterator[LiveLine]:
    """People wait, and some have entered."""
    queue = MovedQueue(database, QueueFolder(tmp_path / "casn"))
    made = LiveLine(MovedStage(queue))
    await made.open()
    yield made
    await queue.close()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A web server with these files."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def judged(source: Source) -> Report:
    return audit(source, pause=lambda seconds: None)


@pytest.mark.everyday(
    "everybody_is_called_and_a_friend_enters_first",
    "a_claim_from_before_the_call",
    "a_claim_after_the_closing_with_an_earlier_time",
    "a_cap_that_nobody_ordered",
    "a_status_that_hides_people_who_entered",
)
@pytest.mark.parametrize("name", FRAUDS)
async def test_a_fraud_in_a_running_queue_is_found(line: LiveLine, name: str) -> None:
    fraud, codes = FRAUDS[name]
    before = judged(FolderSource(line.stage.folder.public))
    assert before.findings == []
    await fraud(line)
    found = judged(FolderSource(line.stage.folder.public))
    assert (found.verdict, {one.code for one in found.findings}) == ("fails", codes), found.findings
    with served(line.stage.folder.public) as url:
        assert judged(HttpSource(url)) == found
