"""A healthy world keeps every invariant. Faults in files, counters and the check itself are found."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from meterai.kit.files.object_store import FolderStore
from meterai.kit.outbox import enqueue_many
from meterai.operations.invariants.files import Opinion
from meterai.operations.invariants.model import InvariantResult
from meterai.operations.use_cases.check_invariants import run_invariants
from meterai.sales.use_cases.issue_quota import PIECES_MAX, issue_quota
from meterai.stamping.signer.key_files import read_counters
from tests.operations.plants import copy_of
from tests.operations.world import COUNTERS, EARLIER, KEY, NOW, World, build, serial_of
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage

USES = 2  # of the key, in the healthy world


@pytest.fixture
async def world(database: TestDatabase, tmp_path: Path) -> World:
    return await build(database, FolderStore(tmp_path / "objects"))


async def judge(content: bytes) -> Opinion:
    """Stands in for verification: a file is genuine if it says "stamped".

    It bears Alice's serial if it says that it is hers.
    """
    lacks_time = b"without time" in content
    return Opinion(
        wrong="TIDAK_DAPAT_DIPERIKSA" if lacks_time else None if b"stamped" in content else "TIDAK_ASLI",
        lacks_time=lacks_time,
        serials=frozenset([serial_of("alice")] if b"Alice" in content else []),
    )


async def check(world: World, *, uses: int | None = USES, sample: int | None = None) -> list[InvariantResult]:
    return await run_invariants(
        world.database.reader,
        now=NOW,
        objects=world.objects,
        judge=judge,
        counters={} if uses is None else {**COUNTERS, KEY: uses},
        sample=sample,
    )


def broken(results: list[InvariantResult]) -> dict[str, tuple[str, ...]]:
    return {found.id: found.violations for found in results if not found.ok}


async def test_a_healthy_world_keeps_every_invariant(world: World) -> None:
    results = await check(world)
    assert broken(results) == {}
    assert [found.id for found in results] == (
        [
            "I1",
            "I2",
            "I3",
            "I4",
            "I5",
            "I6",
            "I8",
            "I9",
            "I12",
            "I13",
            "I14",
            "I15",
            "I16",
            "I23",
            "I25",
            "I26",
            "I27",
            "I28",
            "I29",
            "I30",
            "I31",
            "I32",
        ]
    )
    assert all(found.checked > 0 for found in results), "each looked at something"


async def test_large_deposits_are_checked_like_any_other(world: World) -> None:
    for n in range(30):
        await issue_quota(
            world.database.app, pieces=PIECES_MAX, deposit_reference=f"NTPN-MAX-{n}", actor="ani", now=EARLIER
        )
    assert broken(await check(world)) == {}


async def test_a_deposit_of_a_release_that_kept_no_entry_is_recorded_when_its_receipt_is_given_again(
    world: World,
) -> None:
    """Otherwise I3 would stay broken after the upgrade."""

    async def issue(receipt: str) -> tuple[bool, bool]:
        issued = await issue_quota(
            world.database.app, pieces=1000, deposit_reference=receipt, actor="ani", now=EARLIER
        )
        return issued.new, issued.recorded

    assert await issue("NtpN-42") == (True, True)
    async with world.owner.transaction():
        await world.owner.execute("SET LOCAL session_replication_role = replica")
        await world.owner.execute("DELETE FROM operations.audit_entry WHERE subject = 'NtpN-42'")
    assert set(broken(await check(world))) == {"I3"}
    assert await issue("NtpN-42") == (False, True)
    assert broken(await check(world)) == {}
    assert await issue("NTPN-42") == (False, False)


@pytest.mark.parametrize("uses", [USES + 1, USES - 1, None])
async def test_a_key_used_more_or_less_often_than_counted_is_found(world: World, uses: int | None) -> None:
    assert set(broken(await check(world, uses=uses))) == {"I8"}


async def test_an_attempt_that_may_be_under_way_is_no_violation(world: World) -> None:
    await world.insert("stamping.sign_attempt", serial=serial_of("living"), key_id=KEY, attempted_at=NOW)
    assert broken(await check(world, uses=USES)) == {}
    assert broken(await check(world, uses=USES + 1)) == {}


def test_counters_are_read_from_the_signers_folder(tmp_path: Path) -> None:
    (tmp_path / f"{KEY}.count").write_text(f"{7:020}")
    assert read_counters(tmp_path) == {KEY: 7}


async def test_a_flipped_bit_a_cut_and_a_lost_file_are_found(world: World) -> None:
    assert isinstance(world.objects, FolderStore)
    (path,) = [path for path in world.objects.root.rglob("*") if path.is_file()]
    content = path.read_bytes()
    for damaged in (bytes([content[0] ^ 1]) + content[1:], content[:-1], None):
        path.unlink(missing_ok=True)
        if damaged is not None:
            path.write_bytes(damaged)
        assert set(broken(await check(world))) == {"I9"}
    path.write_bytes(content)
    assert broken(await check(world)) == {}


async def test_a_released_file_that_is_not_judged_genuine_is_found(world: World) -> None:
    await world.owner.execute("SET session_replication_role = replica")
    await world.owner.execute(
        "UPDATE stamping.release SET sha256 = $1, bytes = 5", await world.objects.put(b"bogus")
    )
    assert broken(await check(world)) == {"I12": (f"{await world.objects.put(b'bogus')}: TIDAK_ASLI",)}


async def test_a_genuine_file_that_bears_another_serial_than_it_was_released_with_is_found(
    world: World,
) -> None:
    other = b"Bob's stamped letter"
    key = await world.objects.put(other)
    await world.owner.execute("SET session_replication_role = replica")
    await world.owner.execute("UPDATE stamping.release SET sha256 = $1, bytes = $2", key, len(other))
    assert broken(await check(world)) == {
        "I12": (f"{key}: released with {serial_of('alice')}, which it does not bear",)
    }


async def test_a_file_whose_time_stamp_is_owed_may_lack_it_and_nothing_else(
    world: World,
) -> None:
    mine, strange, not_owed = [
        await world.objects.put(b"%s letter without time" % of)
        for of in (b"Alice's", b"Bob's", b"Alice's own")
    ]
    await world.owner.execute("SET session_replication_role = replica")
    for sha256 in (mine, strange):
        await world.insert(
            "stamping.time_stamp_owed",
            sha256=sha256,
            document_id=uuid4(),
            serial=serial_of("alice"),
            gap_start=0,
            gap_end=0,
            created_at=EARLIER,
            next_attempt_at=NOW,
        )
    wrong = {
        mine: None,
        strange: f"released with {serial_of('alice')}, which it does not bear",
        not_owed: "TIDAK_DAPAT_DIPERIKSA",
    }
    for sha256, found in wrong.items():
        content = await world.objects.get(sha256)
        await world.owner.execute("UPDATE stamping.release SET sha256 = $1, bytes = $2", sha256, len(content))
        assert broken(await check(world)) == ({"I12": (f"{sha256}: {found}",)} if found else {})


async def test_a_sample_reads_as_many_files_as_asked_and_says_so(world: World) -> None:
    await world.owner.execute("SET session_replication_role = replica")
    for n in range(20):
        key = await world.objects.put(b"Alice's stamped lett%02d" % n)
        await world.owner.execute(
            copy_of("stamping.release", "version = 1", version=str(n + 2), sha256=f"'{key}'")
        )
    (files,) = [found for found in await check(world, sample=7) if found.id == "I12"]
    assert files.checked == 7
    assert "sample" in files.note


async def test_the_first_twenty_violations_are_shown_and_all_are_counted(world: World) -> None:
    await world.owner.execute("SET session_replication_role = replica")
    await world.owner.execute(
        """ALTER TABLE sales.notice DROP CONSTRAINT notice_gateway_event_key_key;
           INSERT INTO sales.notice (id, gateway, event_key, reference, raw, received_at)
           SELECT gen_random_uuid(), 'midtrans', n % 26, '', '', now() FROM generate_series(1, 52) n"""
    )
    (found,) = [found for found in await check(world) if found.id == "I5"]
    assert len(found.violations) == 20
    assert found.violation_count == 26


async def test_a_check_that_cannot_run_is_no_good_news(world: World) -> None:
    await world.owner.execute("DROP VIEW verification.released; ALTER TABLE stamping.release RENAME TO gone")
    results = {found.id: found for found in await run_invariants(world.database.reader, now=NOW)}
    assert not results["I1"].ok
    assert "could not be checked" in results["I1"].violations[0]


async def test_who_checks_the_tables_reads_neither_codes_nor_messages(database: TestDatabase) -> None:
    told = "stamping.released"
    topics = ["code.email", "code.phone", "message.email", "message.phone", "of.tomorrow", told]
    async with database.app.connection() as app:
        await enqueue_many(app, [(topic, {"text": "Kode Anda 123456"}) for topic in topics], NOW)
    async with database.reader.connection() as reader:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.fetch("SELECT payload FROM jobs.outbox")
        rows = await reader.fetch("SELECT topic, payload FROM jobs.waiting ORDER BY id")
    assert [row["topic"] for row in rows] == topics
    assert [row["topic"] for row in rows if row["payload"] is not None] == [told]
