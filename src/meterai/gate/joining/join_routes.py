"""The routes for people who have no ticket: form, join, proof of work."""

from __future__ import annotations

import time

import msgspec

from meterai.customers.contacts import canonical_contact
from meterai.gate.answers import NO_STORE
from meterai.gate.http.responses import respond
from meterai.gate.joining.form_fields import cookie_ticket, read_form
from meterai.gate.joining.join_form import closed_notice, join_form
from meterai.gate.joining.ticket_issuer import NoTicket
from meterai.gate.visit import Visit
from meterai.gate.waiting.ticket_routes import lead_to_ticket
from meterai.kernel.refusals import Kind, Refusal
from meterai.waiting_room.rules.tickets import INSTEAD_OF, mark_of


def show_form(visit: Visit) -> bytes:
    """The form; or 303 to the wait page of the ticket that this browser keeps.

    The query `baru` asks for the form in any case. `INSTEAD_OF` names a ticket that the site refused.
    """
    query = visit.request.target.partition(b"?")[2]
    ticket = cookie_ticket(visit.request, visit.slug)
    if ticket and query == f"{INSTEAD_OF}={mark_of(ticket)}".encode():
        return join_form(visit, forgets_ticket=True)
    if not ticket or query == b"baru":
        return join_form(visit)
    try:
        visit.event.joining.check(ticket)
    except Refusal:
        return join_form(visit)
    return visit.redirect_to_ticket(ticket)


def join(visit: Visit) -> bytes | None:
    """Gives a ticket. The answer comes later (None), when the ticket's record is on the disk.

    While nobody has to wait: 303 to the site.
    """
    try:
        joined = visit.event.joining.join(visit.request, visit.client_address, monotonic=time.monotonic())
    except Refusal as refusal:
        return join_form(visit, refusal)
    if joined is NoTicket.SHUT:
        return closed_notice(visit)
    if joined is NoTicket.DIRECT:
        return visit.redirect(visit.purchase)
    contact = canonical_contact(read_form(visit.request).contact).value
    if joined.is_durable:
        return lead_to_ticket(visit, joined.text, contact=contact)

    def answer(is_durable: bool) -> None:
        failed = Refusal(Kind.UNAVAILABLE, "disk.failed")
        visit.request.answer(
            lead_to_ticket(visit, joined.text, contact=contact) if is_durable else join_form(visit, failed)
        )

    visit.event.issuer.when_durable(answer)
    return None


def make_challenge(visit: Visit) -> bytes:
    """A challenge for the proof of work, as JSON. The page's script solves it while people type."""
    body = msgspec.json.encode(visit.event.joining.challenge(visit.client_address, time.monotonic()))
    return respond(200, body, (("content-type", "application/json"), *NO_STORE, *visit.answers.safety))
