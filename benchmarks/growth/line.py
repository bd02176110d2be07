"""A million tickets: handed out by a gate of their own, called by the controller, claimed by nobody.

Gate and journal are the product's own; only the form that people send is left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from meterai.gate.application import Gate
from meterai.gate.joining.ticket_issuer import TicketIssuer
from meterai.gate.open_event import GateSettings, OpenEvent
from meterai.kernel.clock import Clock
from meterai.kit.database import Database
from meterai.sales.use_cases.issue_quota import issue_quota
from meterai.waiting_room.rules.model import QueueState
from meterai.waiting_room.rules.rate_control import STAMPS_EACH
from meterai.waiting_room.store.queues import read_queues
from meterai.waiting_room.use_cases.set_queue import set_queue

GATE = 9_000
"""The number of the gate that counts them. No other may have it."""
CHUNK = 2_000
CALLS_PER_MINUTE = 60_000_000
"""While nobody is expected to come."""
_LOOK_S = 0.25

Progress = Callable[[str, int, int], None]


async def hand_out_tickets(
    db: Database, queues: Path, slug: str, *, count: int, clock: Clock, progress: Progress
) -> None:
    """Hands out `count` tickets of an event whose queue runs, and has all of them called; issues the stamps
    without which nobody is called.

    Takes a minute for a million: windows have to end, and the controller draws them.
    Raises: LookupError when nobody can join, or nobody is called any more; BlockingIOError when another
    process is this gate.
    """
    gate = Gate(GateSettings(number=GATE, folder=queues, gate_url="http://-", site_url="http://-"), {})
    gate.look()
    upkeep = asyncio.create_task(gate.run())
    try:
        event = gate.open_events.get(slug)
        if event is None:
            raise LookupError(f"there is no queue {slug}")
        await _issue_for(db, count, clock())
        last = await _hand_out(event.issuer, count, progress)
        await _until(lambda: event.published.is_closed(last), upkeep)
        await _call_everybody(db, event, upkeep, last, clock)
    finally:
        upkeep.cancel()
        gate.close()


async def _issue_for(db: Database, people: int, now: datetime) -> None:
    pieces = STAMPS_EACH * people
    await issue_quota(db, pieces=pieces, deposit_reference=f"line {now:%c}", actor="growth", now=now)


async def _hand_out(issuer: TicketIssuer, count: int, progress: Progress) -> int:
    """Gives the window of the last one."""
    last = 0
    for begin in range(0, count, CHUNK):
        window = issuer.window()
        if window is None:
            raise LookupError("nobody can join now")
        last = window.number
        for number in range(begin, min(begin + CHUNK, count)):
            issuer.issue(issuer.id_of(f"email:antre{number:08}@contoh.id"), last)
        durable = asyncio.get_running_loop().create_future()
        issuer.when_durable(durable.set_result)
        if not await durable:
            raise OSError("the disk takes no more")
        progress("tickets", min(begin + CHUNK, count), count)
    return last


async def _call_everybody(
    db: Database, event: OpenEvent, upkeep: asyncio.Task[None], last: int, clock: Clock
) -> None:
    """Raises the rate until nobody waits, and sets it back. Both changes stand in the public log."""
    slug = event.published.slug
    async with db.connection() as connection:
        (queue,) = [queue for queue in await read_queues(connection) if queue.event == slug]
    fast = msgspec.structs.replace(queue.policy, rate_floor=CALLS_PER_MINUTE, rate_cap=CALLS_PER_MINUTE)
    await set_queue(db, slug, queue.schedule, fast, is_on=True, now=clock())
    try:
        await _until(lambda: _is_called(event, last), upkeep)
    finally:
        await set_queue(db, slug, queue.schedule, queue.policy, is_on=True, now=clock())


def _is_called(event: OpenEvent, last: int) -> bool:
    status = event.published.status
    if status is None:
        return False
    if status.state in (QueueState.CLOSED, QueueState.OFF):
        raise LookupError(f"the queue calls nobody: it is {status.state}")
    return status.frontiers[0][0] > last


async def _until(is_so: Callable[[], bool], upkeep: asyncio.Task[None]) -> None:
    while not is_so():
        if upkeep.done():
            upkeep.result()
        await asyncio.sleep(_LOOK_S)
