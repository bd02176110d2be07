"""Taking a place: who may have a ticket now, and what is asked of them before."""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from typing import Literal
from urllib.parse import unquote_plus

import msgspec
import structlog

from meterai.customers.contacts import Contact, canonical_contact
from meterai.gate.contact_codes import Codes
from meterai.gate.http_server import Request
from meterai.gate.proof_of_work import ProofOfWork
from meterai.gate.ticket_issuer import Issued, NoTicket, Room
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.network_limits import Answer, NetworkLimits
from meterai.waiting_room.rules.tickets import TEXT_LENGTH, Ticket, decode_ticket, read_ticket, text_in

log = structlog.get_logger(__name__)

WorkMode = Literal["auto", "on", "off"]
_TICKET = re.compile(rf"[A-Za-z0-9_-]{{{TEXT_LENGTH}}}")
_BUSY_PERIOD_S = 10.0
CODES_AT_ONCE, CODES_PER_S = 600, 1.0
"""Codes to contacts that one network may have sent: each costs a message."""
KNOWN_TICKETS_MAX = 10_000
"""About 600 bytes each."""


class Form(msgspec.Struct, frozen=True):
    """What was sent."""

    contact: str
    solution: str
    code: str
    ticket: str


class _Rate:
    """Events a second, over the last ten seconds or so. `now`: monotonic time."""

    def __init__(self) -> None:
        self._seconds: deque[list[float]] = deque()

    def count(self, now: float) -> None:
        second = float(int(now))
        while self._seconds and self._seconds[0][0] < now - _BUSY_PERIOD_S:
            self._seconds.popleft()
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append([second, 0.0])
        self._seconds[-1][1] += 1

    def per_second(self, now: float) -> float:
        while self._seconds and self._seconds[0][0] < now - _BUSY_PERIOD_S:
            self._seconds.popleft()
        return sum(count for _, count in self._seconds) / _BUSY_PERIOD_S


class Load:
    """How many join, to know when to ask for work, and for how much. `busy_per_second`: from which rate on.

    Whether work is asked for follows the joins that are tried, so that a flood meets it. The difficulty
    follows the joins that succeed, each network up to its usual share. So failed tries make it harder for
    nobody.
    """

    def __init__(self, mode: WorkMode, busy_per_second: float) -> None:
        self._mode = mode
        self._busy = busy_per_second
        self._tried = _Rate()
        self._let_in = _Rate()

    def count_try(self, now: float) -> None:
        """One more join is tried, at monotonic time `now`."""
        self._tried.count(now)

    def count_join(self, now: float) -> None:
        """It got a ticket, from a network of which no more come than usual."""
        self._let_in.count(now)

    def asks_for_work(self, now: float) -> bool:
        """Whether joins need work now."""
        if self._mode != "auto":
            return self._mode == "on"
        return self._tried.per_second(now) > self._busy

    def difficulty(self, now: float) -> int:
        """How much work a join takes: twice as much each time twice as many are let in."""
        times_busy = self._let_in.per_second(now) / max(self._busy, 1)
        return 1 << max(0, int(times_busy).bit_length() - 1)


class KnownTickets:
    """Tickets whose signature is known to be good, the latest ones: a check costs 110 us, a look here 1 us.

    `keys`: under which they are; with others nothing is known.
    """

    def __init__(self) -> None:
        self._keys: object = None
        self._tickets: OrderedDict[str, Ticket] = OrderedDict()

    def find(self, text: str, keys: object) -> Ticket | None:
        """The ticket, if it is known."""
        found = self._tickets.get(text) if keys is self._keys else None
        if found is not None:
            self._tickets.move_to_end(text)
        return found

    def keep(self, text: str, ticket: Ticket, keys: object) -> None:
        """Notes a good one. The one not asked for the longest is forgotten."""
        if keys is not self._keys:
            self._keys = keys
            self._tickets.clear()
        self._tickets[text] = ticket
        if len(self._tickets) > KNOWN_TICKETS_MAX:
            self._tickets.popitem(last=False)


