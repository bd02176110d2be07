"""Joins: the checks before a ticket is issued."""

from __future__ import annotations

from contextlib import suppress

import structlog

from meterai.customers.contacts import Contact, canonical_contact
from meterai.customers.slips import likely_meant
from meterai.gate.http.server import Request
from meterai.gate.joining.form_fields import Form, cookie_ticket, read_form
from meterai.gate.joining.join_load import JoinLoad
from meterai.gate.joining.join_work import JoinWork
from meterai.gate.joining.known_tickets import KnownTickets
from meterai.gate.joining.ticket_issuer import IssuedTicket, NoTicket, TicketIssuer
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.client_network import network_of
from meterai.kit.http.network_limits import Answer, NetworkLimits
from meterai.kit.http.proof_of_work import Challenge
from meterai.waiting_room.files.join_notes import JoinNote, keep_note
from meterai.waiting_room.rules.tickets import Ticket, decode_ticket, read_ticket

log = structlog.get_logger(__name__)


class Joining:
    """The joins of one event at this gate."""

    def __init__(self, issuer: TicketIssuer, work: JoinWork, limits: NetworkLimits, load: JoinLoad) -> None:
        self.issuer = issuer
        self.work = work
        self.load = load
        self._limits = limits
        self._known = KnownTickets()

    def join(self, request: Request, address: str, *, monotonic: float) -> IssuedTicket | NoTicket:
        """Issues a ticket for the contact in the form. A browser that has this contact's ticket keeps it.

        The ticket counts when the issuer says that it is durable.

        Raises: Refusal `form.foreign`, `contact.unreadable`, `contact.slip` (`meant`), `network.later`,
        `disk.failed`; WorkNeeded.
        """
        form = read_form(request)
        contact = _contact_of(form)
        window = self.issuer.window()
        if window is None:
            return NoTicket.SHUT
        id = self.issuer.id_of(contact.name_in_line)
        if (kept := self.kept_ticket(request, id)) is not None:
            return kept
        if self.issuer.enters_directly():
            return NoTicket.DIRECT
        if (slip := _likely_slip(form)) is not None:
            raise slip
        self.load.count_try(monotonic)
        network = self._limits.look(address, monotonic)
        if network is Answer.LATER:
            raise Refusal(Kind.BUSY, "network.later")
        now = self.issuer.now()
        has_waited = self.work.require(form, contact, address, now=now, monotonic=monotonic)
        try:
            issued = self.issuer.issue(id, window.number)
        except OSError as error:
            log.error("no_ticket_could_be_made", reason=str(error))
            raise Refusal(Kind.UNAVAILABLE, "disk.failed") from None
        self._count(contact, address, monotonic, has_waited=has_waited)
        self._known.keep(issued.text, issued.ticket, self.issuer.published.ticket_keys)
        with suppress(OSError):  # the place does not depend on it
            note = JoinNote(contact.masked, form.name)
            keep_note(self.issuer.published.folder, issued.text, issued.ticket, note)
        return issued

    def challenge(self, address: str, monotonic: float) -> Challenge:
        """A challenge for a join from this address, as difficult as is known without the contact."""
        difficulty = self.work.difficulty(None, address, monotonic)
        proof, now = self.work.demand.proof, self.issuer.now()
        return proof.challenge(now, difficulty=difficulty, bound_to=network_of(address))

    def kept_ticket(self, request: Request, id: bytes) -> IssuedTicket | None:
        """The ticket in the browser's cookie, when it is this contact's: the earlier place is better."""
        text = cookie_ticket(request, self.issuer.published.slug)
        if not text:
            return None
        try:
            if decode_ticket(text).id != id:
                return None
            return IssuedTicket(text, self.check(text), is_durable=True)
        except Refusal:
            return None

    def check(self, text: str) -> Ticket:
        """Reads a ticket of this event and checks its signature. Raises: Refusal `ticket.*`."""
        keys = self.issuer.published.ticket_keys
        ticket = self._known.find(text, keys)
        if ticket is None:
            ticket = read_ticket(text, keys, self.issuer.published.event)
            self._known.keep(text, ticket, keys)
        return ticket

    def _count(self, contact: Contact, address: str, monotonic: float, *, has_waited: bool) -> None:
        """Counts a place that was given. Only these use up what a network has, so a phone that fails shuts
        nobody out who shares its address. A network above its usual share makes the gate no busier."""
        if self._limits.take(address, monotonic) is Answer.WELCOME:
            self.load.count_join(monotonic)
        self.work.count(contact, address, monotonic, has_waited=has_waited)


def _contact_of(form: Form) -> Contact:
    """Reads the contact. Raises: Refusal `contact.unreadable`, `contact.slip`."""
    try:
        return canonical_contact(form.contact)
    except Refusal as refusal:
        raise _likely_slip(form) or refusal from None


def _likely_slip(form: Form) -> Refusal | None:
    """The question to ask about a likely slip, unless the person has kept what they typed."""
    meant = "" if form.asked == form.contact else likely_meant(form.contact)
    return Refusal(Kind.INVALID, "contact.slip", meant=meant) if meant else None
