"""Stop switches: what a person in charge may throw and every process obeys within seconds (I22)."""

from __future__ import annotations

from datetime import datetime

from meterai.kit.database import Connection

SEALING_STOPPED = "sealing_stopped"
"""While thrown, nothing is signed. What was accepted is kept and goes on after the release."""


async def is_thrown(conn: Connection, name: str) -> bool:
    """Whether the switch is thrown. A switch nobody knows counts as thrown: fail closed."""
    return await conn.fetchval("SELECT thrown FROM operations.switch WHERE name = $1", name) is not False


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
