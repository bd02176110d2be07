"""After the database was restored from a copy: brings the queues' files back to its rows."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

from meterai.kit.audit import write_audit
from meterai.kit.database import Database
from meterai.waiting_room import store
from meterai.waiting_room.log_facts import OperatorFacts
from meterai.waiting_room.queue_folder import queue_of
from meterai.waiting_room.rewinding import Rewound, forget_gates, rewind
from meterai.waiting_room.store import Queue
from meterai.waiting_room.windows import number_at

EPOCHS_SKIPPED = 1_000
"""Pages and gates drop a status of an older epoch: so many changes of the holder may be lost."""
REASON = "the database was restored from an older copy"


async def rewind_queues(
    db: Database, root: Path, *, gates_are_copies: bool, actor: str, now: datetime
) -> list[Rewound]:
    """Rewinds every queue below `root` that has files. No controller and no gate may run. Repeatable.

    `gates_are_copies`: the gates' files come from the copy too, so that sequences were given that they don't
    know. The public log gets an entry that names the last head that was cut off.
    """
    async with db.connection() as connection:
        queues = [await store.read_queue(connection, event) for event in await store.queue_events(connection)]
    rewound = []
    for queue in queues:
        if queue is not None and queue_of(root, queue.event).public.exists():
            done = await asyncio.to_thread(
                _rewind, root, queue, gates_are_copies=gates_are_copies, now=now.timestamp()
            )
            rewound.append(done)
            await _tell(db, queue, done, actor=actor, now=now)
    return rewound


def _rewind(root: Path, queue: Queue, *, gates_are_copies: bool, now: float) -> Rewound:
    folder = queue_of(root, queue.event)
    if gates_are_copies:
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
