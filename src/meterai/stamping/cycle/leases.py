"""Keeps the leases of a batch while it is at work, however long the jail takes.

Without that, other workers would take over a batch that takes longer than its lease, and lose it in turn.
A worker that dies or hangs prolongs nothing: its jobs are taken over when the lease ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import structlog

from meterai.kit.database import log_trouble
from meterai.stamping.cycle.batch import Tools
from meterai.stamping.store import jobs

log = structlog.get_logger(__name__)

LEASES_MAX = 40
"""Number of leases after which a batch is given up (an hour): it waits for an answer that never comes."""


@asynccontextmanager
async def leased_meanwhile(tools: Tools, fences: Sequence[jobs.Fence]) -> AsyncIterator[None]:
    """Keeps the jobs leased to the caller during the block, as long as the caller still holds them."""
    ended = asyncio.Event()
    keeping = asyncio.create_task(_keep(tools, fences, ended))
    try:
        yield
    finally:
        ended.set()
        await keeping


async def _keep(tools: Tools, fences: Sequence[jobs.Fence], ended: asyncio.Event) -> None:
    """Prolongs the leases every third of their time, so that two calls in a row may fail."""
    lease_s = tools.settings.lease_s
    for _ in range(3 * (LEASES_MAX - 1)):
        with suppress(TimeoutError):
            async with asyncio.timeout(lease_s / 3):
                await ended.wait()
        if ended.is_set():
            return
        try:
            async with tools.db.connection() as connection:
                await jobs.prolong(connection, fences, tools.clock() + timedelta(seconds=lease_s))
        except Exception as error:
            log_trouble(log, error, outage="stamping.unavailable", fault="stamping.lease_not_prolonged")
    log.error("stamping.batch_too_long", jobs=[str(fence.job_id) for fence in fences])