class Joining:
    """The joins of one event at this gate."""

    def __init__(
        self, room: Room, work: ProofOfWork, codes: Codes, limits: NetworkLimits, load: Load
    ) -> None:
        self.room = room
        self.work = work
        self.codes = codes
        self.load = load
        self._limits = limits
        self._code_limits = NetworkLimits(burst=CODES_AT_ONCE, per_second=CODES_PER_S, hard_factor=1)
        self._known = KnownTickets()

    def join(self, request: Request, address: str, *, monotonic: float) -> Issued | NoTicket:
        """A ticket for the contact in the form; durable once the room says so. Who has one keeps it.

        Raises: Refusal `form.foreign`, `contact.unreadable`, `work.missing`, `code.wrong`, `network.later`,
        `disk.failed`.
        """
        form = read_form(request)
        contact = canonical_contact(form.contact)
        window = self.room.window()
        if window is None:
            return NoTicket.SHUT
        id = self.room.id_of(contact.name_in_line)
        if (kept := self.kept_ticket(request, id)) is not None:
            return kept
        if self.room.enters_directly():
            return NoTicket.DIRECT
        self.load.count_try(monotonic)
        is_usual = self._admit(form, contact, address, monotonic)
        try:
            issued = self.room.issue(id, window.number)
        except OSError as error:
            log.error("no_ticket_could_be_made", reason=str(error))
            raise Refusal(Kind.UNAVAILABLE, "disk.failed") from None
        if is_usual:
            self.load.count_join(monotonic)
        self._known.keep(issued.text, issued.ticket, self.room.shelf.ticket_keys)
        return issued

    def contact_for_code(self, form: Form, address: str, *, monotonic: float) -> Contact:
        """The contact to which a code may be sent. Raises: Refusal `contact.unreadable`, `network.later`."""
        contact = canonical_contact(form.contact)
        if self._code_limits.take(address, monotonic) is Answer.LATER:
            raise Refusal(Kind.BUSY, "network.later")
        return contact

    def kept_ticket(self, request: Request, id: bytes) -> Issued | None:
        """The ticket in the visitor's cookie, when it is this contact's: the earlier place is the better."""
        text = cookie_ticket(request, self.room.shelf.slug)
        if not text:
            return None
        try:
            if decode_ticket(text).id != id:
                return None
            return Issued(text, self.check(text), is_durable=True)
        except Refusal:
            return None

    def check(self, text: str) -> Ticket:
        """A ticket of this event, its signature checked. Raises: Refusal `ticket.*`."""
        keys = self.room.shelf.ticket_keys
        ticket = self._known.find(text, keys)
        if ticket is None:
            ticket = read_ticket(text, keys, self.room.shelf.event)
            self._known.keep(text, ticket, keys)
        return ticket

    def _admit(self, form: Form, contact: Contact, address: str, monotonic: float) -> bool:
        """Asks for work, or a code, when the gate or the network is busy. False: more come from its network
        than usual.

        Of its network's share only who is let in takes something: a phone that knocks without having worked
        shuts nobody out who shares its address.
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
        now = self.room.now()
        if form.code:
            if not self.codes.is_right(contact, form.code, now):
                raise Refusal(Kind.INVALID, "code.wrong")
        elif not self.work.is_solved(form.solution, now):
            raise Refusal(Kind.INVALID, "work.missing")


def read_form(request: Request) -> Form:
    """The fields of a form that came from our own page.

    Raises: Refusal FORBIDDEN `form.foreign`.
    """
    refuse_foreign(request)
    fields = _fields(request.body)
    return Form(
        fields.get("kontak", ""), fields.get("altcha", ""), fields.get("kode", ""), fields.get("tiket", "")
    )


def is_straight(request: Request) -> bool:
    """Whether a form came from a page whose script can show the page that follows as its answer."""
    return b"langsung=1" in request.body


def _fields(body: bytes) -> dict[str, str]:
    """Of application/x-www-form-urlencoded: at most twenty, the first of each name counts."""
    fields: dict[str, str] = {}
    for pair in body.decode("utf-8", "replace").split("&", 20)[:20]:
        name, _, value = pair.partition("=")
        fields.setdefault(name, unquote_plus(value) if "%" in value or "+" in value else value)
    return fields


def refuse_foreign(request: Request) -> None:
    """Another site's page must not take places for its visitors: Fetch Metadata, and Origin (RFC 6454).

    Raises: Refusal FORBIDDEN `form.foreign`.
    """
    site = request.header(b"sec-fetch-site")
    origin = request.header(b"origin")
    foreign = site not in (b"", b"same-origin", b"none")
    if not site and origin and origin != b"null":
        foreign = origin.partition(b"://")[2] != request.header(b"host")
    if foreign:
        raise Refusal(Kind.FORBIDDEN, "form.foreign")


def typed_ticket(request: Request) -> str:
    """The ticket in what somebody typed or pasted.

    Raises: Refusal `form.foreign`; INVALID `ticket.unreadable`.
    """
    refuse_foreign(request)
    return text_in(_fields(request.body).get("tiket", ""))


def cookie_ticket(request: Request, slug: str) -> str:
    """The ticket that the visitor's browser keeps, if it looks like one."""
    wanted = f"antre_{slug}="
    for part in request.header(b"cookie").decode("latin-1").split(";"):
        name_value = part.strip()
        if name_value.startswith(wanted) and _TICKET.fullmatch(name_value[len(wanted) :]):
            return name_value[len(wanted) :]
    return ""
