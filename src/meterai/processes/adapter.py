"""The adapter's process: opens jail, folder and journal, and serves until it is stopped."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import structlog
import uvicorn
import uvloop

from meterai.adapter.journal import Journal
from meterai.adapter.routes import DOCUMENTATION, build_adapter
from meterai.adapter.shared_folder import SharedFolder
from meterai.adapter.stampservice import Stampservice
from meterai.adapter.time_stamps import TimeStamps
from meterai.adapter.work import CHECK, PREPARE, Adapter
from meterai.jail.pool import JailPool
from meterai.kernel.clock import system_clock
from meterai.kit.fail_points import from_environment
from meterai.kit.http.listening import listen
from meterai.kit.http.role_port import role_port, writable
from meterai.kit.http.server_config import guarded_config
from meterai.kit.logging import set_up_logging
from meterai.kit.production import settings_of
from meterai.kit.settings import Settings

log = structlog.get_logger(__name__)

JOURNAL: Final = "adapter"
"""The journal's folder in the data directory."""
_CONNECTIONS_MAX: Final = 2_000
_HOUR_S: Final = 3_600.0


@asynccontextmanager
async def open_adapter(settings: Settings) -> AsyncIterator[Adapter]:
    """Opens what the adapter works with.

    Raises: OSError without the shared folder; ValueError for roots that can't be read; RuntimeError when the
    jail can't be closed in production.
    """
    time_stamps = TimeStamps(_roots(settings), service_url=settings.adapter_service, clock=system_clock)
    service = Stampservice(settings.adapter_service, gateway_key=settings.adapter_gateway_key)
    jail = JailPool(
        [PREPARE, CHECK],
        apart=[CHECK],
        slots=settings.jail_slots,
        memory_bytes=settings.jail_memory_bytes,
        first_user=settings.jail_first_user,
        cpu_seconds=settings.jail_cpu_seconds,
        wall_seconds=settings.jail_wall_seconds,
        waiting_max=_CONNECTIONS_MAX,
        production=settings.environment == "production",
    )
    adapter = Adapter(
        folder=SharedFolder(Path(settings.adapter_folder)),
        journal=Journal(settings.data / JOURNAL),
        jail=jail,
        service=service,
        time_stamps=time_stamps,
        clock=system_clock,
        fail_point=from_environment(os.environ, development=settings.environment == "development"),
    )
    await jail.start()
    cleaning = asyncio.create_task(_clean_up(adapter.journal, settings.adapter_keep_days))
    try:
        yield adapter
    finally:
        cleaning.cancel()
        await jail.close()
        await service.close()
        await time_stamps.close()


async def _clean_up(journal: Journal, days: int) -> None:
    while True:
        deleted = await asyncio.to_thread(journal.delete_old, days)
        if deleted:
            log.info("adapter_journal_cleaned", files=deleted)
        await asyncio.sleep(_HOUR_S)


def _roots(settings: Settings) -> bytes:
    return Path(settings.adapter_roots).read_bytes() if settings.adapter_roots else b""


def _documentation(settings: Settings) -> str:
    parts = urlsplit(settings.adapter_service)
    return f"{parts.scheme}://{parts.netloc}{DOCUMENTATION}"


async def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT. Work that has begun gets a minute to end."""
    async with open_adapter(settings) as adapter:
        config = guarded_config(
            build_adapter(adapter, documentation_url=_documentation(settings)),
            connections_max=_CONNECTIONS_MAX,
            graceful_s=60,
        )
        with listen(settings.adapter_host, settings.adapter_port) as listener:
            log.info("adapter_ready", port=listener.getsockname()[1])
            monitored = role_port(
                settings.role_port,
                "adapter",
                jail=adapter.jail.ping,
                shared_folder=writable(adapter.folder.root),
            )
            async with monitored:
                await uvicorn.Server(config).serve(sockets=[listener])


def main() -> None:
    """Entry point of the process."""
    settings = settings_of("adapter")
    set_up_logging(settings.log_level)
    uvloop.run(serve(settings))


if __name__ == "__main__":
    main()
