"""Signs a certificate for a person who was in line, or before a full door, at the closing."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime
from urllib.parse import quote_plus

from meterai.kernel.ids import new_order_number
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Database
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.join_notes import read_note
from meterai.waiting_room.files.log_facts import CertificateFacts
from meterai.waiting_room.files.presence import seen_at
from meterai.waiting_room.files.published_queue import Published
from meterai.waiting_room.rules.certificate import Attempt, certificate_key, is_check_in, outcome_of
from meterai.waiting_room.rules.frontier_moves import frontier_then
from meterai.waiting_room.rules.model import QueueState
from meterai.waiting_room.rules.tickets import Ticket
from meterai.waiting_room.rules.windows import last_number
from meterai.waiting_room.store import claims, log_rows, pass_rows, queues
from meterai.waiting_room.store.queues import Queue
from meterai.waiting_room.use_cases.claim_pass import is_late_ticket, late_facts


async def issue_certificate(
    db: Database, published: Published, text: str, *, contact: str, masked: str, now: datetime
) -> bytes:
    """Returns the signed certificate of `contact` (its name in line, proven to be the caller's), made now or
    before.

    There is one per contact and event. Its digest goes into the public log in the same transaction.

    Raises: Refusal `ticket.*`; GONE `certificate.forgotten`; CONFLICT `certificate.not_closed`,
    `certificate.was_let_in`, `certificate.did_not_come`, `certificate.not_seen`,
    `certificate.nobody_waited`; NOT_FOUND `queue.unknown`.
    """
    ticket = published.read_ticket(text)
    if published.id_of(contact) != ticket.id:
        raise Refusal(Kind.FORBIDDEN, "ticket.other_contact")
    noted = await asyncio.to_thread(seen_at, published.folder, ticket.id)
    written = await asyncio.to_thread(read_note, published.folder, text, ticket)
    async with db.transaction() as tx:
        queue = await queues.read_queue(tx, published.folder.slug)
        if queue is None:
            raise Refusal(Kind.NOT_FOUND, "queue.unknown")
        if (kept := await claims.read_certificate(tx, queue.number, ticket.id)) is not None:
            return _still_kept(kept)
        _check_closed(published, queue, ticket, now)
        is_late = await is_late_ticket(tx, published, queue.number, queue.schedule, ticket)
        name = written.name if written else ""
        attempt = await _attempt(
            tx, published, queue, ticket=ticket, noted=noted, masked=masked, name=name, now=now
        )
        signed = published_documents.sign(attempt, certificate_key(published.event_key))
        if not await claims.add_certificate(
            tx, queue.number, ticket.id, code=attempt.code, document=signed, now=now
        ):  # another tab was faster
            kept = await claims.read_certificate(tx, queue.number, ticket.id)
            assert kept is not None
            return kept
        if is_late:
            await log_rows.add_to_log(tx, queue.number, late_facts(ticket), now)
        facts = CertificateFacts(id=attempt.id, sha256=hashlib.sha256(signed).hexdigest())
        await log_rows.add_to_log(tx, queue.number, facts, now)
    return signed


def _still_kept(document: bytes) -> bytes:
    """Returns the kept document. Raises: Refusal GONE `certificate.forgotten` when its term is over."""
    if not document:
        raise Refusal(Kind.GONE, "certificate.forgotten")
    return document


def _check_closed(published: Published, queue: Queue, ticket: Ticket, now: datetime) -> None:
    """Checks that the last lists are published. They come seconds after the closing.

    Raises: Refusal CONFLICT `certificate.not_closed`.
    """
    is_over = queue.state is QueueState.CLOSED and now.timestamp() >= queue.schedule.closes_at
    is_to_come = ticket.window <= last_number(queue.schedule) and not published.has_list(ticket.window)
    if not is_over or is_to_come:
        raise Refusal(Kind.CONFLICT, "certificate.not_closed")


async def _attempt(
    tx: Connection,
    published: Published,
    queue: Queue,
    *,
    ticket: Ticket,
    noted: int | None,
    masked: str,
    name: str,
    now: datetime,
) -> Attempt:
    closed_at = queue.schedule.closes_at
    if queue.memory.closed_free:
        raise Refusal(Kind.CONFLICT, "certificate.nobody_waited")
    trail = queue.memory.trail
    # Where the line counts, people are called after the closing, until the last call has lapsed.
    ended_at = max(closed_at, trail[-1][0]) if trail else closed_at
    place = published.place_of(ticket)
    knocked = await claims.first_knock(tx, queue.number, ticket.id)
    outcome = outcome_of(
        queue.frontier,
        frontier_then(trail, ended_at, ago_s=queue.policy.claim_minutes * 60),
        window=ticket.window,
        place=place,
        has_pass=await pass_rows.read_pass(tx, queue.number, ticket.id) is not None,
        has_knocked=knocked is not None,
    )
    signs = [noted, int(knocked[1].timestamp()) if knocked else None, int(now.timestamp()), ticket.joined_at]
    seen = [at for at in signs if at is not None and is_check_in(at, closed_at)]
    if not seen:
        raise Refusal(Kind.CONFLICT, "certificate.not_seen")
    return Attempt(
        event=queue.event,
        code=new_order_number(),
        id=ticket.id.hex(),
        contact=masked,
        joined_at=ticket.joined_at,
        window=ticket.window,
        gate=ticket.gate,
        sequence=ticket.sequence,
        place="" if place is None else str(place),
        outcome=outcome,
        closed_at=closed_at,
        frontier=(queue.frontier.window, str(queue.frontier.x)),
        seen_at=seen[0],
        knocked_at=int(knocked[0].timestamp()) if knocked else None,
        line_counts=queue.policy.line_counts,
        issued_at=int(now.timestamp()),
        name=quote_plus(name),
        log=published.newest_head(),
    )
