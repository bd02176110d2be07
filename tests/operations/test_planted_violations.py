"""Each planted violation is found by its invariant, and by the part that watches for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from meterai.kit.database import Connection
from meterai.kit.files.object_store import FolderStore
from meterai.operations.invariants.house_accounts import RUPIAH, STAMPS, wrong_totals
from meterai.operations.use_cases.check_invariants import SQL_INVARIANTS, check_tables
from tests.operations.accounting_plants import ACCOUNTING_PLANTS
from tests.operations.partner_plants import PARTNER_PLANTS
from tests.operations.plants import NOT_STARTED, OVERDRAW, Plant
from tests.operations.plants import PLANTS as HOUSE_PLANTS
from tests.operations.world import COUNTERS, NOW, build
from tests.storage_fixtures import TestCluster

pytestmark = [pytest.mark.storage, pytest.mark.asyncio(loop_scope="module")]

PLANTS = [*HOUSE_PLANTS, *PARTNER_PLANTS, *ACCOUNTING_PLANTS]
AFTER_A_STANDSTILL = timedelta(hours=3)
"""By then the end of the unpaid order and the time-out of its reservation are long past."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def owner(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Connection]:
    """The owner's connection to one healthy world for all tests of this file."""
    folder: Path = tmp_path_factory.mktemp("objects")
    async with cluster.database() as database:
        await build(database, FolderStore(folder))
        yield database.owner


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: f"{plant.invariant} {plant.story}")
async def test_a_planted_violation_is_found(owner: Connection, plant: Plant) -> None:
    change = owner.transaction()
    await change.start()
    try:
        await owner.execute("SET LOCAL session_replication_role = replica")  # no trigger, no foreign key
        await owner.execute(plant.sql)
        results = await check_tables([owner], now=NOW, counters=COUNTERS)
        (invariant,) = [each for each in SQL_INVARIANTS if each.id == plant.invariant]
        part = invariant.parts[plant.part]
        assert await owner.fetch(part, *([NOW] if "$1" in part else [])), "found by the part that watches"
    finally:
        await change.rollback()
    assert plant.invariant in {found.id for found in results if not found.ok}
    assert not [text for found in results for text in found.violations if "could not be checked" in text]


@pytest.mark.parametrize("later", [timedelta(0), AFTER_A_STANDSTILL])
async def test_the_world_without_a_planted_violation_is_healthy(owner: Connection, later: timedelta) -> None:
    async with owner.transaction():
        results = await check_tables([owner], now=NOW + later, counters=COUNTERS)
    assert [found for found in results if not found.ok] == []


async def test_a_paid_document_gets_its_owner_with_the_job_and_is_no_strangers_meanwhile(
    owner: Connection,
) -> None:
    change = owner.transaction()
    await change.start()
    try:
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute(NOT_STARTED)
        results = await check_tables([owner], now=NOW, counters=COUNTERS)
    finally:
        await change.rollback()
    assert [found for found in results if found.id in ("I16", "I25") and not found.ok] == []


@pytest.mark.parametrize("side", ["debits_posted", "credits_posted"])
async def test_each_side_of_each_house_account_is_compared_with_what_is_expected(
    owner: Connection, side: str
) -> None:
    change = owner.transaction()
    await change.start()
    try:
        await owner.execute(f"{OVERDRAW} UPDATE ledger.account SET {side} = {side} + 1 WHERE kind <> 'lot'")
        for accounts in (STAMPS, RUPIAH):
            compared = {
                each.kind for each in accounts if getattr(each, side.removesuffix("_posted")) is not None
            }
            found = await owner.fetch(wrong_totals(accounts))
            assert {row["fact"].split(":")[0] for row in found} == compared
    finally:
        await change.rollback()


async def test_every_part_of_every_invariant_has_a_planted_violation() -> None:
    parts = {(each.id, part) for each in SQL_INVARIANTS for part in range(len(each.parts))}
    assert {(plant.invariant, plant.part) for plant in PLANTS} == parts
