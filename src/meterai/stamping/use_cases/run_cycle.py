"""Runs the stamping cycle for due jobs, and for jobs just accepted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from meterai.kit.tracing.spans import span_of_many
from meterai.stamping.cycle.batch import Tools
from meterai.stamping.cycle.steps import Ended, run_batch
from meterai.stamping.store import jobs
from meterai.stamping.use_cases.start_stamping import FIRST_TOKEN, Started


async def run_due_jobs(
    tools: Tools,
    *,
    worker: str,
    limit: int = 16,
    newest_first: bool = False,
    before: datetime | None = None,
) -> int:
    """Claims up to `limit` due jobs and takes them through the cycle. Returns how many were claimed.

    New jobs, postponed jobs and jobs of a dead worker are treated alike: the stored state says where to go
    on.

    `newest_first` is for a second lane. A single document behind a bundle of thousands then waits for one
    turn only. The first lane takes care of the oldest. `before`: only jobs accepted by then.

    Without a signer nothing is claimed: a worker on another host may have one.
    """
    if not await tools.presence.is_there():
        return 0
    now = tools.clock()
    async with tools.db.connection() as connection:
        claims = await jobs.claim_due(
            connection,
            now,
            lease_until=now + timedelta(seconds=tools.settings.lease_s),
            limit=limit,
            holder=worker,
            newest_first=newest_first,
            before=before,
        )
        claimed = await jobs.load_claimed(connection, claims) if claims else []
    if claimed:
        with span_of_many("stamp", [job.traceparent for job in claimed], pieces=len(claimed)):
            await run_batch(tools, claimed)
    return len(claims)


async def run_accepted_jobs(
    tools: Tools, started: Sequence[Started], *, keep_news_s: float = 0.0
) -> list[Ended]:
    """Runs jobs that `start_stampings` has just leased to this worker. Skips jobs that it doesn't hold.

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
    """After a restart: makes the jobs due that this worker held when it died."""
    async with tools.db.transaction() as tx:
        return await jobs.free_leases(tx, worker, tools.clock())


async def jobs_are_left(tools: Tools, *, before: datetime, within_s: float) -> bool:
    """Whether jobs accepted by `before` are at work now, or due within `within_s` seconds."""
    async with tools.db.connection() as connection:
        return await jobs.are_left(connection, before, tools.clock() + timedelta(seconds=within_s))
