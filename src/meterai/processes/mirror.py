"""The mirror of a line: `python -m meterai.processes.mirror`. One on each host with gates, sites or workers.

It needs METERAI_NATS_URL: without it all hosts share one folder of queues, and there is nothing to mirror.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping

import structlog
import uvloop

from meterai.kit import garbage_collection
from meterai.kit.database import ending_in_words
from meterai.kit.http.role_port import NotReady, role_port, writable
from meterai.kit.logging import set_up_logging
from meterai.kit.production import settings_of
from meterai.kit.settings import queue_root
from meterai.waiting_room.carrying.front_mirror import FrontMirror
from meterai.waiting_room.carrying.nats_connection import NatsConnection
from meterai.waiting_room.carrying.seal import Seal

log = structlog.get_logger(__name__)


async def run(variables: Mapping[str, str]) -> None:
    """Works until SIGTERM or SIGINT."""
    settings = settings_of("mirror", variables)
    set_up_logging(settings.log_level)
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    line, root = NatsConnection(settings, "mirror"), queue_root(settings)
    mirror = FrontMirror(line, root, Seal(settings.line_key), notes_days=settings.keep_line_days)

    async def check_line() -> None:
        if not mirror.is_up_to_date:
            raise NotReady("it has not caught up with the line")

    garbage_collection.settle()
    log.info("mirror.ready", folder=str(root))
    working = asyncio.create_task(mirror.run())
    ended = asyncio.create_task(stop.wait())
    try:
        async with role_port(settings.role_port, "mirror", line=check_line, queue_folder=writable(root)):
            await asyncio.wait([working, ended], return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                working.result()
    finally:
        for task in (working, ended):
            task.cancel()
        await asyncio.gather(working, ended, return_exceptions=True)
        await line.close()


def main() -> None:
    """Runs the mirror."""
    with ending_in_words(log):
        uvloop.run(run(os.environ))


if __name__ == "__main__":
    main()
