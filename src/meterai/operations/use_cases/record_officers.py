"""Records the officers file in the database, where signatures are checked against it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from meterai.kit.settings import Settings
from meterai.operations.officers.officers_file import OfficersFile, read_officers_file
from meterai.operations.officers.register import replace_officers


async def record_officers(
    owner: asyncpg.Connection[Any], settings: Settings, *, actor: str, now: datetime
) -> bool:
    """Makes the database know the officers of METERAI_OFFICERS; without it, none. Says whether they changed.

    `owner`: a connection of the owner's role. No other role can do this. A change stands in the audit trail
    with every name, role and key.

    Raises: ValueError naming METERAI_OFFICERS when the file can't be used; the officers before stay.
    """
    found = _read(settings)
    async with owner.transaction():
        if not await replace_officers(owner, found, now):
            return False
        facts = msgspec.to_builtins(found or OfficersFile(officers={}))
        await owner.execute(
            "SELECT operations.write_audit($1, 'officers.record', 'officers', $2, $3)", actor, facts, now
        )
    return True


def _read(settings: Settings) -> OfficersFile | None:
    if not settings.officers:
        return None
    try:
        return read_officers_file(Path(settings.officers), production=settings.environment == "production")
    except (OSError, ValueError) as error:
        raise ValueError(f"METERAI_OFFICERS ({settings.officers}): {error}") from None
