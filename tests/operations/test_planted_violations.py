"""Each planted violation is found by the invariant, and the part of it, that claims to watch for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from tests.operations.plants import PLANTS, Plant
from tests.operations.world import KEY, NOW, build
from tests.storage_fixtures import TestCluster

from meterai.kit.database import Connection, Database
from meterai.kit.objects import FolderStore
from meterai.operations.use_cases.check_invariants import SQL_INVARIANTS, passes_screen, run_invariants

pytestmark = [pytest.mark.storage, pytest.mark.asyncio(loop_scope="module")]


class InTheSameTransaction(Database):
    """Hands out one connection again and again, so that what it changed is seen and can be rolled back."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        async with self._connection.transaction():
            yield self._connection


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
        results = await run_invariants(InTheSameTransaction(owner), now=NOW, counters={KEY: 2}, lanes=1)
        (invariant,) = [each for each in SQL_INVARIANTS if each.id == plant.invariant]
        part = invariant.parts[plant.part]
        assert await owner.fetch(part, *([NOW] if "$1" in part else [])), "found by the part that watches"
        assert not await passes_screen(owner, invariant.screens.get(plant.part), NOW), "and not screened off"
    finally:
        await change.rollback()
    assert plant.invariant in {found.id for found in results if not found.ok}
    assert not [text for found in results for text in found.violations if "could not be checked" in text]


async def test_the_world_without_a_planted_violation_is_healthy(owner: Connection) -> None:
    results = await run_invariants(InTheSameTransaction(owner), now=NOW, counters={KEY: 2}, lanes=1)
    assert [found for found in results if not found.ok] == []


async def test_every_part_of_every_invariant_has_a_planted_violation() -> None:
    parts = {(each.id, part) for each in SQL_INVARIANTS for part in range(len(each.parts))}
    assert {(plant.invariant, plant.part) for plant in PLANTS} == parts


async def test_a_healthy_world_passes_every_screen(owner: Connection) -> None:
    screens = [
        (each.id, place, await passes_screen(owner, screen, NOW))
        for each in SQL_INVARIANTS
        for place, screen in each.screens.items()
    ]
    assert len(screens) >= 8
    assert [found for found in screens if not found[2]] == []


async def test_an_amount_too_large_for_a_screen_leaves_the_part_to_judge(owner: Connection) -> None:
    assert await passes_screen(owner, "SELECT 4611686018427387904 + $salt > 0", NOW)
    assert not await passes_screen(owner, "SELECT 9223372036854775807 * (2 + $salt) > 0", NOW)
