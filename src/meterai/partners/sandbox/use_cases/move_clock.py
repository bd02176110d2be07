"""Moves the clock of an organisation in the sandbox: forward only, or back to the real time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.partners.sandbox import store

AHEAD_MAX: Final = timedelta(days=400)


async def clock_ahead(db: Database, organisation_id: UUID) -> timedelta:
    """How far the organisation's clock is ahead of the real time."""
    async with db.connection() as connection:
        return await store.clock_ahead(connection, organisation_id)


async def move_clock(db: Database, organisation_id: UUID, *, to: datetime | None, now: datetime) -> timedelta:
    """Sets the organisation's clock, which goes on from there. `to` None: it shows the real time again.

    Returns how far it is ahead. Raises: Refusal CONFLICT `sandbox.clock` for an earlier time than it shows,
    or one that is more than `AHEAD_MAX` away; NOT_FOUND `sandbox.off`.
    """
    async with db.transaction() as tx:
        await store.lock_clock(tx, organisation_id)
        if to is None:
            await store.reset_clock(tx, organisation_id)
            return timedelta()
        ahead = timedelta(seconds=round((to - now).total_seconds()))
        if not await store.clock_ahead(tx, organisation_id) <= ahead <= AHEAD_MAX:
            raise Refusal(Kind.CONFLICT, "sandbox.clock", days=AHEAD_MAX.days)
        await store.set_clock(tx, organisation_id, ahead, now)
    return ahead
