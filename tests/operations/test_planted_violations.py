"""Each planted violation is found by the invariant, and the part of it, that claims to watch for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from meterai.kit.database import Connection
from meterai.kit.files.object_store import FolderStore
from meterai.operations.invariants.census import Census, Pass, plan_passes
from meterai.operations.invariants.fingerprint import SALT, Balance, Screen, Sum, weight
from meterai.operations.invariants.house_accounts import RUPIAH, STAMPS, as_told, otherwise_than_told
from meterai.operations.invariants.sources import OTHER_JOBS, OTHERS_FOUND
from meterai.operations.use_cases.check_invariants import SQL_INVARIANTS, check_tables, take_census
from tests.operations.plants import NOT_STARTED, OVERDRAW, PLANTS, Plant
from tests.operations.world import KEY, NOW, build
from tests.storage_fixtures import TestCluster

pytestmark = [pytest.mark.storage, pytest.mark.asyncio(loop_scope="module")]

AFTER_A_STANDSTILL = timedelta(hours=3)
"""Then the unpaid order's end and its reservation's time-out are long past."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def owner(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Connection]:
    """The owner's connection to one healthy world for all tests of this file."""
    folder: Path = tmp_path_factory.mktemp("objects")
    async with cluster.database() as database:
        await build(database, FolderStore(folder))
        yield database.owner


async def _census(owner: Connection, sums: Sequence[Sum]) -> Census:
    """The sums that one screen wants, in a fraction of the time that those of all take."""
    census = Census(now=NOW)
    for one in await plan_passes(owner, sums):
        await census.take(owner, one)
    return census


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: f"{plant.invariant} {plant.story}")
async def test_a_planted_violation_is_found(owner: Connection, plant: Plant) -> None:
    change = owner.transaction()
    await change.start()
    try:
        await owner.execute("SET LOCAL session_replication_role = replica")  # no trigger, no foreign key
        await owner.execute(plant.sql)
        results = await check_tables([owner], now=NOW, counters={KEY: 2})
        (invariant,) = [each for each in SQL_INVARIANTS if each.id == plant.invariant]
        part, screen = invariant.parts[plant.part], invariant.screens.get(plant.part)
        assert await owner.fetch(part, *([NOW] if "$1" in part else [])), "found by the part that watches"
        census = await _census(owner, screen.sums() if screen else ())
        assert not await census.passes(owner, screen), "and not screened off"
    finally:
        await change.rollback()
    assert plant.invariant in {found.id for found in results if not found.ok}
    assert not [text for found in results for text in found.violations if "could not be checked" in text]


@pytest.mark.parametrize("later", [timedelta(0), AFTER_A_STANDSTILL])
async def test_the_world_without_a_planted_violation_is_healthy(owner: Connection, later: timedelta) -> None:
    async with owner.transaction():
        results = await check_tables([owner], now=NOW + later, counters={KEY: 2})
    assert [found for found in results if not found.ok] == []


async def test_a_paid_document_gets_its_owner_with_the_job_and_is_no_strangers_meanwhile(
    owner: Connection,
) -> None:
    change = owner.transaction()
    await change.start()
    try:
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute(NOT_STARTED)
        results = await check_tables([owner], now=NOW, counters={KEY: 2})
    finally:
        await change.rollback()
    assert [found for found in results if found.id in ("I16", "I25") and not found.ok] == []


@pytest.mark.parametrize("side", ["debits_posted", "credits_posted"])
async def test_each_side_of_each_account_of_the_house_is_compared_with_what_is_told_of_it(
    owner: Connection, side: str
) -> None:
    change = owner.transaction()
    await change.start()
    try:
        await owner.execute(f"{OVERDRAW} UPDATE ledger.account SET {side} = {side} + 1 WHERE kind <> 'lot'")
        for accounts in (STAMPS, RUPIAH):
            told = {each.kind for each in accounts if getattr(each, side.removesuffix("_posted")) is not None}
            found = await owner.fetch(otherwise_than_told(accounts))
            assert {row["fact"].split(":")[0] for row in found} == told
            balances = as_told(accounts)
            census = await _census(owner, [one for each in balances for one in (*each.ours, *each.theirs)])
            moved = [census.balanced(each) for each in balances if each.ours[0].value == side]
            assert moved == [False] * len(told)
    finally:
        await change.rollback()


