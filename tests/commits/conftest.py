"""A database behind a proxy that cuts connections: every fixture that uses `database` gets it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.commits.walking import through
from tests.cutting_proxy import CuttingProxy
from tests.storage_fixtures import TestCluster, TestDatabase


@pytest_asyncio.fixture
async def proxy(cluster: TestCluster) -> AsyncIterator[CuttingProxy]:
    async with CuttingProxy.before(cluster.server.url()) as running:
        yield running


@pytest_asyncio.fixture
async def database(cluster: TestCluster, proxy: CuttingProxy) -> AsyncIterator[TestDatabase]:
    async with cluster.database() as fresh, through(proxy, fresh) as behind:
        yield behind
