"""Releases: acts that two officers must sign before they are carried out.

A use case asks in one transaction and uses the release up in another, the one that carries the act out. Both
name the same facts. Facts that changed in between need a new release.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final

from meterai.kit.database import Connection

RELEASE_LIVES: Final = timedelta(days=1)
"""How long two officers have time to sign, unless the act says otherwise."""


class ReleaseState(StrEnum):
    """Where the release of an act stands."""

    NONE = "none"
    """Nobody has asked, or the request has ended."""
    WAITING = "waiting"
    """Signatures are missing."""
    RELEASED = "released"


async def ask_release(
    tx: Connection,
    *,
    kind: str,
    subject: str,
    facts: Mapping[str, object],
    person: str | None = None,
    lives: timedelta = RELEASE_LIVES,
) -> int:
    """Asks two officers to release the act `kind` on `subject`. Returns the number of the request.

    An open request with the same facts is found again. One with other facts is withdrawn. `person`: the
    customer whose personal values stand in `facts`; they can be erased later.
    """
    number: int = await tx.fetchval(
        "SELECT operations.ask_release($1, $2, $3, $4, $5)", kind, subject, dict(facts), lives, person
    )
    return number


async def release_state(
    conn: Connection, *, kind: str, subject: str, facts: Mapping[str, object]
) -> ReleaseState:
    """Returns where the release of this act stands."""
    return ReleaseState(
        await conn.fetchval("SELECT operations.release_state($1, $2, $3)", kind, subject, dict(facts))
    )


async def use_release(tx: Connection, *, kind: str, subject: str, facts: Mapping[str, object]) -> bool:
    """Uses the release up, in the transaction that carries the act out. False: it is not released.

    In development without officers nobody is asked: always True.
    """
    used: bool = await tx.fetchval("SELECT operations.use_release($1, $2, $3)", kind, subject, dict(facts))
    return used
