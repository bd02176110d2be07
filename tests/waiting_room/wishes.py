"""What an operator wants of a queue in a test, written as the commands write it: with an act in the log."""

from __future__ import annotations

from datetime import datetime

from meterai.kit.database import Database
from meterai.waiting_room.store import queues
from meterai.waiting_room.use_cases.steer_queue import cap_rate, halt_queue, resume_queue, switch_queue


async def wish(db: Database, event: str, column: str, value: object, *, now: datetime) -> None:
    """Writes a wish by the name of its column. Other wishes than these need no act for the audit."""
    match column, value:
        case "halted_because", str():
            await halt_queue(db, event, reason=value, actor="test", now=now)
        case "halted_because", None:
            await resume_queue(db, event, reason="test", actor="test", now=now)
        case "is_on", bool():
            await switch_queue(db, event, is_on=value, reason="test", actor="test", now=now)
        case "rate_cap", int() | None:
            await cap_rate(db, event, value, reason="test", actor="test", now=now)
        case _:
            async with db.transaction() as tx:
                await queues.set_wish(tx, event, column, value)