async def test_every_part_of_every_invariant_has_a_planted_violation() -> None:
    parts = {(each.id, part) for each in SQL_INVARIANTS for part in range(len(each.parts))}
    assert {(plant.invariant, plant.part) for plant in PLANTS} == parts


@pytest.mark.parametrize("later", [timedelta(0), AFTER_A_STANDSTILL])
async def test_a_healthy_world_passes_every_screen(owner: Connection, later: timedelta) -> None:
    async with owner.transaction():
        census = await take_census([owner], now=NOW + later)
        screens = [
            (each.id, place, await census.passes(owner, screen))
            for each in SQL_INVARIANTS
            for place, screen in each.screens.items()
        ]
    assert len(screens) >= 20
    assert [found for found in screens if not found[2]] == []


@pytest.mark.parametrize("later", [timedelta(0), AFTER_A_STANDSTILL])
async def test_in_a_healthy_world_no_part_finds_anything_also_where_no_screen_spares_it(
    owner: Connection, later: timedelta
) -> None:
    """Once one thing is wrong the part names what breaks it, and nothing else."""
    async with owner.transaction():
        found = {
            (each.id, place): await owner.fetch(part, *([NOW + later] if "$1" in part else []))
            for each in SQL_INVARIANTS
            for place, part in enumerate(each.parts)
        }
    assert {place: rows for place, rows in found.items() if rows} == {}


async def test_no_screen_passes_while_an_index_lacks_some_of_the_few_rows_it_looks_up(
    owner: Connection,
) -> None:
    screens = [screen for each in SQL_INVARIANTS for screen in each.screens.values()]
    few = [
        screen
        for screen in screens
        if any(OTHER_JOBS in text for text in (*(one.source for one in screen.sums()), *screen.nothing))
    ]
    assert len(few) >= 8
    change = owner.transaction()
    await change.start()
    try:
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute("UPDATE stamping.job SET next_attempt_at = NULL WHERE state = 'sealing'")
        census = await take_census([owner], now=NOW)
        assert not any([await census.passes(owner, screen) for screen in few])
        assert all(set(OTHERS_FOUND) <= set(screen.balances) for screen in few)
    finally:
        await change.rollback()


async def test_a_large_amount_is_weighed_like_any_other(owner: Connection) -> None:
    accounts = Sum("ledger.account")
    ones, weighed = (Sum("ledger.account", f"{amount} * {weight('id')}") for amount in (1, 2**62))
    census = Census(now=NOW)
    async with owner.transaction():
        await census.take(owner, Pass((accounts, ones, weighed)))
    total = census.total(ones)
    assert total is not None
    assert census.total(weighed) == total * 2**62
    assert census.total(accounts), "what is counted in the same pass is known"


async def test_a_sum_that_cannot_be_taken_leaves_the_part_to_judge(owner: Connection) -> None:
    large, small = (Sum("ledger.account", f"{amount} * (2 + {SALT} * 0)") for amount in (2**62, 2**20))
    census = Census(now=NOW)
    async with owner.transaction():
        for one in (large, small):
            await census.take(owner, Pass((one,)))
        screens = [Screen(balances=(Balance((one,), (one,)),)) for one in (large, small)]
        assert [await census.passes(owner, screen) for screen in screens] == [False, True]


async def test_a_large_table_is_summed_in_pieces(owner: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    everyone = Sum("generations.row", "number")
    async with owner.transaction():
        await owner.execute("CREATE SCHEMA generations; CREATE TABLE generations.row (number bigint)")
        await owner.execute("INSERT INTO generations.row SELECT generate_series(1, 5000)")
        monkeypatch.setattr("meterai.operations.invariants.census._PIECE_BLOCKS", 3)
        passes = await plan_passes(owner, [everyone])
        census = Census(now=NOW)
        for one in passes:
            await census.take(owner, one)
        await owner.execute("DROP SCHEMA generations CASCADE")
    assert len(passes) > 3
    assert census.total(everyone) == 5000 * 5001 // 2
