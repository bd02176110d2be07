"""Messages about places in line: reminders of a turn."""

from __future__ import annotations

from meterai.bootstrap import WorkerApp
from meterai.kit.settings import gate_address, queue_root
from meterai.sales.queries.events import events
from meterai.waiting_room.use_cases.remind import Addresses, remind_due


async def remind(app: WorkerApp) -> int:
    """Sends the reminders that are due: a turn is near or has come. Returns the number of messages."""
    held = await events(app.db)
    addresses = Addresses(
        gate=gate_address(app.settings),
        site=app.public_url,
        names={event.slug: (event.name_in("id"), event.name_in("en")) for event in held},
        zones={event.slug: event.zone for event in held},
    )
    return await remind_due(app.db, queue_root(app.settings), app.secret, addresses, now=app.clock())
