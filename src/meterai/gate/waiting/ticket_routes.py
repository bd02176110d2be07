"""The routes for people who have a ticket: the wait page, the sign of life, a ticket that is typed."""

from __future__ import annotations

from contextlib import suppress

from meterai.customers.contacts import canonical_contact
from meterai.gate.answers import NO_STORE
from meterai.gate.http.responses import respond
from meterai.gate.joining.form_fields import (
    asks_for_page,
    cookie_ticket,
    has_entered,
    typed_contact,
    typed_ticket,
)
from meterai.gate.joining.join_form import join_form
from meterai.gate.visit import Visit
from meterai.gate.waiting.place_in_line import PlaceInLine, place_in_line
from meterai.gate.waiting.presence import PRESENT_AROUND_CLOSING_S, READY_WITHIN_S
from meterai.gate.waiting.wait_page import address_of
from meterai.kernel.refusals import Refusal
from meterai.waiting_room.files.join_notes import read_note
from meterai.waiting_room.files.promise_book import Promise
from meterai.waiting_room.rules.tickets import Ticket


def show_wait_page(visit: Visit, text: str, *, answers_form: bool = False, contact: str = "") -> bytes:
    """The wait page of a ticket. `answers_form`: it is the answer to a form, so it names its own address.

    `contact`: the ticket's, as it was typed in that form.
    """
    event = visit.event
    try:
        ticket = event.joining.check(text)
    except Refusal as refusal:
        return join_form(visit, refusal)
    now = event.issuer.now()
    outlook = event.wait_pages.outlook(ticket, now=now, joined_here=event.issuer.journal.count(ticket.window))
    note_presence(visit, ticket, outlook.place)
    if (done_by := outlook.verdict.done_by) is not None:
        promise = Promise(id=ticket.id, window=ticket.window, given_at=int(now), done_by=done_by)
        event.promises.give(promise)
    body = event.wait_pages.page(
        text,
        ticket,
        outlook,
        language=visit.language,
        now=now,
        answers_form=answers_form,
        has_entered=has_entered(visit.request, visit.slug, ticket),
        contact=contact or _known_contact(visit, text, ticket),
    )
    if answers_form:
        where = ("content-location", address_of(visit.slug, text, visit.language))
        return visit.page(200, body, where, *visit.cookies(text, contact))
    if cookie_ticket(visit.request, visit.slug):
        return visit.page(200, body)
    return visit.page(200, body, visit.cookie(text))


def lead_to_ticket(visit: Visit, ticket: str, *, contact: str = "") -> bytes:
    """The answer to a form that gave this ticket: 303 to its wait page.

    A form that can show the page itself gets it at once (docs/decisions/0022).
    """
    if asks_for_page(visit.request):
        return show_wait_page(visit, ticket, answers_form=True, contact=contact)
    return visit.redirect_to_ticket(ticket, *visit.cookies(ticket, contact))


def _known_contact(visit: Visit, text: str, ticket: Ticket) -> str:
    """The contact of a ticket: in full in the browser in which it was typed, else masked; empty: unknown."""
    typed = typed_contact(visit.request, visit.slug)
    with suppress(Refusal):
        if typed and visit.event.issuer.id_of(canonical_contact(typed).name_in_line) == ticket.id:
            return typed
    note = read_note(visit.event.published.folder, text, ticket)
    return note.masked if note else ""


def note_ready(visit: Visit, text: str) -> bytes:
    """Notes a sign of life shortly before the turn, once for each ticket."""
    event = visit.event
    try:
        ticket = event.joining.check(text)
    except Refusal:
        return respond(403, b"", (*NO_STORE, *visit.answers.safety))
    note_presence(visit, ticket, place_in_line(event.published, ticket))
    return respond(204, b"", (*NO_STORE, *visit.answers.safety))


def note_presence(visit: Visit, ticket: Ticket, place: PlaceInLine) -> None:
    """Notes people who look shortly before their turn, and people who look around closing time."""
    event = visit.event
    presence, now = event.presence, event.issuer.now()
    is_soon = place.soonest_s is not None and place.soonest_s <= READY_WITHIN_S
    if is_soon and place.number is not None and not place.is_called:
        presence.ready(ticket)
    closes_at = event.published.config.schedule.closes_at
    if abs(now - closes_at) <= PRESENT_AROUND_CLOSING_S:
        presence.present(ticket, now, closes_at=closes_at)


def take_typed_ticket(visit: Visit) -> bytes:
    """Goes on with a ticket that was typed, pasted or scanned."""
    try:
        text = typed_ticket(visit.request)
        visit.event.joining.check(text)
    except Refusal as refusal:
        return join_form(visit, refusal)
    return lead_to_ticket(visit, text)
