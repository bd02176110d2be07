"""I13 with real public logs: `meterai check` finds every difference between store and log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from meterai.operations.invariants import passes
from meterai.operations.invariants.model import InvariantResult
from meterai.operations.use_cases.check_invariants import run_invariants
from meterai.sales.events import load_events
from meterai.sales.use_cases.set_events import set_events
from meterai.waiting_room.auditing.replay import audit
from meterai.waiting_room.auditing.sources import FolderSource
from meterai.waiting_room.files.public_log import ENTRIES
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.rules.model import Policy
from meterai.waiting_room.use_cases.set_queue import set_queue
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.evening import SCHEDULE, Evening, crowd

pytestmark = pytest.mark.storage

VIP = """INSERT INTO waiting_room.pass (queue, id, pass_id, claimed_at, number, lane, gate, sequence, logged)
         SELECT queue, '\\x000102030405060708090a0b', gen_random_uuid(), claimed_at, number, lane, gate,
             sequence + 1000, {logged} FROM waiting_room.pass LIMIT 1"""


@pytest.fixture
async def evening(database: TestDatabase, tmp_path: Path) -> Evening:
    """A dozen people joined; most of them were let in."""
    evening = Evening(database, QueueFolder(tmp_path / "casn"))
    await evening.open()
    evening.join(*crowd("undian", 12))
    while evening.now < SCHEDULE.opens_at + 20:
        await evening.second()
    assert sum(person.has_pass for person in evening.people) > 5
    return evening


async def i13(evening: Evening) -> InvariantResult:
    results = await run_invariants(
        evening.database.reader, now=evening._time, queues=evening.folder.path.parent
    )
    return next(found for found in results if found.id == "I13")


def audited(evening: Evening) -> set[str]:
    report = audit(FolderSource(evening.folder.public), pause=lambda seconds: None)
    return {finding.code for finding in report.findings}


async def test_store_and_log_of_an_honest_queue_agree(evening: Evening) -> None:
    found = await i13(evening)
    assert found.violations == ()
    assert found.checked > 5
    assert found.note == ""
    assert audited(evening) == set()


async def test_what_the_controller_has_not_logged_yet_is_no_violation(evening: Evening) -> None:
    await evening.database.owner.execute(VIP.format(logged="false"))
    assert (await i13(evening)).ok, "the log will say it, and the audit will find it"


async def test_a_vip_put_in_by_hand_is_logged_and_makes_the_audit_fail(evening: Evening) -> None:
    await evening.database.owner.execute(VIP.format(logged="false"))
    await evening.second()
    assert (await i13(evening)).ok
    assert "claim.unlisted" in audited(evening)


async def test_a_vip_put_in_as_logged_by_hand_is_in_no_log(evening: Evening) -> None:
    await evening.database.owner.execute(VIP.format(logged="true"))
    await evening.database.owner.execute("UPDATE waiting_room.queue SET admitted = admitted + 1")
    (violation,) = (await i13(evening)).violations
    assert "000102030405060708090a0b is in no entry of the log" in violation


async def test_a_pass_taken_away_by_hand_is_missed(evening: Evening) -> None:
    await evening.database.owner.execute(
        "DELETE FROM waiting_room.pass WHERE id = (SELECT min(id) FROM waiting_room.pass)"
    )
    await evening.database.owner.execute("UPDATE waiting_room.queue SET admitted = admitted - 1")
    (violation,) = (await i13(evening)).violations
    assert "the store has no such pass" in violation


async def test_a_pass_changed_by_hand_is_found_on_both_sides(evening: Evening) -> None:
    await evening.database.owner.execute(
        "UPDATE waiting_room.pass SET sequence = 99 WHERE id = (SELECT min(id) FROM waiting_room.pass)"
    )
    assert (await i13(evening)).violation_count == 2


async def test_a_log_that_is_gone_or_cut_is_found(evening: Evening) -> None:
    await evening.database.owner.execute("DELETE FROM waiting_room.log_entry")  # safe in the file: forgotten
    log = evening.folder.log / ENTRIES
    whole = log.read_bytes()
    assert (await i13(evening)).ok
    log.write_bytes(b"".join(whole.splitlines(keepends=True)[:5]))
    assert not (await i13(evening)).ok
    log.write_bytes(b"no log\n" + whole)
    assert "can't be read" in (await i13(evening)).violations[0]
    log.unlink()
    assert not (await i13(evening)).ok


async def test_what_the_file_lacks_is_taken_from_the_rows(evening: Evening) -> None:
    log = evening.folder.log / ENTRIES
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:5]))
    assert (await i13(evening)).ok, "a controller that was killed before it published goes on from the rows"


async def test_the_passes_of_one_queue_are_let_go_before_those_of_the_next_are_read(
    evening: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The events of some years together would not fit into memory."""
    app, now = evening.database.app, evening._time
    await set_events(app, [msgspec.structs.replace(load_events()[0], slug=slug) for slug in ("casn", "pppk")])
    await set_queue(app, "pppk", SCHEDULE, Policy(), is_on=True, now=now)
    await evening.database.owner.execute(
        VIP.format(logged="true").replace(
            "SELECT queue", "SELECT (SELECT max(number) FROM waiting_room.queue)"
        )
    )
    read: list[str] = []
    claims, said = passes._claims, passes._said

    def reads_log(*where: Any, **more: Any) -> AsyncIterator[tuple[int, dict[str, Any]]]:
        read.append(f"the log of {where[3]}")
        return claims(*where, **more)

    def reads_pass(row: Any) -> dict[str, Any]:
        read.append(f"a pass of {row['event']}")
        return said(row)

    monkeypatch.setattr(passes, "_claims", reads_log)
    monkeypatch.setattr(passes, "_said", reads_pass)
    await i13(evening)
    steps = [step for step, before in zip(read, ["", *read], strict=False) if step != before]
    assert steps[:4] == ["a pass of casn", "the log of casn", "a pass of pppk", "the log of pppk"]
