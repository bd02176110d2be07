"""Fixtures of a line that NATS carries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from meterai.kit.settings import Settings
from meterai.waiting_room.carrying.nats_connection import NatsConnection
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
