"""The door of an event: what every request to it needs, and the pages it answers with."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from litestar import Response
from litestar.datastructures import Cookie

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import DATABASE_IS_DOWN
from meterai.kit.http.status import http_status
from meterai.sales.events import Event
from meterai.waiting_room.rules.tickets import Ticket
from meterai.web.account.sign_in import code_page, told
from meterai.web.line.queues import ticket_cookie
from meterai.web.requests.desk import HTML, Desk, WebRequest
from meterai.web.requests.forms import Form

log = structlog.get_logger(__name__)

TICKET_S = 14 * 24 * 3600
CLAIM, CERTIFICATE, REMINDER = "masuk", "sertifikat", "kabari"
PURPOSES = (CLAIM, CERTIFICATE, REMINDER)
"""What somebody with a ticket may want of the site, as the last part of the address."""
_SHUT = {"queue.halted", "queue.out_of_stock", "queue.store_down", "queue.not_published"}
_RETRY_S = {"queue.out_of_stock": 60}
_DEFAULT_RETRY_S = 20
_BAD_TICKET = {
    "ticket.unreadable",
    "ticket.forged",
    "ticket.other_event",
    "ticket.backdated",
    "ticket.unlisted",
}
_GOOD_FOR_NOTHING = {"ticket.backdated", "ticket.unlisted"}
"""Said of the ticket that the browser keeps, for us and for the gate. That sees a good signature, and would
give it back to who takes a place again: the link there names it (`Queues.join_page`)."""
_TO_CONTACT = {
    "ticket.other_contact",
    "contact.unreadable",
    "code.too_many",
    "code.too_many_here",
    "code.behind",
}

type Answer = Response[bytes]
type Step = Callable[[Door], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Door:
    """One request of somebody with a ticket, and what they want."""

    request: WebRequest
    desk: Desk
    event: Event
    purpose: str

    @property
    def base(self) -> str:
        """Its address without the language."""
        return f"/{self.event.slug}/{self.purpose}"

    @property
    def action(self) -> str:
        """Its address in the visitor's language."""
        return self.desk.visit(self.request).link(self.base)


def door_of(request: WebRequest, desk: Desk, slug: str) -> Door:
    """The door to which a request came. Raises: Refusal NOT_FOUND `page.not_found`."""
    event = desk.doors.get(slug)
    if event is None:
        raise Refusal(Kind.NOT_FOUND, "page.not_found")
    return Door(request, desk, event, desk.visit(request).path.split("/")[2])


async def calmly(door: Door, step: Step) -> Answer:
    """What a step answers; with the store down, a page that says so and comes back by itself."""
    try:
        return await step(door)
    except DATABASE_IS_DOWN as error:
        log.warning("door_without_store", error=type(error).__name__)
        return refused(door, Refusal(Kind.UNAVAILABLE, "queue.store_down"))


def keep_ticket(door: Door, text: str) -> Cookie:
    """The ticket in this browser, as the gate keeps it."""
    return door.desk.cookie(ticket_cookie(door.event.slug), text, max_age=TICKET_S)


def _forget_ticket(door: Door) -> Cookie:
    return door.desk.cookie(ticket_cookie(door.event.slug), "", max_age=0)


def refused(
    door: Door, refusal: Refusal, *, text: str = "", typed: str = "", typed_ticket: str = ""
) -> Answer:
    """Where a refusal leads: to the wait page, to a page that knocks again, back to the form; and after the
    closing to the certificate. `typed`: the contact in the form that was refused, or `typed_ticket`."""
    desk, request = door.desk, door.request
    if refusal.code == "queue.not_called" and text:
        target = desk.queues.wait_page(door.event.slug, text, desk.visit(request).language)
        return Response(b"", status_code=303, headers={"Location": target}, media_type=HTML)
    if refusal.code == "queue.closed" and door.purpose == CLAIM:
        return desk.go(request, f"/{door.event.slug}/{CERTIFICATE}")
    if refusal.code == "queue.door_full":
        seconds = int(str(refusal.facts["retry_after_s"])) + secrets.randbelow(3)
        return _shut(door, refusal, seconds)
    if refusal.code in _SHUT:
        return _shut(door, refusal, _RETRY_S.get(refusal.code, _DEFAULT_RETRY_S))
    if refusal.code in _BAD_TICKET:
        if refusal.code in _GOOD_FOR_NOTHING:
            return ask(
                door, has_ticket=False, refusal=refusal, cookies=[_forget_ticket(door)], instead_of=text
            )
        return ask(door, has_ticket=False, refusal=refusal, typed=typed_ticket)
    if refusal.code in _TO_CONTACT:
        return ask(door, has_ticket=True, refusal=refusal, typed=typed)
    return _shut(door, refusal, 0)


def ask(
    door: Door,
    *,
    has_ticket: bool,
    has_pass: bool = False,
    typed: str = "",
    refusal: Refusal | None = None,
    cookies: Sequence[Cookie] = (),
    instead_of: str = "",
) -> Answer:
    """Asks for the ticket's contact, or for the ticket. `typed`: what stood there and was refused.
    `instead_of`: a ticket that is good for nothing."""
    language = door.desk.visit(door.request).language
    return door.desk.page(
        door.request,
        "claim.html",
        status=http_status(refusal),
        cookies=cookies,
        event=door.event,
        purpose=door.purpose,
        has_ticket=has_ticket,
        has_pass=has_pass,
        typed=typed,
        action=door.action,
        gate=door.desk.queues.join_page(door.event.slug, language, instead_of=instead_of),
        private=True,
        **told(refusal),
    )


def ask_which(door: Door, *, kept: tuple[str, Ticket], other: tuple[str, Ticket]) -> Answer:
    """Which of two tickets this browser is to keep; each with when it was taken."""
    (kept_text, earlier), (text, ticket) = kept, other
    return door.desk.page(
        door.request,
        "which_ticket.html",
        event=door.event,
        action=door.action,
        ticket=text,
        kept_since=datetime.fromtimestamp(earlier.joined_at, UTC),
        other_since=datetime.fromtimestamp(ticket.joined_at, UTC),
        kept_page=door.desk.queues.wait_page(
            door.event.slug, kept_text, door.desk.visit(door.request).language
        ),
        private=True,
    )


def ask_code(door: Door, refusal: Refusal | None = None, form: Form | None = None) -> Answer:
    """Asks for the code. `form`: the one that was refused."""
    return code_page(
        door.request,
        door.desk,
        action=f"{door.base}/kode",
        again=door.base,
        step=False,
        refusal=refusal,
        form=form,
    )


def _shut(door: Door, refusal: Refusal, retry_s: int) -> Answer:
    """Not now; the place is kept. Comes back by itself after `retry_s` seconds; 0: does not."""
    return door.desk.page(
        door.request,
        "door.html",
        status=http_status(refusal),
        headers={"Retry-After": str(retry_s)} if retry_s else None,
        event=door.event,
        code=refusal.code,
        facts_told=refusal.facts,
        retry_s=retry_s,
        action=door.action,
        gate=door.desk.queues.join_page(door.event.slug, door.desk.visit(door.request).language),
        private=True,
    )
