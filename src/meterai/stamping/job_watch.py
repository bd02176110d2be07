"""Waits for the ends of jobs: one question to the database for all that are waited for in this process."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Final
from uuid import UUID

from meterai.kit.database import DATABASE_IS_DOWN, Database
from meterai.stamping.queries import ended_jobs

_LOOK_S: Final = 0.1


class JobWatch:
    """Tells waiting requests when their jobs end."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: defaultdict[UUID, set[asyncio.Event]] = defaultdict(set)
        self._looking: asyncio.Task[None] | None = None

    async def wait_for(self, job_id: UUID, *, within_s: float) -> bool:
        """Waits until a job is released or refused. Returns False if that takes longer."""
        ended = asyncio.Event()
        self._waiting[job_id].add(ended)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        try:
            async with asyncio.timeout(within_s):
                return await ended.wait()
        except TimeoutError:
            return False
        finally:
            self._waiting[job_id].discard(ended)
            if not self._waiting[job_id]:
                del self._waiting[job_id]

    async def _look(self) -> None:
        """Looks as long as somebody waits."""
        try:
            while self._waiting:
                await asyncio.sleep(_LOOK_S)
                try:
                    ended = await ended_jobs(self._db, list(self._waiting))
                except DATABASE_IS_DOWN:  # the answers say then that the jobs go on
                    continue
                for job_id in ended:
                    for event in self._waiting.get(job_id, ()):
                        event.set()
        finally:
            self._looking = None
