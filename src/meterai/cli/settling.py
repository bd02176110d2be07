"""What the database holds before the site opens: organisations, accounts, events; for development a stock."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from meterai.cli.launch import LaunchProblem
from meterai.customers.organisations import ensure_organisations
from meterai.kit.database import connect
from meterai.kit.settings import Settings
from meterai.ledger.use_cases.issue_quota import issue_quota, open_books
from meterai.sales.events import Event, load_events
from meterai.sales.use_cases.set_events import set_events

FIRST_STOCK = 1_000_000
"""Stamps that a new development installation can sell. Production gets its own by `meterai issue-quota`."""


async def settle(settings: Settings, *, now: datetime) -> None:
    """Brings the standing data to what the settings say. Safe to repeat; runs at every start.

    `settings`: complete, with the application's database.

    Raises: LaunchProblem for an unreadable events file.
    """
    events = _events(settings.events_file)
    db = await connect(settings.database_app_url, connections_max=1, application_name="meterai up")
    try:
        await ensure_organisations(db, now)
        await open_books(db, now=now)
        await set_events(db, events)
        if settings.environment == "development":
            await issue_quota(db, pieces=FIRST_STOCK, deposit_reference="development", now=now)
    finally:
        await db.close()


def _events(file: str) -> tuple[Event, ...]:
    try:
        return load_events(Path(file) if file else None)
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise LaunchProblem(f"METERAI_EVENTS_FILE ({file}) can't be read: {error}") from None
