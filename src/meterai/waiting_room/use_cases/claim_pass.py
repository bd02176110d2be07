"""Lets a called person in: turns a ticket and a proven contact into a pass, once for each contact and
event."""

from __future__ import annotations

import time
from datetime import datetime

import msgspec

from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Database
from meterai.waiting_room.files.log_facts import LateTicketFacts
from meterai.waiting_room.files.published_queue import Published
from meterai.waiting_room.rules.admission import TRY_AGAIN_S, check_ticket, lane_of, wait_s
from meterai.waiting_room.rules.model import Lane, QueueState, Schedule
from meterai.waiting_room.rules.tickets import Ticket
from meterai.waiting_room.store import claims, log_rows, pass_rows, queues, window_rows
from meterai.waiting_room.store.pass_rows import Pass
from meterai.waiting_room.store.queues import Queue

ENTERED_WITHIN_S = 3.0
"""A claim that takes longer is made again. Its time would be too old for the public log, which anybody checks
(`auditing/people/claim_times.py`)."""
_SHUT = {
    QueueState.HALTED: Refusal(Kind.UNAVAILABLE, "queue.halted"),
    QueueState.OUT_OF_STOCK: Refusal(Kind.UNAVAILABLE, "queue.out_of_stock"),
    QueueState.CLOSED: Refusal(Kind.GONE, "queue.closed"),
}


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket whose holder is called and may enter now."""

    queue: Queue
    ticket: Ticket
    lane: Lane
    is_late: bool
    """The ticket is not in the published list of its window, and its gate was declared dead. Honoured, and
    logged."""


async def look_at_call(db: Database, published: Published, text: str, *, now: datetime) -> Call | Pass:
    """Checks that a ticket is good and its holder is called. Returns the pass, if its contact has one
    already.

    Raises: Refusal `ticket.unreadable`, `ticket.forged`, `ticket.other_event`, `ticket.backdated`,
    `ticket.unlisted`; CONFLICT `queue.not_called`; UNAVAILABLE `queue.halted`, `queue.out_of_stock`; GONE
    `queue.closed`; NOT_FOUND `queue.unknown`.
    """
    ticket = published.read_ticket(text)
    async with db.connection() as connection:
        queue, held = await _queue_and_pass(connection, published, ticket)
        return held or await _call_of(connection, published, queue, ticket=ticket, now=now)


async def claim_pass(
    db: Database,
    published: Published,
    text: str,
    *,
    contact: str,
    is_in_flight: bool = False,
    now: datetime,
) -> Pass:
    """Returns the pass of `contact` (its name in line, proven to be the caller's), made now or before.

    `is_in_flight`: the caller holds the link of an order of this event that is paid or being stamped, and
    need not wait. Pass and admission are written in one transaction. A second claim returns the same pass.

    Raises: as `look_at_call`; FORBIDDEN `ticket.other_contact`; BUSY `queue.door_full` with `retry_after_s`.
    """
    began = time.monotonic()
    ticket = published.read_ticket(text)
    if published.id_of(contact) != ticket.id:
        raise Refusal(Kind.FORBIDDEN, "ticket.other_contact")
    async with db.connection() as connection:
        queue, held = await _queue_and_pass(connection, published, ticket)
        if held is not None:
            return held
        call = await _call_of(connection, published, queue, ticket=ticket, now=now)
    async with db.transaction() as tx:
        entered = await _enter(tx, call, is_in_flight=is_in_flight, now=now, began=began)
    if isinstance(entered, Refusal):
        raise entered  # after the transaction, so that the knock is kept
    return entered


async def _enter(
    tx: Connection, call: Call, *, is_in_flight: bool, now: datetime, began: float
) -> Pass | Refusal:
    """Admits one more person. The admission stays locked until the end of `tx`. `began`: the monotonic time
    of `now`."""
    queue, ticket = call.queue, call.ticket
    level, rate = await pass_rows.lock_admission(tx, queue.number)
    if (held := await pass_rows.read_pass(tx, queue.number, ticket.id)) is not None:
        return held  # another tab was faster while this one waited for the lock
    if time.monotonic() - began > ENTERED_WITHIN_S:
        return Refusal(Kind.BUSY, "queue.door_full", retry_after_s=TRY_AGAIN_S)
    lane = Lane.IN_FLIGHT if is_in_flight else call.lane
    share = queue.policy.returners_percent
    after = level.filled(rate, share, now.timestamp()).entered(lane)
    if after is None:
        knocking = await claims.note_knock(tx, queue.number, ticket.id, now)
        seconds = wait_s(rate, share, lane, knocking=knocking)
        return Refusal(Kind.BUSY, "queue.door_full", retry_after_s=seconds)
    one = _pass(ticket, lane, now)
    is_new = await pass_rows.admit(tx, queue.number, one, after)
    assert is_new, "the door is locked: nobody else can have added it"
    if call.is_late:
        await log_rows.add_to_log(tx, queue.number, late_facts(ticket), now)
    return one


def _pass(ticket: Ticket, lane: Lane, now: datetime) -> Pass:
    return Pass(
        id=ticket.id,
        pass_id=new_id(now),
        order_id=None,
        claimed_at=now,
        window=ticket.window,
        lane=lane,
        gate=ticket.gate,
        sequence=ticket.sequence,
    )


def late_facts(ticket: Ticket) -> LateTicketFacts:
    """The facts that log a ticket which is honoured without a list."""
    return LateTicketFacts(
        id=ticket.id.hex(),
        window=ticket.window,
        gate=ticket.gate,
        sequence=ticket.sequence,
        joined_at=ticket.joined_at,
    )


async def _call_of(
    connection: Connection, published: Published, queue: Queue, *, ticket: Ticket, now: datetime
) -> Call:
    if (shut := _SHUT.get(queue.state)) is not None:
        raise Refusal(shut.kind, shut.code)
    if queue.halted_because is not None:
        raise Refusal(Kind.UNAVAILABLE, "queue.halted")
    if now.timestamp() >= queue.schedule.closes_at and not queue.policy.line_counts:
        raise Refusal(
            Kind.GONE, "queue.closed"
        )  # the controller sets this state a second later, or when it is back
    place = published.place_of(ticket)
    lane = None if place is None else lane_of(queue.frontier, queue.late, ticket.window, place)
    if lane is None:
        raise Refusal(Kind.CONFLICT, "queue.not_called")
    is_late = await is_late_ticket(connection, published, queue.number, queue.schedule, ticket)
    return Call(queue=queue, ticket=ticket, lane=lane, is_late=is_late)


async def is_late_ticket(
    connection: Connection, published: Published, queue: int, schedule: Schedule, ticket: Ticket
) -> bool:
    """Whether a ticket is good without a list, because its gate was declared dead in that window.

    Raises: Refusal FORBIDDEN `ticket.unlisted`, `ticket.backdated` when it is not good.
    """
    if published.is_listed(ticket):
        return False
    if not await window_rows.is_dead_gate(connection, queue, ticket.window, ticket.gate):
        raise Refusal(Kind.FORBIDDEN, "ticket.unlisted")
    check_ticket(schedule, ticket)
    return True


async def _queue_and_pass(
    connection: Connection, published: Published, ticket: Ticket
) -> tuple[Queue, Pass | None]:
    """The queue of the ticket's event, and the pass of its contact. Raises: Refusal `queue.unknown`."""
    queue = await queues.read_queue(connection, published.folder.slug)
    if queue is None:
        raise Refusal(Kind.NOT_FOUND, "queue.unknown")
    return queue, await pass_rows.read_pass(connection, queue.number, ticket.id)
