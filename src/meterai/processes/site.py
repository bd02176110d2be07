"""The site's process: pages and API on one port (`python -m meterai.processes.site`).

Doors never import each other, so they are put together here.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog
import uvicorn
import uvloop

from meterai.api.conventions.problems import problem_response
from meterai.api.openapi.document import make_document
from meterai.api.routes import ROUTES
from meterai.api.wire.addresses import WireAddresses
from meterai.bootstrap import App, open_site_app
from meterai.kit import garbage_collection
from meterai.kit.database import DATABASE_IS_DOWN, ending_in_words
from meterai.kit.http import outside_service
from meterai.kit.http.listening import listen
from meterai.kit.http.proxies import trusted_addresses
from meterai.kit.http.role_port import role_port
from meterai.kit.http.server_config import guarded_config
from meterai.kit.logging import set_up_logging
from meterai.kit.production import settings_of
from meterai.kit.settings import Settings, host_name
from meterai.kit.tracing.switch import traces
from meterai.sales.queries.offer import Offer, read_offer
from meterai.waiting_room.control.site_load import SiteLoad, report_site_load
from meterai.web.requests.load_meter import report
from meterai.web.requests.middleware import SiteMiddleware
from meterai.web.site import build_site, meter_of

log = structlog.get_logger(__name__)


async def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT. Several processes may share the port (SO_REUSEPORT)."""
    outside_service.load()
    async with open_site_app(settings) as service:
        site = build_site(
            service,
            offer=await _offer(service),
            more_routes=ROUTES,
            describe_api=make_document,
            problem=problem_response,
        )
        config = server_config(settings, WireAddresses(site, settings.wire_hosts))
        garbage_collection.settle()
        with listen(settings.host, settings.port) as listener:
            log.info("site_ready", port=settings.port)
            monitored = role_port(
                settings.role_port, "site", database=service.db.ping, jail=service.jail.ping
            )
            async with _reporting(service, site), monitored:
                await uvicorn.Server(config).serve(sockets=[listener])


async def _offer(service: App) -> Offer:
    async with service.db.connection() as connection:
        return await read_offer(connection)


def server_config(settings: Settings, site: Any) -> uvicorn.Config:
    """Configures uvicorn for the site (an ASGI application)."""
    return guarded_config(
        site,
        timeout_keep_alive=30,  # a phone on a slow link sends its next form on the same connection
        forwarded_allow_ips=trusted_addresses(settings),
        ssl_certfile=settings.tls_certificate or None,
        ssl_keyfile=settings.tls_key or None,
    )


@asynccontextmanager
async def _reporting(service: App, site: SiteMiddleware) -> AsyncIterator[None]:
    """Reports the load of this process to the controllers of the queues, once a second."""
    name = f"{host_name(service.settings)}:{os.getpid()}:{secrets.token_hex(4)}"

    meter = meter_of(site)

    async def put(load: SiteLoad) -> None:
        with suppress(*DATABASE_IS_DOWN):
            await report_site_load(service.db, name, load)
            meter.note_told(load)

    reporting = asyncio.create_task(report(meter, put))
    try:
        yield
    finally:
        reporting.cancel()


def main() -> None:
    """Entry point of the process."""
    settings = settings_of("site")
    set_up_logging(settings.log_level)
    with ending_in_words(log), traces(settings.traces_url, settings.traces_percent, "site"):
        uvloop.run(serve(settings))


if __name__ == "__main__":
    main()
