"""Reminders when the turn comes, for people with a ticket. A link in the message stops them."""

from __future__ import annotations

from litestar import Response, get, post

from meterai.customers.choices import NewsKind
from meterai.customers.use_cases.choose_news import turn_on
from meterai.kernel.refusals import Kind, Refusal
from meterai.waiting_room.queries import QueueSign, Reminder
from meterai.waiting_room.use_cases.remind import is_reminded, read_stop_token, set_reminder, stop_reminder
from meterai.web.line.claim_pages import (
    REMINDER,
    Answer,
    TicketRequest,
    ask_for_ticket,
    refused,
    ticket_request_of,
    with_outage_page,
)
from meterai.web.line.ticket_holder import TicketHolder, holder_of, kept_ticket
from meterai.web.requests.request_context import RequestContext, WebRequest


async def offer_reminder(ticket_request: TicketRequest) -> Response[bytes]:
    """Shows whether the holder of the ticket gets a reminder, and the button that changes it."""
    holder = await _holder(ticket_request)
    if not isinstance(holder, TicketHolder):
        return holder
    sign = await _sign(ticket_request)
    return _page(
        ticket_request,
        holder,
        is_set=await is_reminded(ticket_request.context.service.db, sign.number, holder.ticket.id),
    )


async def switch_on(ticket_request: TicketRequest, holder: TicketHolder) -> None:
    """Sets the reminder of a holder whose contact is proven; does nothing for others.

    Raises: Refusal NOT_FOUND `queue.unknown`.
    """
    context, contact = ticket_request.context, holder.contact
    if contact is None:
        return
    one = Reminder(
        id=holder.ticket.id,
        window=holder.ticket.window,
        contact_kind=contact.kind,
        contact_value=contact.value,
        language=context.visit(ticket_request.request).language,
        ticket=holder.text,
    )
    service = context.service
    await set_reminder(service.db, (await _sign(ticket_request)).number, holder.ticket, one)
    await turn_on(service.db, contact, NewsKind.REMINDER, now=service.clock())


@post(f"/{{slug:str}}/{REMINDER}/pasang", status_code=303)
async def ask_reminder(request: WebRequest, context: RequestContext, slug: str) -> Response[bytes]:
    """Sets the reminder of the holder of the ticket."""

    async def set_it(ticket_request: TicketRequest) -> Response[bytes]:
        await context.form(request)
        holder = await _holder(ticket_request)
        if not isinstance(holder, TicketHolder):
            return holder
        await switch_on(ticket_request, holder)
        return context.redirect(request, ticket_request.base)

    return await with_outage_page(ticket_request_of(request, context, slug), set_it)


@post(f"/{{slug:str}}/{REMINDER}/henti", status_code=303)
async def stop_mine(request: WebRequest, context: RequestContext, slug: str) -> Response[bytes]:
    """Stops the reminder of the holder of the ticket."""

    async def stop(ticket_request: TicketRequest) -> Response[bytes]:
        await context.form(request)
        holder = await _holder(ticket_request)
        if not isinstance(holder, TicketHolder):
            return holder
        await stop_reminder(context.service.db, (await _sign(ticket_request)).number, holder.ticket.id)
        return context.redirect(request, ticket_request.base)

    return await with_outage_page(ticket_request_of(request, context, slug), stop)


@get(f"/{{slug:str}}/{REMINDER}/henti/{{token:str}}")
async def show_stop(request: WebRequest, context: RequestContext, slug: str, token: str) -> Response[bytes]:
    """Shows the page of the link in a message. It changes nothing: mail programs open links, too."""
    ticket_request = ticket_request_of(request, context, slug)
    _id(ticket_request, token)
    return _stop_page(ticket_request, is_stopped=False)


@post(f"/{{slug:str}}/{REMINDER}/henti/{{token:str}}", status_code=200)
async def stop_by_link(
    request: WebRequest, context: RequestContext, slug: str, token: str
) -> Response[bytes]:
    """Stops the messages as RFC 8058 asks for: one press, no sign-in. The link is the proof."""

    async def stop(ticket_request: TicketRequest) -> Response[bytes]:
        await stop_reminder(
            context.service.db, (await _sign(ticket_request)).number, _id(ticket_request, token)
        )
        return _stop_page(ticket_request, is_stopped=True)

    return await with_outage_page(ticket_request_of(request, context, slug), stop)


async def _holder(ticket_request: TicketRequest) -> TicketHolder | Answer:
    """The holder of the kept ticket with a proven contact, or the page that asks for what is missing."""
    text = kept_ticket(ticket_request.request, ticket_request.event.slug)
    if not text:
        return ask_for_ticket(ticket_request, has_ticket=False)
    try:
        published = ticket_request.context.queues.published(ticket_request.event.slug)
        holder = await holder_of(ticket_request.request, ticket_request.context, published, text)
    except Refusal as refusal:
        return refused(ticket_request, refusal)
    return holder if holder.contact is not None else ask_for_ticket(ticket_request, has_ticket=True)


async def _sign(ticket_request: TicketRequest) -> QueueSign:
    sign = await ticket_request.context.queues.sign_of(ticket_request.event.slug)
    if sign is None:
        raise Refusal(Kind.NOT_FOUND, "queue.unknown")
    return sign


def _id(ticket_request: TicketRequest, token: str) -> bytes:
    id = read_stop_token(ticket_request.context.service.secret, ticket_request.event.slug, token)
    if id is None:
        raise Refusal(Kind.NOT_FOUND, "page.not_found")
    return id


def _page(ticket_request: TicketRequest, holder: TicketHolder, *, is_set: bool) -> Response[bytes]:
    assert holder.contact is not None
    language = ticket_request.context.visit(ticket_request.request).language
    return ticket_request.context.page(
        ticket_request.request,
        "reminder.html",
        event=ticket_request.event,
        contact=holder.contact.masked,
        is_set=is_set,
        action=ticket_request.action,
        wait_page=ticket_request.context.queues.wait_page(ticket_request.event.slug, holder.text, language),
        private=True,
    )


def _stop_page(ticket_request: TicketRequest, *, is_stopped: bool) -> Response[bytes]:
    return ticket_request.context.page(
        ticket_request.request,
        "reminder_stop.html",
        event=ticket_request.event,
        is_stopped=is_stopped,
        private=True,
    )


ROUTES = [ask_reminder, stop_mine, show_stop, stop_by_link]
