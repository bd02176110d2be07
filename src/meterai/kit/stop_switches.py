"""Stop switches, which a person in charge throws and every process obeys within seconds (I22)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from meterai.kit.acting import officers_refusals
from meterai.kit.database import Connection

SEALING_STOPPED = "sealing_stopped"
"""While it is thrown, nothing is signed. Accepted orders are kept and go on after the release."""


@dataclass(frozen=True, slots=True)
class Switch:
    """The state of a switch, since when and why."""

    thrown: bool
    reason: str
    changed_at: datetime | None


async def is_thrown(conn: Connection, name: str) -> bool:
    """Whether the switch is thrown. An unknown switch counts as thrown: fail closed."""
    return (await read_switch(conn, name)).thrown


async def read_switch(conn: Connection, name: str) -> Switch:
    """Reads the switch. An unknown one counts as thrown."""
    row = await conn.fetchrow(
        "SELECT thrown, reason, changed_at FROM operations.switch WHERE name = $1", name
    )
    return Switch(row["thrown"], row["reason"], row["changed_at"]) if row else Switch(True, "", None)


async def set_switch(tx: Connection, name: str, *, thrown: bool, reason: str, now: datetime) -> None:
    """Throws or releases a switch and records the reason. A release needs two officers.

    Raises: Refusal FORBIDDEN `officer.unsigned`.
    """
    function = "throw_switch" if thrown else "release_switch"
    with officers_refusals():
        await tx.execute(f"SELECT operations.{function}($1, $2, $3)", name, reason, now)
