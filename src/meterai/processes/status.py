"""The status page: `python -m meterai.processes.status`. It goes on when everything else is dead."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path

import structlog
import uvloop

from meterai.kernel.clock import system_clock
from meterai.kit.http.outside_service import CircuitBreaker, OutsideService
from meterai.kit.http.role_port import role_port
from meterai.kit.logging import set_up_logging
from meterai.kit.production import settings_of
from meterai.kit.settings import Settings, gate_address, public_url, status_folder
from meterai.status_page.core_answer import LIMITS, SILENT, Core
from meterai.status_page.looks import Looks
from meterai.status_page.notice import NoticeFile
from meterai.status_page.output import ChangedFiles, open_output
from meterai.status_page.pages import Facts
from meterai.status_page.probe.probe import Probe, play_once
from meterai.status_page.probe.run import Reach
from meterai.status_page.turns import Turns

log = structlog.get_logger(__name__)
_NOTICE = "notice.toml"


async def run(variables: Mapping[str, str]) -> None:
    """Writes the status page until SIGTERM or SIGINT."""
    settings = settings_of("status", variables)
    set_up_logging(settings.log_level)
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with AsyncExitStack() as stack:
        turns = _turns(settings, stack)
        log.info("status.ready", to=settings.status_to or str(settings.data / "status"))
        async with role_port(settings.role_port, "status", page=turns.refuse_unwritten):
            await turns.run(stop)


def _turns(settings: Settings, stack: AsyncExitStack) -> Turns:
    site, gate = (_door(address, stack) for address in (public_url(settings), gate_address(settings)))
    folder = status_folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    return Turns(
        Core(site),
        Looks(_door(public_url(settings), stack), gate, _probe(settings, stack)),
        ChangedFiles(open_output(settings.status_to or str(settings.data / "status"))),
        facts=Facts(
            url=settings.status_url.rstrip("/"),
            site_url=public_url(settings),
            development=settings.environment == "development",
        ),
        folder=folder,
        notice=NoticeFile(Path(settings.status_notice) if settings.status_notice else folder / _NOTICE),
        clock=system_clock,
        look_every=timedelta(seconds=settings.probe_seconds),
    )


def _probe(settings: Settings, stack: AsyncExitStack) -> Probe | None:
    """The probe, where it is on and has a secret."""
    if settings.probe != "on" or not settings.probe_secret:
        return None
    reach: Reach = "stamped" if settings.environment == "development" else "unpaid"
    play = partial(play_once, public_url(settings), settings.probe_secret, reach=reach, clock=system_clock)
    probe = Probe(play, every_s=settings.probe_seconds)
    stack.push_async_callback(probe.close)
    return probe


def _door(address: str, stack: AsyncExitStack) -> OutsideService:
    """A door of the service. Every question goes out: the answer is what we are here for."""
    breaker = CircuitBreaker(failures_max=1 << 30)
    door = OutsideService(address, unavailable_code=SILENT, limits=LIMITS, breaker=breaker)
    stack.push_async_callback(door.close)
    return door


def main() -> None:
    """Runs the status page."""
    uvloop.run(run(os.environ))


if __name__ == "__main__":
    main()
