"""The gate process: `python -m meterai.processes.gate --number N --port P`. Several may run side by side."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog
import uvloop
from prometheus_client import REGISTRY

from meterai.gate.application import Gate
from meterai.gate.http.server import Server
from meterai.gate.joining.mail_domains import SHIPPED
from meterai.gate.measures import GateMeasures
from meterai.gate.open_event import GateSettings
from meterai.gate.pages import EventFacts
from meterai.kit import garbage_collection
from meterai.kit.http.listening import CONNECTIONS_MAX, connections_within_limits, listen
from meterai.kit.http.proxies import Proxies, trusted_addresses
from meterai.kit.http.role_port import role_port
from meterai.kit.installation_id import AnotherInstallation, belong, read_id
from meterai.kit.logging import set_up_logging
from meterai.kit.operator import operator_name
from meterai.kit.production import settings_of
from meterai.kit.settings import Settings, host_name, public_url, queue_root
from meterai.sales.events import load_events, shown_event
from meterai.waiting_room.carrying.gate_port import SHARED_FOLDER, GateCarrier

log = structlog.get_logger(__name__)


def facts_of_events(settings: Settings) -> dict[str, EventFacts]:
    """The names, zones and documents of the events, as the site shows them."""
    path = Path(settings.events_file) if settings.events_file else None
    return {event.slug: EventFacts.of(event.slug, shown_event(event)) for event in load_events(path)}


def gate_settings(settings: Settings, *, number: int, port: int, clock_shift_s: float = 0) -> GateSettings:
    """The settings of this gate, from the environment."""
    return GateSettings(
        number=number,
        host_name=host_name(settings),
        folder=queue_root(settings),
        gate_url=settings.gate_url.rstrip("/") or public_url(settings, port=port),
        site_url=public_url(settings),
        proxies=Proxies(trusted_addresses(settings)),
        work=settings.gate_work,
        work_joins_per_second=settings.gate_work_joins_per_second,
        mail_providers=Path(settings.mail_providers_file) if settings.mail_providers_file else SHIPPED,
        clock_shift_s=clock_shift_s,
        operator=operator_name(settings),
        contact=settings.contact,
        hsts=settings.hsts,
    )


def _refuse_another_line(settings: Settings) -> None:
    """Ends the gate when the queue folder belongs to another installation than its data directory."""
    try:
        ours, theirs = read_id(settings.data), read_id(queue_root(settings))
        if ours is not None and theirs is not None:
            belong(settings.data, theirs, where="the queue folder")
    except AnotherInstallation as problem:
        sys.exit(f"Not started. {problem}")


def gate_carrier(settings: Settings, *, number: int) -> GateCarrier:
    """What brings this gate's files to the controllers."""
    if not settings.nats_url:
        return SHARED_FOLDER
    from meterai.waiting_room.carrying.gate_carrier import NatsGateCarrier
    from meterai.waiting_room.carrying.nats_connection import NatsConnection

    return NatsGateCarrier(NatsConnection(settings, "gate"), number, host_name(settings))


async def serve(
    settings: GateSettings,
    facts: dict[str, EventFacts],
    *,
    host: str,
    port: int,
    monitor_port: str = "0",
    carrier: GateCarrier = SHARED_FOLDER,
) -> None:
    """Serves until SIGTERM or SIGINT. `monitor_port`: see `kit.http.role_port`.

    Raises: OSError when the port is taken, or another gate has this number.
    """
    gate = Gate(settings, facts, carrier)
    server = Server(gate, connections_max=connections_within_limits(CONNECTIONS_MAX))
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    gate.look()
    if not gate.open_events:
        log.info("no_queue_yet", folder=str(settings.folder), gate=settings.number)
    with listen(host, port) as listener:
        listening = await server.listen(listener)
        garbage_collection.settle()
        log.info("gate_ready", port=port, gate=settings.number)
        REGISTRY.register(GateMeasures(gate, server))
        async with role_port(monitor_port, "gate", queues=gate.check_queues, disk=gate.check_disk):
            await _until(stop, gate, server, carrier)
        for one in listening:
            one.close()
        server.close()
        gate.close()
        await carrier.close()


async def _until(stop: asyncio.Event, gate: Gate, server: Server, carrier: GateCarrier) -> None:
    async def sweep() -> None:
        while True:
            await asyncio.sleep(1)
            server.sweep()

    tasks = [asyncio.create_task(task) for task in (gate.run(), sweep(), carrier.run())]
    waiter = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([*tasks, waiter], return_when=asyncio.FIRST_COMPLETED)
    for task in (*tasks, waiter):
        task.cancel()
    for task in done:
        task.result()


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the process."""
    parser = argparse.ArgumentParser(prog="python -m meterai.processes.gate", description=__doc__)
    parser.add_argument("--number", type=int, default=1, help="of this gate, 1 to 65535, its own for good")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8006)
    parser.add_argument(
        "--clock-shift-seconds", type=float, default=0, help="for rehearsals: a clock that is wrong"
    )
    options = parser.parse_args(arguments)
    if not 1 <= options.number <= 0xFFFF:
        parser.error("--number is from 1 to 65535")
    settings = settings_of("gate")
    set_up_logging(settings.log_level)
    if options.clock_shift_seconds and settings.environment == "production":
        parser.error("--clock-shift-seconds is for rehearsals")
    os.umask(os.umask(0o077) | 0o007)  # what a gate writes about people is nobody else's business
    _refuse_another_line(settings)
    here = gate_settings(
        settings, number=options.number, port=options.port, clock_shift_s=options.clock_shift_seconds
    )
    try:
        serving = serve(
            here,
            facts_of_events(settings),
            host=options.host,
            port=options.port,
            monitor_port=settings.role_port,
            carrier=gate_carrier(settings, number=options.number),
        )
        uvloop.run(serving)
    except OSError as error:  # the launcher starts another one in a moment
        log.error("gate_ended", error=type(error).__name__, reason=str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
