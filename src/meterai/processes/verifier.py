"""The verifier's process: opens the jail and, if configured, the register, and serves until it is stopped."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
import uvicorn
import uvloop

from meterai.jail.pool import JailPool
from meterai.jail.queueing.cpu_budgets import CpuBudgets
from meterai.kernel.clock import system_clock
from meterai.kit.database import connect
from meterai.kit.http.listening import listen
from meterai.kit.http.proxies import trusted_addresses
from meterai.kit.http.role_port import role_port
from meterai.kit.http.server_config import guarded_config
from meterai.kit.logging import set_up_logging
from meterai.kit.operator import Operator
from meterai.kit.production import settings_of
from meterai.kit.settings import Settings
from meterai.verification.face_limits import face_limits
from meterai.verification.model import Trust
from meterai.verification.page_pictures import COMPARE_PAGE
from meterai.verification.picture_codes import READ_PICTURE
from meterai.verification.trust import load_roots, load_trust
from meterai.verification.use_cases.judge_document import JUDGE
from meterai.verification.use_cases.picture_of_stamp import RENDER
from meterai.verifier.routes import VerifierService, build_verifier
from meterai.web.pages.assets import Assets
from meterai.web.pages.templates import Pages, SiteFacts

log = structlog.get_logger(__name__)


@asynccontextmanager
async def open_service(settings: Settings, trust: Trust) -> AsyncIterator[VerifierService]:
    """Opens what the verifier works with. While the register is down, each document asks it again.

    Raises: RuntimeError when the jail can't be closed in production.
    """
    jail = JailPool(
        [JUDGE, RENDER, COMPARE_PAGE, READ_PICTURE],
        slots=settings.jail_slots,
        memory_bytes=settings.jail_memory_bytes,
        first_user=settings.jail_first_user,
        cpu_seconds=settings.jail_cpu_seconds,
        wall_seconds=settings.jail_wall_seconds,
        production=settings.environment == "production",
        budgets=CpuBudgets(settings.jail_network_seconds),
    )
    url = settings.database_verifier_url
    db = await connect(url, application_name="meterai verifier", at_once=False) if url else None
    facts = SiteFacts(
        public_url=settings.public_url.rstrip("/"),
        development=settings.environment == "development",
        face_value=10_000,
        fee=0,
        vat_basis_points=0,
        payment_minutes=0,
        standalone=True,
        register=db is not None,
        code_reader=bool(trust.code_keys),
        contact=settings.contact,
        operator=Operator(settings.operator_name),
    )
    await jail.start()
    try:
        yield VerifierService(db, jail, trust, Pages(facts, Assets()), system_clock, face_limits(settings))
    finally:
        await jail.close()
        if db is not None:
            await db.close()


async def serve(settings: Settings, trust: Trust) -> None:
    """Serves until SIGTERM or SIGINT."""
    async with open_service(settings, trust) as service:
        config = guarded_config(build_verifier(service), forwarded_allow_ips=trusted_addresses(settings))
        with listen(settings.host, settings.port) as listener:
            log.info("verifier_ready", port=listener.getsockname()[1], register=service.db is not None)
            register = {"register": service.db.ping} if service.db is not None else {}
            async with role_port(settings.role_port, "verifier", jail=service.jail.ping, **register):
                await uvicorn.Server(config).serve(sockets=[listener])


def main() -> None:
    """Entry point of the process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trust", type=Path)
    parser.add_argument("--trust-root", type=Path, action="append", default=[])
    asked = parser.parse_args()
    settings = settings_of("verifier")
    set_up_logging(settings.log_level)
    trust = load_roots(asked.trust_root) if asked.trust_root else load_trust(asked.trust)
    uvloop.run(serve(settings, trust))


if __name__ == "__main__":
    main()
