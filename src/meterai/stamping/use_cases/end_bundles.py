"""Finds bundles that have ended: all that was given to stamping is stamped or refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from meterai.kit.database import Connection, Database
from meterai.stamping.bundles.model import EndedBundle
from meterai.stamping.store import bundles

_BUNDLES = 20

type Tell = Callable[[Connection, Sequence[EndedBundle]], Awaitable[None]]
"""Tells within the transaction that bundles have ended."""


async def end_bundles(db: Database, tell: Tell, *, now: datetime) -> int:
    """Notes which bundles have ended, and tells of each once. Returns how many.

    A crash before the commit leaves both undone. A bundle of the command line may be started again, and ends
    again then.
    """
    async with db.transaction() as tx:
        ended = await bundles.end_done(tx, now, limit=_BUNDLES)
        if ended:
            await tell(tx, ended)
    return len(ended)
