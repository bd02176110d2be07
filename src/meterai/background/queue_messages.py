"""Messages about places in line, and about incidents and announcements."""

from __future__ import annotations

from meterai.bootstrap import WorkerApp, news_budgets
from meterai.kit.settings import gate_address, queue_root
from meterai.news.messages.sending import send_due_messages
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


async def tell_of_news(app: WorkerApp) -> int:
    """Sends messages about incidents and announcements. Returns how many it had claimed."""
    return await send_due_messages(
        app.db,
        app.messenger,
        app.secret,
        budgets=news_budgets(app.settings),
        public_url=app.public_url,
        clock=app.clock,
    )
