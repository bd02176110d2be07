"""Opens a session for the probe, without a code."""

from __future__ import annotations

from datetime import datetime

from meterai.customers import store
from meterai.customers.probe import ProbeSession
from meterai.kernel.ids import new_token, token_digest
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database


async def open_probe_session(db: Database, *, now: datetime) -> ProbeSession:
    """Opens a session of 15 minutes for the account of the probe. The one before it ends.

    Raises: Refusal NOT_FOUND `probe.off` when there is no such account.
    """
    token = new_token()
    async with db.connection() as connection:
        opened = await store.open_probe_session(connection, token_digest(token), now)
    if opened is None:
        raise Refusal(Kind.NOT_FOUND, "probe.off")
    return ProbeSession(token=token, **opened)
