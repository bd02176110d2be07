"""How many messages about news there are, for officers and metrics."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from meterai.customers.code_figures import BudgetUse, uses_of
from meterai.customers.codes import Budgets
from meterai.kernel.clock import business_date
from meterai.kit.database import Connection
from meterai.news.messages import store
from meterai.news.messages.model import MessageState


async def message_states(
    conn: Connection, *, incident: int | None = None, announcement: int | None = None, now: datetime
) -> Mapping[MessageState, int]:
    """How many messages there are by state, of one incident or announcement; of all news without them: those
    that wait, and those that ended today."""
    return await store.states(conn, incident=incident, announcement=announcement, now=now)


async def message_budgets(conn: Connection, budgets: Budgets, now: datetime) -> list[BudgetUse]:
    """The use of today's budgets: home country, e-mail, and each foreign country that got messages."""
    return list(uses_of(await store.sent_on(conn, business_date(now)), budgets))
