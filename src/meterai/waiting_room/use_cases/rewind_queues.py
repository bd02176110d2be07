"""After the database was restored from a copy: brings the queues' files back to its rows."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import msgspec

from meterai.kit.audit import write_audit
from meterai.kit.database import Database
from meterai.waiting_room import store
from meterai.waiting_room.log_facts import OperatorFacts
from meterai.waiting_room.queue_folder import QueueFolder, queue_of
from meterai.waiting_room.rewinding import Rewound, forget_gates, rewind
from meterai.waiting_room.store import Queue
from meterai.waiting_room.windows import number_at

EPOCHS_SKIPPED = 1_000
"""Pages and gates drop a status of an older epoch: so many changes of the holder may be lost."""
REASON = "the database was restored from an older copy"


class RewoundQueues(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the queues."""

    rewound: list[Rewound]
    lost: list[str]
    """Events of which rows name a log and keys that are not there."""


async def rewind_queues(db: Database, root: Path, *, actor: str, now: datetime) -> RewoundQueues:
    """Rewinds every queue below `root` that has files. No controller and no gate may run. Repeatable.

    Where the gates' files come from the copy too, sequences were given that they don't know. The public log
    gets an entry that names the last head that was cut off.
    """
    async with db.connection() as connection:
        queues = [await store.read_queue(connection, event) for event in await store.queue_events(connection)]
    rewound, lost = [], []
    for queue in filter(None, queues):
        folder = queue_of(root, queue.event)
        if folder.keys_file.exists() and folder.public.exists():
            done = await asyncio.to_thread(_rewind, folder, queue, now=now.timestamp())
            rewound.append(done)
            await _tell(db, queue, done, actor=actor, now=now)
            folder.from_copy.unlink(missing_ok=True)
        elif queue.log_size:
            lost.append(queue.event)
    return RewoundQueues(rewound=rewound, lost=lost)


def _rewind(folder: QueueFolder, queue: Queue, *, now: float) -> Rewound:
    if folder.from_copy.exists():
        reached = None if queue.state.stands_still else number_at(queue.schedule, now)
        forget_gates(folder, window=max(queue.closed_through + 1, reached or 0), now=now)
    return rewind(
        folder,
        log_size=queue.log_size,
        closed_through=queue.closed_through,
        revealed_through=queue.revealed_through,
    )


async def _tell(db: Database, queue: Queue, done: Rewound, *, actor: str, now: datetime) -> None:
    facts = OperatorFacts(action="restore", value=done.head, reason=REASON)
    async with db.transaction() as tx:
        await store.skip_epochs(tx, done.epoch + EPOCHS_SKIPPED)
        await store.say(tx, queue.number, facts, now)
        await write_audit(
            tx,
            actor=actor,
            action="queue.restore",
            subject=f"queue {queue.event}",
            facts={"value": done.head, "reason": REASON},
            now=now,
        )
