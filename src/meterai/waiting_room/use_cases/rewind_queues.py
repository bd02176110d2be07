"""After a restore of the database or of queues' files from a copy: brings the files to the state of the
rows."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import msgspec

from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Database
from meterai.waiting_room.files.log_facts import DeadGateFacts, OperatorFacts
from meterai.waiting_room.files.queue_folder import QueueFolder, queue_of
from meterai.waiting_room.files.restore_files import (
    RESTORE,
    LostList,
    RewoundFiles,
    closed_in,
    forget_gates,
    log_size,
    lost_list,
    promises_there,
    publish_rest,
    rewind,
)
from meterai.waiting_room.rules.windows import number_at
from meterai.waiting_room.store import lease_rows, log_rows, window_rows
from meterai.waiting_room.store import queues as store
from meterai.waiting_room.store.queues import Queue

EPOCHS_SKIPPED = 1_000
"""Epochs to skip. Pages and gates drop a status of an older epoch, and this many changes of holder may be
lost."""
REASON = "the database was restored from an older copy"
FILES_REASON = "the queue's files were restored from an older copy"


class RewoundQueues(msgspec.Struct, frozen=True, kw_only=True):
    """The results for all queues."""

    rewound: list[RewoundFiles]
    lost: list[str]
    """Events whose rows name a log and keys that do not exist."""
    too_old: list[str]
    """Events whose files end long before the rows, so that the store no longer has the missing part. They are
    unchanged."""
    lists: dict[str, list[LostList]]
    """Closed windows of events whose lists can't be published completely any more."""


async def rewind_queues(db: Database, root: Path, *, actor: str, now: datetime) -> RewoundQueues:
    """Rewinds every queue below `root` that has files. No controller and no gate may run. Repeatable.

    - The public log gets an entry that names the last head that was cut off.
    - If the gates' files come from the copy too, their gates gave later sequences that the files lack.
    - The controller brings files that are behind the rows up to date.
    - Gates are declared dead here in closed windows whose joins are gone.
    """
    async with db.connection() as connection:
        queues = [await store.read_queue(connection, event) for event in await store.queue_events(connection)]
    found = RewoundQueues(rewound=[], lost=[], too_old=[], lists={})
    for queue in filter(None, queues):
        folder = queue_of(root, queue.event)
        if not (folder.has_keys and folder.public.exists()):
            if queue.log_size:
                found.lost.append(queue.event)
            continue
        size = await asyncio.to_thread(log_size, folder)
        is_behind = size < queue.log_size
        if is_behind and not await _has_entry(db, queue, size):
            found.too_old.append(queue.event)
            continue
        done = await asyncio.to_thread(_rewind, folder, queue, now=now.timestamp())
        found.rewound.append(done)
        if is_behind:
            found.lists[queue.event] = await _settle_what_is_gone(db, folder, queue, now=now)
        reason = FILES_REASON if is_behind else REASON
        await _tell(db, queue, done, reason=reason, actor=actor, now=now)
        folder.from_copy.unlink(missing_ok=True)
    return found


async def _has_entry(db: Database, queue: Queue, n: int) -> bool:
    async with db.connection() as connection:
        return await log_rows.has_entry(connection, queue.number, n)


async def _settle_what_is_gone(
    db: Database, folder: QueueFolder, queue: Queue, *, now: datetime
) -> list[LostList]:
    """Declares gates dead whose joins are in no journal any more, so that those tickets are honoured."""
    first = await asyncio.to_thread(closed_in, folder, queue.closed_through) + 1
    places = promises_there(folder, queue.memory.promises_read)
    lost = []
    async with db.transaction() as tx:
        await store.read_promises_from(tx, queue.number, places)
        for row in await window_rows.closed_windows(
            tx, queue.number, first=first, limit=queue.closed_through + 1
        ):
            if (one := await asyncio.to_thread(lost_list, folder, row.number, row.document)) is None:
                continue
            lost.append(one)
            for gate in one.gates:
                await window_rows.add_dead_gate(tx, queue.number, one.window, gate)
                await log_rows.add_to_log(tx, queue.number, DeadGateFacts(window=one.window, gate=gate), now)
    for one in lost:
        await asyncio.to_thread(publish_rest, folder, one)
    return lost


def _rewind(folder: QueueFolder, queue: Queue, *, now: float) -> RewoundFiles:
    if folder.from_copy.exists():
        reached = None if queue.state.stands_still else number_at(queue.schedule, now)
        forget_gates(folder, window=max(queue.closed_through + 1, reached or 0), now=now)
    return rewind(
        folder,
        log_size=queue.log_size,
        closed_through=queue.closed_through,
        revealed_through=queue.revealed_through,
    )


async def _tell(
    db: Database, queue: Queue, done: RewoundFiles, *, reason: str, actor: str, now: datetime
) -> None:
    facts = OperatorFacts(action=RESTORE, value=done.head, reason=reason)
    async with db.transaction() as tx:
        await lease_rows.skip_epochs(tx, done.epoch + EPOCHS_SKIPPED)
        await log_rows.add_to_log(tx, queue.number, facts, now)
        await write_audit(
            tx,
            actor=actor,
            action="queue.restore",
            subject=f"queue {queue.event}",
            facts={"value": done.head, "reason": reason},
            now=now,
        )
