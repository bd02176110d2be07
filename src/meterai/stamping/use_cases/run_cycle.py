"""Runs the stamping cycle for jobs that are due, and for jobs just accepted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from meterai.stamping.batch import Tools
from meterai.stamping.cycle import run_batch
from meterai.stamping.store import jobs

FIRST_TOKEN = 1
"""The fencing token with which `start_stampings` leases a new job to the worker that accepted it."""


async def run_due_jobs(tools: Tools, *, worker: str, limit: int = 16, newest_first: bool = False) -> int:
    """Claims up to `limit` due jobs and takes them through the cycle. Returns how many were claimed.

    New jobs, jobs put off, and jobs that a dead worker left behind are all the same: the stored state says
    where to go on. `newest_first` is for a second lane: behind a bundle of thousands, one person's document
    waits for one turn and not for all of them; the first lane sees to it that the oldest come too.
    """
    now = tools.clock()
    async with tools.db.connection() as connection:
        claims = await jobs.claim_due(
            connection,
            now,
            lease_until=now + timedelta(seconds=tools.settings.lease_s),
            limit=limit,
            holder=worker,
            newest_first=newest_first,
        )
    if claims:
        await _run(tools, claims)
    return len(claims)


async def run_accepted_jobs(tools: Tools, job_ids: Sequence[UUID]) -> None:
    """Runs jobs that `start_stampings` leased to this worker a moment ago. Those it doesn't hold are left."""
    tools.fail_point("after_reserve")
    if job_ids:
        await _run(tools, [(id, FIRST_TOKEN) for id in job_ids])


async def free_leases(tools: Tools, *, worker: str) -> int:
    """After a restart: what this worker held when it died is due at once."""
    async with tools.db.transaction() as tx:
        return await jobs.free_leases(tx, worker, tools.clock())


async def _run(tools: Tools, claims: Sequence[tuple[UUID, int]]) -> None:
    async with tools.db.connection() as connection:
        claimed = await jobs.load_claimed(connection, claims)
    await run_batch(tools, claimed)
