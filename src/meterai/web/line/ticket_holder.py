"""The holder of the ticket in this browser, and the proof of its contact."""

from __future__ import annotations

from dataclasses import dataclass

from meterai.customers.contacts import Contact, canonical_contact
from meterai.customers.slips import likely_meant
from meterai.kernel.refusals import Kind, Refusal
from meterai.waiting_room.files.published_queue import Published
from meterai.waiting_room.rules.tickets import Ticket, ticket_cookie
from meterai.web.orders.access import customer_of
from meterai.web.requests.request_context import RequestContext, WebRequest


@dataclass(frozen=True, slots=True)
class TicketHolder:
    """A person with a ticket. `contact`: the ticket's, proven by the session; None: not proven yet."""

    text: str
    ticket: Ticket
    contact: Contact | None


def kept_ticket(request: WebRequest, event: str) -> str:
    """The text of the ticket that this browser keeps; empty when there is none."""
    return request.cookies.get(ticket_cookie(event), "")


async def holder_of(
    request: WebRequest, context: RequestContext, published: Published, text: str
) -> TicketHolder:
    """Reads a ticket and finds its holder. Raises: Refusal `ticket.*`."""
    ticket = published.read_ticket(text)
    customer = await customer_of(context, request)
    contacts = customer.contacts if customer else ()
    theirs = (contact for contact in contacts if _name(published, ticket, contact))
    return TicketHolder(text, ticket, next(theirs, None))


def holder_with(published: Published, text: str, contact: Contact) -> TicketHolder:
    """Reads a ticket for a person who has just proven a contact. Raises: Refusal `ticket.*`."""
    ticket = published.read_ticket(text)
    return TicketHolder(text, ticket, contact if _name(published, ticket, contact) else None)


def contact_of_ticket(published: Published, ticket: Ticket, typed: str) -> Contact:
    """Reads the contact that was typed, if the ticket was taken with it.

    Raises: Refusal `contact.unreadable`; INVALID `contact.slip`, if it was taken with the one that they
    probably meant; FORBIDDEN `ticket.other_contact`.
    """
    if _is_taken_with(published, ticket, typed):
        return canonical_contact(typed)
    if (meant := likely_meant(typed)) and _is_taken_with(published, ticket, meant):
        raise Refusal(Kind.INVALID, "contact.slip", meant=meant, typed=typed)
    canonical_contact(typed)
    raise Refusal(Kind.FORBIDDEN, "ticket.other_contact")


def _is_taken_with(published: Published, ticket: Ticket, typed: str) -> bool:
    try:
        return _name(published, ticket, canonical_contact(typed)) is not None
    except Refusal:
        return False


def name_in_ticket(published: Published, text: str, contact: Contact) -> str:
    """The name in line under which the contact took the ticket. Raises: Refusal `ticket.*`."""
    if len(contact.names_in_line) == 1:
        return contact.name_in_line
    return _name(published, published.read_ticket(text), contact) or contact.name_in_line


def _name(published: Published, ticket: Ticket, contact: Contact) -> str | None:
    return next((name for name in contact.names_in_line if published.id_of(name) == ticket.id), None)
