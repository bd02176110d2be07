"""Publishes what a queue's rows have and its files lack, and deletes rows that are safe in the files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from meterai.kit.database import Database
from meterai.kit.fail_points import FailPoint
from meterai.waiting_room.control.publisher import Publisher
from meterai.waiting_room.store import log_rows, window_rows
from meterai.waiting_room.store.queues import Queue
from meterai.waiting_room.store.window_rows import ClosedWindow
from meterai.waiting_room.use_cases.decide_step import StepDecision

FORGET_EVERY_S = 60.0
LOG_KEPT_S = 2 * 86_400
"""How long rows stay after the files have them. The controller completes files from a copy of
that age with them (docs/backup.md)."""
FORGOTTEN_AT_ONCE = 20_000
"""Entries. After a pause many are too old at once."""
WINDOWS_AT_ONCE = 1_000
"""A controller that takes over looks at all windows that have rows."""
ENTRIES_AT_ONCE = 2_000


class CatchUp:
    """The files of one event's queue behind its rows, for one holder of the lease.

    Raises `Superseded` when another holder has taken over.
    """

    def __init__(self, db: Database, publisher: Publisher, fail_point: FailPoint) -> None:
        self._db = db
        self._publisher = publisher
        self._fail_point = fail_point
        self._forgot_at = 0.0
        self._revealed = -1
        self.closed = -1
        """The last window whose end is published, as far as this holder knows."""
        self.config = b""
        """The rules that this holder has published; empty: none yet."""

    async def publish(self, decided: StepDecision, now: float) -> None:
        """Publishes the rules, the ends of windows, the log and the seeds, in this order."""
        await self._publish_rules(decided)
        await self._publish_closes(decided)
        await self._publish_log(decided.queue, now)
        await self._publish_reveals(decided.queue)

    async def forget(self, queue: Queue, now: float) -> None:
        """Deletes old rows, once a minute, that are in the files and that nobody needs any more."""
        self._forgot_at = self._forgot_at or now
        if now - self._forgot_at < FORGET_EVERY_S:
            return
        self._forgot_at = now
        async with self._db.connection() as connection:
            await log_rows.forget_log(
                connection,
                queue.number,
                before=self._publisher.log_size,
                since=now - LOG_KEPT_S,
                windows_before=min(queue.frontier.window, queue.revealed_through + 1),
                limit=FORGOTTEN_AT_ONCE,
            )

    async def _publish_rules(self, decided: StepDecision) -> None:
        if decided.config == self.config:
            return
        queue, publisher = decided.queue, self._publisher
        async with self._db.connection() as connection:
            kept = await log_rows.kept_configs(connection, queue.number)
        await asyncio.to_thread(publisher.publish_configs, kept)
        await asyncio.to_thread(publisher.publish_config, decided.config, queue.config_version)
        self.config = decided.config

    async def _publish_closes(self, decided: StepDecision) -> None:
        queue = decided.queue
        while self.closed < queue.closed_through:
            rows = await self._windows(queue, self.closed + 1)
            await asyncio.to_thread(_publish_closes, self._publisher, rows, decided.ids)
            self.closed = rows[-1].number if rows else queue.closed_through
            self._fail_point("queue_closed")

    async def _publish_log(self, queue: Queue, now: float) -> None:
        publisher = self._publisher
        if publisher.is_unsigned:
            await asyncio.to_thread(publisher.append, (), int(now))
        while publisher.log_size < queue.log_size:
            async with self._db.connection() as connection:
                first = publisher.log_size
                entries = await log_rows.entries_from(connection, queue.number, first, limit=ENTRIES_AT_ONCE)
            await asyncio.to_thread(publisher.append, entries, int(now))
            assert publisher.log_size > first, "the log's file has lost what the store has forgotten"
            self._fail_point("queue_logged")

    async def _publish_reveals(self, queue: Queue) -> None:
        while self._revealed < queue.revealed_through:
            rows = [row for row in await self._windows(queue, self._revealed + 1) if row.reveal is not None]
            await asyncio.to_thread(_publish_reveals, self._publisher, rows)
            self._revealed = rows[-1].number if rows else queue.revealed_through

    async def _windows(self, queue: Queue, first: int) -> list[ClosedWindow]:
        async with self._db.connection() as connection:
            return await window_rows.closed_windows(
                connection, queue.number, first=first, limit=WINDOWS_AT_ONCE
            )


def _publish_closes(publisher: Publisher, rows: Sequence[ClosedWindow], ids: dict[int, bytes]) -> None:
    for row in rows:
        publisher.publish_close(row, ids.get(row.number))


def _publish_reveals(publisher: Publisher, rows: Sequence[ClosedWindow]) -> None:
    for row in rows:
        publisher.publish_reveal(row)
