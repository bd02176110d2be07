"""Runs the stamping cycle for jobs that are due, and for jobs just accepted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from meterai.stamping.cycle.batch import Tools
from meterai.stamping.cycle.steps import Ended, run_batch
from meterai.stamping.store import jobs
from meterai.stamping.use_cases.start_stamping import FIRST_TOKEN, Started


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
        claimed = await jobs.load_claimed(connection, claims) if claims else []
    if claimed:
        await run_batch(tools, claimed)
    return len(claims)


async def run_accepted_jobs(
    tools: Tools, started: Sequence[Started], *, keep_news_s: float = 0.0
) -> list[Ended]:
    """Runs jobs that `start_stampings` leased to this worker a moment ago. Those it doesn't hold are left.

    `keep_news_s`: as in `run_batch`.
    """
    tools.fail_point("after_reserve")
    new = [one for one in started if one.new]
    claimed = [one.claimed for one in new if one.claimed is not None]
    unread = [(one.job.id, FIRST_TOKEN) for one in new if one.claimed is None]
    if unread:
        async with tools.db.connection() as connection:
            claimed += await jobs.load_claimed(connection, unread)
    return await run_batch(tools, claimed, keep_news_s=keep_news_s) if claimed else []


async def free_leases(tools: Tools, *, worker: str) -> int:
    """After a restart: what this worker held when it died is due at once."""
    async with tools.db.transaction() as tx:
        return await jobs.free_leases(tx, worker, tools.clock())
