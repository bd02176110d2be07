"""At the end of a chain of seeds: the next one was logged long before, and draws continue without a gap."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from meterai.waiting_room.auditing.findings import Report
from meterai.waiting_room.auditing.replay import audit
from meterai.waiting_room.auditing.sources import FolderSource
from meterai.waiting_room.files.log_facts import ChainFacts, RevealFacts
from meterai.waiting_room.files.public_log import EntryKind
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.rules.seeds import SeedChains, follows, log_ahead
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.forger import Forger
from tests.waiting_room.moved_queue import MovedQueue, schedule_of

LINKS = 12

pytestmark = pytest.mark.storage


@pytest_asyncio.fixture
async def line(database: TestDatabase, tmp_path: Path) -> AsyncIterator[MovedQueue]:
    """A queue whose chains last twelve windows. Thirty windows have passed, with one person in each."""
    made = MovedQueue(database, QueueFolder(tmp_path / "casn"))
    await made.open(schedule_of(), always=True, chain_links=LINKS)
    for second in range(30):
        made.join(f"email:orang{second}@contoh.id")
        await made.seconds(1)
        if second == 20:
            await made.take_over()
    await made.seconds(8)
    yield made
    await made.close()


def audited(folder: QueueFolder) -> Report:
    return audit(FolderSource(folder.public), pause=lambda seconds: None)


async def test_the_next_chain_is_logged_in_time_and_the_audit_follows_it(line: MovedQueue) -> None:
    assert [(facts.number, facts.first_window) for facts in line.facts(ChainFacts)] == [
        (1, 12), (2, 24), (3, 36),
    ]  # fmt: skip
    closed: list[int] = [0]
    for entry in line.entries():
        if entry.what is EntryKind.CLOSE:
            closed.append(entry.facts["window"])
        if entry.what is EntryKind.CHAIN:
            assert closed[-1] <= entry.facts["first_window"] - log_ahead(LINKS)
    told = [facts.window for facts in line.facts(RevealFacts)]
    assert told == list(range(1, told[-1] + 1))
    assert told[-1] > 2 * LINKS
    report = audited(line.folder)
    assert (report.verdict, report.findings) == ("passes", [])


@pytest.mark.parametrize("how", ["changed", "left out", "late"])
async def test_a_chain_nobody_committed_to_in_time_fails_the_audit(line: MovedQueue, how: str) -> None:
    forger = Forger(line.folder)
    at = next(n for n, entry in enumerate(forger.entries) if entry.what is EntryKind.CHAIN)
    facts = forger.entries[at].facts
    if how == "changed":
        forger.change(at, commitment=bytes(32).hex())
    else:
        forger.entries.pop(at)
    if how == "late":
        ended = next(
            n for n, e in enumerate(forger.entries) if e.what is EntryKind.CLOSE and e.facts["window"] == 12
        )
        forger.insert(ended + 1, EntryKind.CHAIN, facts)
    forger.write()
    codes = {finding.code for finding in audited(line.folder).findings}
    assert "seed.link" in codes
    assert ("seed.chain" in codes) is (how != "changed")


def test_each_chain_has_a_root_of_its_own_and_each_link_leads_to_its_commitment() -> None:
    chains = SeedChains(b"s" * 32, LINKS)
    for window in range(3 * LINKS):
        number = chains.number_of(window)
        steps = window - number * LINKS + 1
        assert follows(chains.commitment_of(number), chains.link(window), steps)
    assert len({chains.commitment_of(number) for number in range(3)}) == 3
    assert chains.commitment == chains.commitment_of(0)
