"""What all tables of a database hold, to prove that nothing changed."""

from __future__ import annotations

from collections import Counter
from typing import Any

TRACES = frozenset({"jobs.keyed_request", "partners.used_assertion", "waiting_room.partner_share"})
"""What the one who asks leaves behind: a POST's key, a token's assertion, a place beside people in line."""
_TABLES = """SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
    WHERE schemaname !~ '^(pg_|information_schema)' ORDER BY name"""

_NOTED = frozenset({"partners.api_request", "partners.api_usage"})
"""What was asked for is written half a second later, whatever it was."""


async def rows_of(owner: Any, *, without: frozenset[str] = frozenset()) -> dict[str, Counter[str]]:
    """All rows as text, by table. `owner`: the database's owner. `without`: tables that are left out."""
    names = [row["name"] for row in await owner.fetch(_TABLES)]
    tables = " UNION ALL ".join(
        f"SELECT '{name}' AS name, t::text AS said FROM {name} t"
        for name in names
        if name not in without | _NOTED
    )
    found: dict[str, Counter[str]] = {name: Counter() for name in names}
    for row in await owner.fetch(tables):
        found[row["name"]][row["said"]] += 1
    return found
