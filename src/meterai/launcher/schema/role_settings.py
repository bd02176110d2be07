"""The settings that each login role has in the database. They hold through poolers, too."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

import asyncpg

_EACH: Final[Mapping[str, str]] = {
    # Every statement finds its rows by a key, so one plan fits all values. Some conditions are hidden from
    # the planner (in a CASE, or by `|| ''`). With them it would read a partial index with another key,
    # because that index is empty by the statistics of a quiet hour.
    "plan_cache_mode": "force_generic_plan",
    # Compiling costs more than it saves here. asyncpg turns it off while it asks for types, which takes
    # seconds otherwise; through a pooler that reaches another session.
    "jit": "off",
    # The server ends a statement whose connection was cut off.
    "client_connection_check_interval": "1s",
    # The server's end of `kit.database.give_up_soon`. Without it the server keeps the locks of a dead
    # machine's transaction for two hours. The first is longer: it also cuts off a client that reads slowly.
    "tcp_user_timeout": "30s",
    "tcp_keepalives_idle": "5s",
    "tcp_keepalives_interval": "2s",
    "tcp_keepalives_count": "3",
}
_IDLE: Final = "idle_in_transaction_session_timeout"
HELD: Final[Mapping[str, str]] = {
    "meterai_site": "10s",
    "meterai_worker": "10s",
    "meterai_console": "10s",
    # The time of its lease. Otherwise a frozen one keeps the lease's row locked.
    "meterai_controller": "4s",
}
"""How long a transaction of these roles may be idle before the server ends it, and its locks with it.

A process may be frozen in the middle of a transaction. Its kernel keeps the connection alive, so no other
time limit applies. Commands read files between their statements: they have no limit.
"""


def settings_of_role(role: str) -> dict[str, str]:
    """The settings of a login role, by their names in the server."""
    return {**_EACH, _IDLE: HELD.get(role, "0")}


async def keep_role_settings(
    connection: asyncpg.Connection[asyncpg.Record], roles: Collection[str]
) -> list[str]:
    """Gives each role that exists its settings. Returns the statements that an administrator must run.

    The owner may not change the roles that an administrator keeps.
    """
    refused = []
    for statement in await _missing(connection, roles):
        try:
            await connection.execute(statement)
        except asyncpg.InsufficientPrivilegeError:
            refused.append(f"{statement};")
    return refused


async def _missing(connection: asyncpg.Connection[asyncpg.Record], roles: Collection[str]) -> list[str]:
    """The statement for each setting that a role lacks."""
    rows = await connection.fetch(
        "SELECT rolname, rolconfig FROM pg_roles WHERE rolname = ANY ($1::text[]) ORDER BY 1", list(roles)
    )
    return [
        f"ALTER ROLE {role} SET {name} = '{value}'"
        for role, kept in rows
        for name, value in settings_of_role(role).items()
        if f"{name}={value}" not in (kept or ())
    ]
