"""The console behind a real socket, for tests in a browser."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import uvicorn

from meterai.console.app import build_console
from meterai.kit.settings import Settings
from tests.console.running_console import console_app
from tests.storage_fixtures import TestDatabase


@asynccontextmanager
async def served(database: TestDatabase, clock: Callable[[], datetime]) -> AsyncIterator[str]:
    """The console at a port of its own. Gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://localhost:{listener.getsockname()[1]}"
        settings = Settings(console_url=address, public_url="http://situs")
        console = build_console(console_app(database, settings=settings, clock=clock))
        server = uvicorn.Server(uvicorn.Config(console, log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        yield address
        server.should_exit = True
        await serving
