"""Stop switches: what a person in charge may throw and every process obeys within seconds (I22)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from meterai.kit.database import Connection

SEALING_STOPPED = "sealing_stopped"
"""While thrown, nothing is signed. What was accepted is kept and goes on after the release."""


@dataclass(frozen=True, slots=True)
class Switch:
    """How a switch stands, since when and why."""

    thrown: bool
    reason: str
    changed_at: datetime | None


async def is_thrown(conn: Connection, name: str) -> bool:
    """Whether the switch is thrown. A switch nobody knows counts as thrown: fail closed."""
    return (await read_switch(conn, name)).thrown


async def read_switch(conn: Connection, name: str) -> Switch:
    """The switch; one that nobody knows counts as thrown."""
    row = await conn.fetchrow(
        "SELECT thrown, reason, changed_at FROM operations.switch WHERE name = $1", name
    )
    return Switch(row["thrown"], row["reason"], row["changed_at"]) if row else Switch(True, "", None)


async def set_switch(tx: Connection, name: str, *, thrown: bool, reason: str, now: datetime) -> None:
    """Throws or releases a switch, with the reason for the record."""
    await tx.execute(
        """INSERT INTO operations.switch (name, thrown, reason, changed_at) VALUES ($1, $2, $3, $4)
           ON CONFLICT (name) DO UPDATE SET thrown = $2, reason = $3, changed_at = $4""",
        name,
        thrown,
        reason,
        now,
    )
