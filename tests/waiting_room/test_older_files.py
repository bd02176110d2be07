"""A queue's files from a copy, behind a newer database: they are written again from the store."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from meterai.gate.joining.ticket_issuer import TicketIssuer
from meterai.gate.published_cache import PublishedCache
from meterai.waiting_room.auditing.replay import audit
from meterai.waiting_room.auditing.sources import FolderSource
from meterai.waiting_room.control.catching_up import FORGET_EVERY_S, LOG_KEPT_S
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.log_facts import ConfigFacts, LateTicketFacts, OperatorFacts, PromiseFacts
from meterai.waiting_room.files.promise_book import Promise, PromiseBook
from meterai.waiting_room.files.public_log import ENTRIES, HEADS
from meterai.waiting_room.files.published_documents import Head
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.rules.model import QueueState
from meterai.waiting_room.rules.tickets import Ticket
from meterai.waiting_room.use_cases.rewind_queues import RewoundQueues, rewind_queues
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.moved_queue import MovedQueue, schedule_of

pytestmark = pytest.mark.storage

ANI, BUDI, CITRA = (f"email:{name}@contoh.id" for name in ("ani", "budi", "citra"))
MINUTE = int(FORGET_EVERY_S) + 2


@pytest_asyncio.fixture
async def line(database: TestDatabase, tmp_path: Path) -> AsyncIterator[MovedQueue]:
    made = MovedQueue(database, QueueFolder(tmp_path / "casn"))
    await made.open(schedule_of(open_s=10 * LOG_KEPT_S))
    yield made
    await made.close()


def copy(line: MovedQueue) -> Path:
    """As `meterai backup` makes it."""
    path = line.folder.path.with_name("copied")
    shutil.copytree(line.folder.path, path)
    (path / ".from-copy").touch()
    return path


async def put_back(line: MovedQueue, copied: Path) -> RewoundQueues:
    """The queue's disk is lost, the database is not."""
    line.gate.close()
    await line.controller.close()
    shutil.rmtree(line.folder.path)
    shutil.copytree(copied, line.folder.path)
    moment = datetime.fromtimestamp(line.now, UTC)
    done = await rewind_queues(line.database.app, line.folder.path.parent, actor="officer", now=moment)
    line.gate = TicketIssuer(PublishedCache(line.folder), line.keys, gate=1, wall=lambda: line.now)
    await line.take_over()
    return done


def promise(line: MovedQueue, ticket: Ticket) -> None:
    book, now = PromiseBook(line.folder.gate(1)), int(line.now)
    book.give(Promise(id=ticket.id, window=ticket.window, given_at=now, done_by=now + 600))
    book.write()


async def all_called(line: MovedQueue) -> None:
    await line.until(lambda status: status.waiting == 0 and status.called > 0)


async def stand_in_line_for_a_while(line: MovedQueue) -> None:
    """Windows are closed and drawn, without joins."""
    await line.wish("always_in_line", True)
    await line.until(lambda status: status.state is QueueState.OPEN)
    await line.seconds(8)
    await line.wish("always_in_line", False)
    await line.until(lambda status: status.state is QueueState.DIRECT)


def published(folder: QueueFolder) -> dict[str, bytes]:
    """The documents that never change after publication."""
    paths = [*folder.public.glob("w/*"), *folder.public.glob("configs/*")]
    return {str(path.relative_to(folder.public)): path.read_bytes() for path in paths}


async def test_what_the_files_lack_is_written_again_word_for_word(line: MovedQueue) -> None:
    copied = copy(line)
    for _ in range(2):  # time is cut again each time: by rules of their own
        await stand_in_line_for_a_while(line)
    await line.seconds(MINUTE)
    log, heads, files = line.folder.log / ENTRIES, line.folder.log / HEADS, published(line.folder)
    entries, last = log.read_bytes(), heads.read_bytes().splitlines()[-1]
    assert len(line.facts(ConfigFacts)) == 3
    assert any(name.endswith("reveal.json") for name in files)
    behind = QueueFolder(copied)
    assert published(behind).items() < files.items()

    done = await put_back(line, copied)
    assert (done.too_old, done.lost, done.lists) == ([], [], {"casn": []})
    await line.seconds(3)
    assert log.read_bytes().startswith(entries)
    assert files.items() <= published(line.folder).items()
    head = published_documents.decode(last.partition(b" ")[0], Head)
    kept = [(head.size, head.root)]
    assert audit(FolderSource(line.folder.public), kept_heads=kept, pause=lambda seconds: None).findings == []
    assert [facts.action for facts in line.facts(OperatorFacts)] == ["restore"]


async def test_who_joined_since_the_copy_keeps_the_place_although_no_list_has_it(line: MovedQueue) -> None:
    await line.wish("always_in_line", True)
    await line.seconds(2)
    before = line.join(ANI)
    await line.seconds(2)
    copied = copy(line)
    since = line.join(BUDI)
    promise(line, since)
    await all_called(line)
    await line.seconds(MINUTE)

    done = await put_back(line, copied)
    (lost,) = done.lists["casn"]
    assert (lost.window, lost.joins, lost.gates) == (since.window, 1, [1])
    await line.seconds(2)
    after = line.join(CITRA)
    promise(line, after)
    await all_called(line)
    for ticket, contact in ((before, ANI), (since, BUDI), (after, CITRA)):
        await line.enter(ticket, contact)
    await line.seconds(2)
    assert [facts.sequence for facts in line.facts(LateTicketFacts)] == [since.sequence]
    assert len(line.facts(PromiseFacts)) == 2
    found = audit(FolderSource(line.folder.public), pause=lambda seconds: None).findings
    assert {finding.code for finding in found} == {
        "window.list_missing", "window.people", "late.death_afterwards",
    }  # fmt: skip
    line.assert_orderly()


async def test_files_from_before_all_that_the_store_keeps_are_left_alone_and_named(line: MovedQueue) -> None:
    copied = copy(line)
    await stand_in_line_for_a_while(line)
    line.now += LOG_KEPT_S
    await line.seconds(MINUTE)
    owner = line.database.owner
    kept = await owner.fetchval("SELECT min(n) FROM waiting_room.log_entry")
    assert kept > 1, "what is older is forgotten"
    files = published(QueueFolder(copied))
    done = await put_back(line, copied)
    assert (done.rewound, done.too_old) == ([], ["casn"])
    assert published(line.folder) == files
    assert line.folder.from_copy.exists(), "a newer copy may be put over it"


async def test_rows_go_when_they_are_old_and_with_them_what_they_name(line: MovedQueue) -> None:
    await stand_in_line_for_a_while(line)
    line.now += LOG_KEPT_S - MINUTE
    await stand_in_line_for_a_while(line)
    owner = line.database.owner
    counts = (
        "SELECT (SELECT count(*) FROM waiting_room.closed_window), (SELECT count(*) FROM waiting_room.config)"
    )
    before = tuple(await owner.fetchrow(counts))
    await line.seconds(2 * MINUTE)
    after = tuple(await owner.fetchrow(counts))
    assert [now < then for now, then in zip(after, before, strict=True)] == [True, True]
    assert (
        await owner.fetchval("SELECT min(at) FROM waiting_room.log_entry") >= line.now - LOG_KEPT_S - MINUTE
    )
    assert await owner.fetchval("SELECT count(*) FROM waiting_room.log_entry") > 0
