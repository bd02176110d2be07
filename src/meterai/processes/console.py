"""The console's process: pages for officers on duty (`python -m meterai.processes.console`)."""

from __future__ import annotations

import structlog
import uvicorn
import uvloop

from meterai.bootstrap import open_console_app
from meterai.console.app import build_console
from meterai.kit import garbage_collection
from meterai.kit.database import ending_in_words
from meterai.kit.http.listening import listen
from meterai.kit.http.proxies import trusted_addresses
from meterai.kit.http.role_port import role_port
from meterai.kit.http.server_config import guarded_config
from meterai.kit.logging import set_up_logging
from meterai.kit.production import settings_of
from meterai.kit.settings import Settings
from meterai.kit.tracing.requests import traced
from meterai.kit.tracing.switch import traces

log = structlog.get_logger(__name__)
"""A server in front of it has the console's address, its certificate, and the networks that may come."""
_CONNECTIONS_MAX = 200


async def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT."""
    async with open_console_app(settings) as service:
        config = guarded_config(
            traced(build_console(service)),
            connections_max=_CONNECTIONS_MAX,
            forwarded_allow_ips=trusted_addresses(settings),
        )
        with listen(settings.console_host, settings.port) as listener:
            garbage_collection.settle()
            log.info("console_ready", port=settings.port)
            async with role_port(settings.role_port, "console", database=service.db.ping):
                await uvicorn.Server(config).serve(sockets=[listener])


def main() -> None:
    """Entry point of the process."""
    settings = settings_of("console")
    set_up_logging(settings.log_level)
    with ending_in_words(log), traces(settings.traces_url, settings.traces_percent, "console"):
        uvloop.run(serve(settings))


if __name__ == "__main__":
    main()
