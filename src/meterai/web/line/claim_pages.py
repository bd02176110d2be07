"""What every request with a ticket needs, and the pages that answer it."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote

import structlog
from litestar import Response
from litestar.datastructures import Cookie

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import DATABASE_IS_DOWN
from meterai.kit.http.status import http_status
from meterai.sales.events import Event
from meterai.waiting_room.rules.tickets import Ticket, contact_cookie, ticket_cookie
from meterai.web.account.sign_in import code_page, told
from meterai.web.line.ticket_holder import contact_of_ticket, kept_ticket
from meterai.web.requests.forms import Form
from meterai.web.requests.request_context import HTML, RequestContext, WebRequest

log = structlog.get_logger(__name__)

TICKET_S = 14 * 24 * 3600
CLAIM, CERTIFICATE, REMINDER = "masuk", "sertifikat", "kabari"
PURPOSES = (CLAIM, CERTIFICATE, REMINDER)
"""What people with a ticket may want of the site: the last part of the address."""
_RETRIED = {"queue.halted", "queue.out_of_stock", "queue.store_down", "queue.not_published"}
_RETRY_S = {"queue.out_of_stock": 60}
_DEFAULT_RETRY_S = 20
_BAD_TICKET = {
    "ticket.unreadable",
    "ticket.forged",
    "ticket.other_event",
    "ticket.backdated",
    "ticket.unlisted",
}
_WORTHLESS = {"ticket.backdated", "ticket.unlisted"}
"""The ticket in the browser's cookie has a good signature and is still worth nothing.

The gate sees only the signature, and would give the ticket back to people who take a place again. So the link
to the gate names it (`Queues.join_page`).
"""
_TO_CONTACT = {
    "ticket.other_contact",
    "contact.unreadable",
    "contact.slip",
    "code.too_many",
    "code.foreign_spent",
    "code.behind",
}

type Answer = Response[bytes]
type Step = Callable[[TicketRequest], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class TicketRequest:
    """A request of somebody with a ticket, and what they want."""

    request: WebRequest
    context: RequestContext
    event: Event
    purpose: str

    @property
    def base(self) -> str:
        """The address without the language."""
        return f"/{self.event.slug}/{self.purpose}"

    @property
    def action(self) -> str:
        """The address in the visitor's language."""
        return self.context.visit(self.request).link(self.base)


def ticket_request_of(request: WebRequest, context: RequestContext, slug: str) -> TicketRequest:
    """Reads the event and the purpose of a request. Raises: Refusal NOT_FOUND `page.not_found`."""
    event = context.known_events.get(slug)
    if event is None:
        raise Refusal(Kind.NOT_FOUND, "page.not_found")
    return TicketRequest(request, context, event, context.visit(request).path.split("/")[2])


async def with_outage_page(ticket_request: TicketRequest, step: Step) -> Answer:
    """Answers with `step`. While the database is down, the answer is a page that says so and loads itself
    again.
    """
    try:
        return await step(ticket_request)
    except DATABASE_IS_DOWN as error:
        log.warning("door_without_store", error=type(error).__name__)
        return refused(ticket_request, Refusal(Kind.UNAVAILABLE, "queue.store_down"))


def keep_ticket(ticket_request: TicketRequest, text: str) -> Cookie:
    """Makes the cookie that keeps the ticket in this browser, as the gate makes it."""
    return ticket_request.context.cookie(ticket_cookie(ticket_request.event.slug), text, max_age=TICKET_S)


def _forget_ticket(ticket_request: TicketRequest) -> Cookie:
    return ticket_request.context.cookie(ticket_cookie(ticket_request.event.slug), "", max_age=0)


