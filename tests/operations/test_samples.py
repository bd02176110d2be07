"""Samples of the service and the check in the background, as the worker writes them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio

from meterai.kit.files.free_space import DiskReserve
from meterai.kit.files.object_store import FolderStore
from meterai.operations.samples import newest_sample, points, slot_of
from meterai.operations.use_cases.check_lately import EVERY, check_lately, last_run
from meterai.operations.use_cases.take_sample import Sampler, clean_up_samples
from tests.operations.world import NOW, build
from tests.sales.shop import Shop, open_shop
from tests.storage_fixtures import TestDatabase


@pytest_asyncio.fixture
async def shop(database: TestDatabase) -> AsyncIterator[Shop]:
    async with open_shop(database) as shop:
        yield shop


class Signing:
    """A signer that answers."""

    async def ping(self) -> Any:
        return SimpleNamespace(tsa_ends=None)


def sampler_of(database: TestDatabase, folder: Path) -> Sampler:
    return Sampler(database.worker, Signing(), DiskReserve({"data": folder}, 5))  # type: ignore[arg-type]


async def test_one_worker_writes_each_slot_and_the_figures_are_those_of_the_shop(
    shop: Shop, tmp_path: Path
) -> None:
    placed = await shop.placed_stamps(stamps=2)
    await shop.placed_quota(3)
    await shop.pay(placed)
    shop.pass_time(seconds=10)
    mine, other = sampler_of(shop.database, tmp_path), sampler_of(shop.database, tmp_path)
    now = shop.clock()
    assert [await one.turn(now) for one in (mine, other, mine)] == [1, 0, 0]
    async with shop.database.console.connection() as connection:
        found = await newest_sample(connection, until=now)
    assert found is not None
    assert (found.slot, found.orders, found.stamps_sold, found.stamps_made) == (slot_of(now), 2, 2, 0)
    assert (found.late_s, found.p95_s, found.people, found.signer_trouble) == (10, 10, 0, "")
    assert found.free_bytes["data"] > 0


async def test_samples_are_put_together_and_go_after_two_days(shop: Shop, tmp_path: Path) -> None:
    sampler, began = sampler_of(shop.database, tmp_path), shop.clock()
    for _ in range(7):
        await sampler.turn(shop.clock())
        shop.pass_time(seconds=10)
    async with shop.database.console.connection() as connection:
        found = await points(connection, since=began, step=timedelta(minutes=1))
    assert [(point.at - began, point.samples) for point in found] == [
        (timedelta(0), 6),
        (timedelta(minutes=1), 1),
    ]
    shop.pass_time(hours=47, minutes=59, seconds=20)
    assert await clean_up_samples(shop.database.worker, now=shop.clock()) == 3
    assert await clean_up_samples(shop.database.worker, now=shop.clock()) == 0


@pytest.mark.storage
async def test_the_worker_checks_the_invariants_now_and_then(database: TestDatabase, tmp_path: Path) -> None:
    world = await build(database, FolderStore(tmp_path / "objects"))
    await world.owner.execute("UPDATE operations.invariant_run SET begun_at = $1", NOW - EVERY)
    assert [await check_lately(database.worker, clock=lambda: NOW) for _ in range(2)] == [1, 0]
    async with database.console.connection() as connection:
        assert (await last_run(connection)).broken == ()
    await world.owner.execute(
        "UPDATE sales.payment SET gateway_cost = gateway_cost + 1 WHERE outcome = 'credited'"
    )
    assert await check_lately(database.worker, clock=lambda: NOW + EVERY) == 1
    async with database.console.connection() as connection:
        found = await last_run(connection)
    assert found.finished_at == NOW + EVERY
    assert "I4" in [one.id for one in found.broken]
