"""How many codes were sent, what became of them, and how much of a day's budgets is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Literal

import msgspec

from meterai.customers.codes import SHARED_FOR, Budgets
from meterai.kit.database import Connection

LATELY = SHARED_FOR
"""Codes sent within this time are counted. They are kept for at least as long."""
EMAIL = "email"
"""Stands for e-mail addresses where telephones have a country code (`customers.prefix_of`, SQL)."""


class CodesLately(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the codes that were sent lately to one kind of contact. A shared code counts once."""

    sent: int = 0
    used: int = 0
    unused: int = 0
    """Codes that ended without being used. Those that can still be used are neither."""


class BudgetUse(msgspec.Struct, frozen=True, kw_only=True):
    """The codes sent today, by Jakarta's clock, and the day's budget."""

    budget: Literal["home", "email", "foreign"]
    prefix: str
    """The country code; `email`."""
    sent: int
    most: int


async def codes_lately(connection: Connection, now: datetime) -> dict[str, CodesLately]:
    """The codes that were sent lately, by kind of contact."""
    rows = await connection.fetch("SELECT * FROM customers.codes_sent($1, $2)", now - LATELY, now)
    counts = {
        row["kind"]: CodesLately(sent=row["sent"], used=row["used"], unused=row["unused"]) for row in rows
    }
    return {kind: counts.get(kind, CodesLately()) for kind in ("email", "phone")}


async def budgets_today(connection: Connection, budgets: Budgets, now: datetime) -> list[BudgetUse]:
    """The use of today's budgets: home country, e-mail, and each foreign country that got codes."""
    rows = await connection.fetch(
        """SELECT prefix, sum(sent)::bigint AS sent FROM customers.code_count
           WHERE day = ($1::timestamptz AT TIME ZONE 'Asia/Jakarta')::date GROUP BY prefix ORDER BY prefix""",
        now,
    )
    return list(uses_of({row["prefix"]: row["sent"] for row in rows}, budgets))


def uses_of(sent: Mapping[str, int], budgets: Budgets) -> Iterator[BudgetUse]:
    """How much is used of each budget: home country, e-mail, and each foreign country that got messages."""
    home = budgets.home
    yield BudgetUse(budget="home", prefix=home, sent=sent.get(home, 0), most=budgets.home_most)
    yield BudgetUse(budget="email", prefix=EMAIL, sent=sent.get(EMAIL, 0), most=budgets.email_most)
    for prefix, count in sent.items():
        if prefix not in (home, EMAIL):
            yield BudgetUse(budget="foreign", prefix=prefix, sent=count, most=budgets.foreign_most)
