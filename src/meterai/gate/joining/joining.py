"""Joins: the checks before a ticket is issued."""

from __future__ import annotations

import structlog

from meterai.customers.contacts import Contact, canonical_contact
from meterai.gate.http.server import Request
from meterai.gate.joining.contact_codes import ContactCodes
from meterai.gate.joining.form_fields import Form, cookie_ticket, read_form
from meterai.gate.joining.join_load import JoinLoad
from meterai.gate.joining.known_tickets import KnownTickets
from meterai.gate.joining.proof_of_work import ProofOfWork
from meterai.gate.joining.ticket_issuer import IssuedTicket, NoTicket, TicketIssuer
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.network_limits import Answer, NetworkLimits
from meterai.waiting_room.rules.tickets import Ticket, decode_ticket, read_ticket

log = structlog.get_logger(__name__)

CODES_AT_ONCE, CODES_PER_S = 600, 1.0
"""Codes to contacts that one network may ask for: each costs a message."""


class Joining:
    """The joins of one event at this gate."""

    def __init__(
        self,
        issuer: TicketIssuer,
        work: ProofOfWork,
        codes: ContactCodes,
        limits: NetworkLimits,
        load: JoinLoad,
    ) -> None:
        self.issuer = issuer
        self.work = work
        self.codes = codes
        self.load = load
        self._limits = limits
        self._code_limits = NetworkLimits(burst=CODES_AT_ONCE, per_second=CODES_PER_S, hard_factor=1)
        self._known = KnownTickets()

    def join(self, request: Request, address: str, *, monotonic: float) -> IssuedTicket | NoTicket:
        """Issues a ticket for the contact in the form. A browser that has this contact's ticket keeps it.

        The ticket counts when the issuer says that it is durable.

        Raises: Refusal `form.foreign`, `contact.unreadable`, `work.missing`, `code.wrong`, `network.later`,
        `disk.failed`.
        """
        form = read_form(request)
        contact = canonical_contact(form.contact)
        window = self.issuer.window()
        if window is None:
            return NoTicket.SHUT
        id = self.issuer.id_of(contact.name_in_line)
        if (kept := self.kept_ticket(request, id)) is not None:
            return kept
        if self.issuer.enters_directly():
            return NoTicket.DIRECT
        self.load.count_try(monotonic)
        is_usual = self._admit(form, contact, address, monotonic)
        try:
            issued = self.issuer.issue(id, window.number)
        except OSError as error:
            log.error("no_ticket_could_be_made", reason=str(error))
            raise Refusal(Kind.UNAVAILABLE, "disk.failed") from None
        if is_usual:
            self.load.count_join(monotonic)
        self._known.keep(issued.text, issued.ticket, self.issuer.published.ticket_keys)
        return issued

    def contact_for_code(self, form: Form, address: str, *, monotonic: float) -> Contact:
        """The contact that gets a code. Raises: Refusal `contact.unreadable`, `network.later`."""
        contact = canonical_contact(form.contact)
        if self._code_limits.take(address, monotonic) is Answer.LATER:
            raise Refusal(Kind.BUSY, "network.later")
        return contact

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

    def _admit(self, form: Form, contact: Contact, address: str, monotonic: float) -> bool:
        """Demands work, or a code, when the gate or the network is busy.

        False: the network is above its usual share. Only joins that succeed use up a network's share, so a
        phone that fails shuts nobody out who shares its address.
        """
        network = self._limits.look(address, monotonic)
        if network is Answer.LATER:
            raise Refusal(Kind.BUSY, "network.later")
        if self._asks(network, monotonic):
            self._demand_work(form, contact)
        self._limits.take(address, monotonic)
        return network is Answer.WELCOME

    def needs_work(self, address: str, monotonic: float) -> bool:
        """Whether a join from this address needs work, or a code, now."""
        return self._asks(self._limits.look(address, monotonic), monotonic)

    def _asks(self, network: Answer, monotonic: float) -> bool:
        return network is not Answer.WELCOME or self.load.asks_for_work(monotonic)

    def _demand_work(self, form: Form, contact: Contact) -> None:
        now = self.issuer.now()
        if form.code:
            if not self.codes.is_right(contact, form.code, now):
                raise Refusal(Kind.INVALID, "code.wrong")
        elif not self.work.is_solved(form.solution, now):
            raise Refusal(Kind.INVALID, "work.missing")
