"""Names the account of the status page's probe when a worker starts."""

from __future__ import annotations

import structlog

from meterai.bootstrap import App
from meterai.customers.probe import ProbeReach
from meterai.customers.use_cases.set_probe import set_probe
from meterai.kernel.refusals import Refusal

log = structlog.get_logger(__name__)


async def name_probe(app: App) -> None:
    """Turns the probe on or off, as the settings say. A contact that can't be used leaves it off."""
    settings = app.settings
    is_on = settings.probe == "on"
    reach = ProbeReach.STAMPED if settings.environment == "development" else ProbeReach.UNPAID
    try:
        await set_probe(app.db, settings.probe_contact if is_on else "", reach=reach, now=app.clock())
    except Refusal as refusal:
        log.error("probe_not_on", code=refusal.code)