def refused(
    ticket_request: TicketRequest,
    refusal: Refusal,
    *,
    text: str = "",
    typed: str = "",
    typed_ticket: str = "",
    order: str | None = None,
) -> Answer:
    """Answers a refusal: the wait page, a page that tries again, the form, or after the closing the
    certificate.

    - `typed`, `typed_ticket`: the contact or the ticket in the form that was refused.
    - `order`: the number of their paid order, whose page stays open to them.
    """
    context, request = ticket_request.context, ticket_request.request
    if refusal.code == "queue.not_called" and text:
        target = context.queues.wait_page(ticket_request.event.slug, text, context.visit(request).language)
        return Response(b"", status_code=303, headers={"Location": target}, media_type=HTML)
    if refusal.code == "queue.closed" and ticket_request.purpose == CLAIM:
        return context.redirect(request, f"/{ticket_request.event.slug}/{CERTIFICATE}")
    if refusal.code == "queue.door_full":
        seconds = int(str(refusal.facts["retry_after_s"])) + secrets.randbelow(3)
        return _retry_page(ticket_request, refusal, seconds)
    if refusal.code in _RETRIED:
        seconds = _RETRY_S.get(refusal.code, _DEFAULT_RETRY_S)
        return _retry_page(ticket_request, refusal, seconds, order=order)
    if refusal.code in _BAD_TICKET:
        if refusal.code in _WORTHLESS:
            return ask_for_ticket(
                ticket_request,
                has_ticket=False,
                refusal=refusal,
                cookies=[_forget_ticket(ticket_request)],
                instead_of=text,
            )
        return ask_for_ticket(ticket_request, has_ticket=False, refusal=refusal, typed=typed_ticket)
    if refusal.code in _TO_CONTACT:
        return ask_for_ticket(ticket_request, has_ticket=True, refusal=refusal, typed=typed)
    return _retry_page(ticket_request, refusal, 0)


def ask_for_ticket(
    ticket_request: TicketRequest,
    *,
    has_ticket: bool,
    has_pass: bool = False,
    typed: str = "",
    refusal: Refusal | None = None,
    cookies: Sequence[Cookie] = (),
    instead_of: str = "",
) -> Answer:
    """Asks for the ticket, or for its contact. `typed`: the text that was refused.

    `instead_of`: a ticket that is worth nothing.
    """
    language = ticket_request.context.visit(ticket_request.request).language
    if has_ticket and not typed and refusal is None:
        typed = contact_typed_here(ticket_request)
    return ticket_request.context.page(
        ticket_request.request,
        "claim.html",
        status=http_status(refusal),
        cookies=cookies,
        event=ticket_request.event,
        purpose=ticket_request.purpose,
        has_ticket=has_ticket,
        has_pass=has_pass,
        typed=typed,
        is_known=bool(typed) and refusal is None,
        action=ticket_request.action,
        gate=ticket_request.context.queues.join_page(
            ticket_request.event.slug, language, instead_of=instead_of
        ),
        private=True,
        **told(refusal),
    )


def contact_typed_here(ticket_request: TicketRequest) -> str:
    """The contact of the kept ticket, if it was typed in this browser; else empty."""
    request, slug = ticket_request.request, ticket_request.event.slug
    typed = unquote(request.cookies.get(contact_cookie(slug), ""))
    with suppress(Refusal):
        published = ticket_request.context.queues.published(slug)
        ticket = published.read_ticket(kept_ticket(request, slug))
        return contact_of_ticket(published, ticket, typed).value
    return ""


def ask_which_ticket(
    ticket_request: TicketRequest, *, kept: tuple[str, Ticket], other: tuple[str, Ticket]
) -> Answer:
    """Asks which of two tickets this browser keeps, and shows when each was taken."""
    (kept_text, earlier), (text, ticket) = kept, other
    return ticket_request.context.page(
        ticket_request.request,
        "which_ticket.html",
        event=ticket_request.event,
        action=ticket_request.action,
        ticket=text,
        kept_since=datetime.fromtimestamp(earlier.joined_at, UTC),
        other_since=datetime.fromtimestamp(ticket.joined_at, UTC),
        kept_page=ticket_request.context.queues.wait_page(
            ticket_request.event.slug,
            kept_text,
            ticket_request.context.visit(ticket_request.request).language,
        ),
        private=True,
    )


def ask_code(
    ticket_request: TicketRequest, refusal: Refusal | None = None, form: Form | None = None
) -> Answer:
    """Asks for the code. `form`: the one that was refused."""
    return code_page(
        ticket_request.request,
        ticket_request.context,
        action=f"{ticket_request.base}/kode",
        again=ticket_request.base,
        step=False,
        refusal=refusal,
        form=form,
    )


def _retry_page(
    ticket_request: TicketRequest, refusal: Refusal, retry_s: int, *, order: str | None = None
) -> Answer:
    """Says that there is no entry now and the place is kept. The page loads itself after `retry_s`
    seconds; 0: never.
    """
    return ticket_request.context.page(
        ticket_request.request,
        "door.html",
        status=http_status(refusal),
        headers={"Retry-After": str(retry_s)} if retry_s else None,
        event=ticket_request.event,
        code=refusal.code,
        facts_told=refusal.facts,
        order=order,
        retry_s=retry_s,
        action=ticket_request.action,
        gate=ticket_request.context.queues.join_page(
            ticket_request.event.slug, ticket_request.context.visit(ticket_request.request).language
        ),
        private=True,
    )
