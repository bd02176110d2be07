"""Fixtures of a line that NATS carries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from meterai.kit.settings import Settings
from meterai.waiting_room.carrying.nats_connection import NatsConnection
from tests.carrying.hosts import Hosts, hosts
from tests.nats_server import NatsServer, running_nats


@pytest.fixture
def nats_server() -> Iterator[NatsServer]:
    """A NATS server of the test's own."""
    with running_nats() as server:
        yield server


@pytest_asyncio.fixture
async def nats_line(nats_server: NatsServer) -> AsyncIterator[NatsConnection]:
    """A connection to it, with all streams made."""
    connection = NatsConnection(Settings(nats_url=nats_server.url), "controller")
    await connection.open()
    await connection.make_streams()
    yield connection
    await connection.close()


@pytest_asyncio.fixture(params=["folder", "nats"])
async def line_hosts(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Hosts]:
    """Hosts of a line over each adapter."""
    server = request.getfixturevalue("nats_server") if request.param == "nats" else None
    async with hosts(tmp_path, server) as made:
        yield made


@pytest_asyncio.fixture
async def nats_hosts(nats_server: NatsServer, tmp_path: Path) -> AsyncIterator[Hosts]:
    """Hosts of a line over NATS."""
    async with hosts(tmp_path, nats_server) as made:
        yield made
