"""The `shop` fixture."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from meterai.operations.use_cases.check_invariants import run_invariants
from tests.sales.shop import Shop, open_shop
from tests.storage_fixtures import TestDatabase


@pytest_asyncio.fixture
async def shop(database: TestDatabase) -> AsyncIterator[Shop]:
    """A shop with stock and Alice (see tests/sales/shop.py). After a test, its books must add up."""
    async with open_shop(database) as shop:
        yield shop
        if not shop.plays_the_stamping:
            results = await run_invariants(database.reader, now=shop.clock())
            # Nothing is stamped here: the tests say that it was.
            broken = [(found.id, said) for found in results for said in found.violations]
            assert [one for one in broken if "was never stamped" not in one[1]] == []
