"""The controller of the queues: `python -m meterai.processes.controller`. Any number may run; one leads."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import structlog
import uvloop

from meterai.background.presence import Presence
from meterai.kernel.clock import system_clock
from meterai.kit import fail_points, garbage_collection
from meterai.kit.database import Database, connect, ending_in_words, log_trouble
from meterai.kit.http.role_port import role_port, writable
from meterai.kit.logging import set_up_logging
from meterai.kit.production import settings_of
from meterai.kit.settings import beacon_address, host_name, queue_root
from meterai.news.line_words import line_words
from meterai.news.reader import NewsReader
from meterai.operations.use_cases.know_installation import know_installation_when_up
from meterai.sales.events import shown_event
from meterai.sales.queries.events import events
from meterai.waiting_room.carrying.document_stream import DocumentStream
from meterai.waiting_room.carrying.nats_connection import NatsConnection
from meterai.waiting_room.carrying.port import DocumentCarrier
from meterai.waiting_room.carrying.seal import Seal
from meterai.waiting_room.carrying.shared_folder import SharedFolder
from meterai.waiting_room.control.beacon_source import BeaconSource
from meterai.waiting_room.control.lease import LeaseLoop
from meterai.waiting_room.files.published_documents import Announcement
from meterai.waiting_room.files.queue_folder import queue_of, separate_keys_in
from meterai.waiting_room.files.shown_event import keep_shown

log = structlog.get_logger(__name__)

_SIGN_OF_LIFE_S = 2.0
_EVENTS_NAMED_S = 2.0


async def run(variables: Mapping[str, str]) -> None:
    """Leads or stands by until SIGTERM or SIGINT."""
    settings = settings_of("controller", variables)
    beacon = beacon_address(settings)
    set_up_logging(settings.log_level)
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    production = settings.environment == "production"
    db = await connect(
        settings.database_controller_url,
        connections_max=6,  # one answers monitors
        application_name="meterai queue",
        at_once=False,
    )
    root = queue_root(settings)
    reader = NewsReader(db, system_clock)
    line = NatsConnection(settings, "controller") if settings.nats_url else None
    carrier: DocumentCarrier = SharedFolder()
    if line is not None:
        shared, own = Seal(settings.line_key), Seal(settings.line_controller_key)
        carrier = DocumentStream(line, root, shared, own, notes_days=settings.keep_line_days)

    async def read_news(event: str) -> Announcement:
        return line_words(await reader.now(), event)

    lease_loop = LeaseLoop(
        db,
        root,
        holder=f"{host_name(settings)}:{os.getpid()}:{secrets.token_hex(4)}",
        fail_point=fail_points.from_environment(variables, development=not production),
        beacon=BeaconSource(beacon, root / "beacon.json") if beacon else None,
        general_share=settings.general_purchases_per_minute,
        read_news=read_news,
        carrier=carrier,
    )
    garbage_collection.settle()
    presence = Presence(settings.data / "run", host_name(settings), "queue")
    showing = asyncio.create_task(_show(presence, lease_loop))
    naming = asyncio.create_task(name_events(db, root, lease_loop))
    log.info("queue.ready", holder=lease_loop.holder)
    parts = {"database": db.ping, "queue_folder": writable(root)} | ({"line": line.check} if line else {})
    monitored = role_port(settings.role_port, "controller", **parts)
    try:
        async with monitored:
            await know_installation_when_up(db, settings.data, root, stop=stop)
            separate_keys_in(root)
            await lease_loop.run(stop)
    finally:
        showing.cancel()
        naming.cancel()
        presence.close()
        if line is not None:
            await line.close()
        await db.close()


async def _show(presence: Presence, lease_loop: LeaseLoop) -> None:
    """Writes a sign of life for the launcher and for operators."""
    while True:
        with suppress(OSError):
            presence.show({"leads": lease_loop.leads})
        await asyncio.sleep(_SIGN_OF_LIFE_S)


async def name_events(db: Database, root: Path, lease_loop: LeaseLoop) -> None:
    """Tells gates what events are called, while this controller leads. Officers may change it."""
    while True:
        try:
            for event in await events(db) if lease_loop.leads else ():
                folder, shown = queue_of(root, event.slug), shown_event(event)
                await asyncio.to_thread(keep_shown, folder, shown, lease_loop.carrier)
        except Exception as error:  # whatever it is, lines go on
            log_trouble(log, error, outage="events_not_named", fault="event_naming_failed")
        await asyncio.sleep(_EVENTS_NAMED_S)


def main() -> None:
    """Runs the controller."""
    with ending_in_words(log):
        uvloop.run(run(os.environ))


if __name__ == "__main__":
    main()
