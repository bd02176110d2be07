"""From a called ticket to a pass, and on to the purchase.

People prove the contact of their ticket in the same way for a certificate or a reminder.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Final

from litestar import Response, get, post
from litestar.datastructures import Cookie

from meterai.customers.codes import Asker
from meterai.customers.contacts import Contact
from meterai.kernel.refusals import Refusal
from meterai.kit.database import DATABASE_IS_DOWN
from meterai.waiting_room.queries import Pass
from meterai.waiting_room.rules.tickets import Ticket, entered_cookie, text_in
from meterai.waiting_room.use_cases.claim_pass import claim_pass, look_at_call
from meterai.web.account.sign_in import awaits_old_code, check_code, send_code, session_cookies
from meterai.web.line.certificate_routes import show_certificate
from meterai.web.line.claim_pages import (
    CERTIFICATE,
    CLAIM,
    PURPOSES,
    REMINDER,
    TICKET_S,
    Step,
    TicketRequest,
    ask_code,
    ask_for_ticket,
    ask_which_ticket,
    keep_ticket,
    refused,
    ticket_request_of,
    with_outage_page,
)
from meterai.web.line.event_entry import order_if_kept
from meterai.web.line.queues import PASS_S, HeldPass, pass_cookie, seal_pass
from meterai.web.line.reminder_routes import offer_reminder, switch_on
from meterai.web.line.ticket_holder import (
    contact_of_ticket,
    holder_of,
    holder_with,
    kept_ticket,
    name_in_ticket,
)
from meterai.web.orders.access import kept_orders, order_of_token
from meterai.web.requests.form_origin import is_ticket_form_of_ours
from meterai.web.requests.forms import read_form
from meterai.web.requests.request_context import RequestContext, WebRequest, note_next_page

_IN_FLIGHT = ("paid",)


@get([f"/{{slug:str}}/{purpose}" for purpose in PURPOSES])
async def show_purpose(request: WebRequest, context: RequestContext, slug: str) -> Response[bytes]:
    """Gives the holder of a ticket what they want, once the contact is proven; else says what is missing.

    A claim changes something although this is a GET: the page for a full admission tries again by loading
    itself. A second claim gives the same pass.
    """
    ticket_request = ticket_request_of(request, context, slug)
    return await with_outage_page(ticket_request, _STEPS[ticket_request.purpose])


@post([f"/{{slug:str}}/{purpose}" for purpose in PURPOSES], status_code=303)
async def take_ticket(request: WebRequest, context: RequestContext, slug: str) -> Response[bytes]:
    """Takes a ticket from the wait page's button, or a pasted one. It proves itself, so the form needs no
    proof.

    A form of another origin may come without our cookies, so we can't see which ticket is kept. The answer
    leads to the ticket's link, to which the browser sends them. Our own gate is excepted.
    """
    ticket_request = ticket_request_of(request, context, slug)
    form = await read_form(request.headers.get("content-type", ""), request.stream())
    try:
        text, _ = _read(ticket_request, form.text("tiket"))
    except Refusal as refusal:
        return refused(ticket_request, refusal, typed_ticket=form.text("tiket"))
    if not is_ticket_form_of_ours(request, gate=context.queues.gate_origin, tls=context.tls):
        return context.redirect(request, f"{ticket_request.base}/t/{text}")
    note_next_page(request, form)
    if ticket_request.purpose == REMINDER:  # the press on the wait page is the wish
        with contextlib.suppress(Refusal, *DATABASE_IS_DOWN):
            published = context.queues.published(slug)
            await switch_on(ticket_request, await holder_of(request, context, published, text))
    return _with_ticket(ticket_request, text)


@get([f"/{{slug:str}}/{purpose}/t/{{text:str}}" for purpose in PURPOSES])
async def come_by_link(request: WebRequest, context: RequestContext, slug: str, text: str) -> Response[bytes]:
    """Takes a ticket from a link. It becomes a cookie and leaves the address at once.

    Anybody may have made the link. When the browser keeps another ticket, its holder chooses.
    """
    ticket_request = ticket_request_of(request, context, slug)
    try:
        text, ticket = _read(ticket_request, text)
    except Refusal as refusal:
        return refused(ticket_request, refusal)
    with contextlib.suppress(Refusal):
        kept, earlier = _read(ticket_request, kept_ticket(request, slug))
        if earlier != ticket:
            return ask_which_ticket(ticket_request, kept=(kept, earlier), other=(text, ticket))
    return _with_ticket(ticket_request, text)


@post([f"/{{slug:str}}/{purpose}/ganti" for purpose in PURPOSES], status_code=303)
async def replace_ticket(request: WebRequest, context: RequestContext, slug: str) -> Response[bytes]:
    """Takes the ticket that its holder chose."""
    ticket_request = ticket_request_of(request, context, slug)
    form = await context.form(request)
    try:
        text, _ = _read(ticket_request, form.text("tiket"))
    except Refusal as refusal:
        return refused(ticket_request, refusal)
    return _with_ticket(ticket_request, text)


@post([f"/{{slug:str}}/{purpose}/kontak" for purpose in PURPOSES], status_code=303)
async def take_contact(request: WebRequest, context: RequestContext, slug: str) -> Response[bytes]:
    """Sends a code to the contact of the ticket and to no other. For a claim the ticket must be called."""

    async def send(ticket_request: TicketRequest) -> Response[bytes]:
        form = await context.form(request)
        typed, text = form.text("kontak"), kept_ticket(request, slug)
        try:
            published = context.queues.published(slug)
            ticket = published.read_ticket(text)
            contact_of_ticket(published, ticket, typed)
            asker = Asker.STRANGER
            if ticket_request.purpose == CLAIM:
                await look_at_call(context.service.db, published, text, now=context.service.clock())
                asker = Asker.CALLED
            cookie = await send_code(request, context, typed, asker=asker)
        except Refusal as refusal:
            if awaits_old_code(request, context, typed, refusal):
                return ask_code(ticket_request, refusal)
            return refused(ticket_request, refusal, text=text, typed=typed)
        return context.redirect(request, f"{ticket_request.base}/kode", cookies=[cookie])

    return await with_outage_page(ticket_request_of(request, context, slug), send)


@get([f"/{{slug:str}}/{purpose}/kode" for purpose in PURPOSES])
async def show_code(request: WebRequest, context: RequestContext, slug: str) -> Response[bytes]:
    """Asks for the code."""
    return ask_code(ticket_request_of(request, context, slug))


@post([f"/{{slug:str}}/{purpose}/kode" for purpose in PURPOSES], status_code=303)
async def take_code(request: WebRequest, context: RequestContext, slug: str) -> Response[bytes]:
    """Checks the code. The holder is signed in and goes on; a claim gets its pass in the same answer."""

    async def check(ticket_request: TicketRequest) -> Response[bytes]:
        form = await context.form(request)
        try:
            session = await check_code(request, context, form)
        except Refusal as refusal:
            return ask_code(ticket_request, refusal, form)
        signed_in = session_cookies(context, session)
        if ticket_request.purpose == CLAIM and (text := kept_ticket(request, slug)):
            with contextlib.suppress(Refusal, *DATABASE_IS_DOWN):  # the door itself says why
                return await _let_in(
                    ticket_request, text, session.contact, is_in_flight=False, cookies=signed_in
                )
        if ticket_request.purpose == REMINDER and (text := kept_ticket(request, slug)):
            with contextlib.suppress(Refusal, *DATABASE_IS_DOWN):  # the page then offers it once more
                published = context.queues.published(slug)
                await switch_on(ticket_request, holder_with(published, text, session.contact))
        return context.redirect(request, ticket_request.base, cookies=signed_in)

    return await with_outage_page(ticket_request_of(request, context, slug), check)


async def _claim(ticket_request: TicketRequest) -> Response[bytes]:
    context, slug = ticket_request.context, ticket_request.event.slug
    sign = await context.queues.sign_of(slug)
    if sign is None or sign.is_free:
        return _go_to_purchase(ticket_request)
    if (number := await _order_in_flight(ticket_request)) is not None and not kept_ticket(
        ticket_request.request, slug
    ):
        return context.redirect(ticket_request.request, f"/pesanan/{number}")
    text = kept_ticket(ticket_request.request, slug)
    if not text:
        return ask_for_ticket(ticket_request, has_ticket=False)
    published = context.queues.published(slug)
    try:
        holder = await holder_of(ticket_request.request, context, published, text)
        if holder.contact is None:
            called = await look_at_call(context.service.db, published, text, now=context.service.clock())
            return ask_for_ticket(ticket_request, has_ticket=True, has_pass=isinstance(called, Pass))
        return await _let_in(ticket_request, text, holder.contact, is_in_flight=number is not None)
    except Refusal as refusal:
        return refused(ticket_request, refusal, text=text, order=number)


async def _let_in(
    ticket_request: TicketRequest,
    text: str,
    contact: Contact,
    *,
    is_in_flight: bool,
    cookies: Sequence[Cookie] = (),
) -> Response[bytes]:
    """Gives a ticket whose contact is proven its pass, and leads to the purchase. Raises: as `claim_pass`."""
    context, slug = ticket_request.context, ticket_request.event.slug
    published = context.queues.published(slug)
    given = await claim_pass(
        context.service.db,
        published,
        text,
        contact=name_in_ticket(published, text, contact),
        is_in_flight=is_in_flight,
        now=context.service.clock(),
    )
    context.visit(ticket_request.request).at_hand[given.pass_id] = given
    until = int(context.service.clock().timestamp()) + PASS_S
    value = seal_pass(context.service.secret, slug, HeldPass(given.id, given.pass_id, until))
    entered = context.cookie(entered_cookie(slug), given.id.hex(), max_age=TICKET_S)
    return _go_to_purchase(
        ticket_request, [*cookies, context.cookie(pass_cookie(slug), value, max_age=PASS_S), entered]
    )


async def _order_in_flight(ticket_request: TicketRequest) -> str | None:
    """The number of a paid, unfinished order for this event whose link this browser holds."""
    for token in kept_orders(ticket_request.request).values():
        order_id = await order_of_token(ticket_request.context, token)
        if order_id is not None:
            order = await order_if_kept(ticket_request.context, order_id)
            if (
                order is not None
                and order.event_slug == ticket_request.event.slug
                and order.state in _IN_FLIGHT
            ):
                return order.number
    return None


def _read(ticket_request: TicketRequest, typed: str) -> tuple[str, Ticket]:
    """Reads the ticket in a text. Raises: Refusal `ticket.*`, `queue.not_published`."""
    text = text_in(typed)
    return text, ticket_request.context.queues.published(ticket_request.event.slug).read_ticket(text)


def _with_ticket(ticket_request: TicketRequest, text: str) -> Response[bytes]:
    return ticket_request.context.redirect(
        ticket_request.request, ticket_request.base, cookies=[keep_ticket(ticket_request, text)]
    )


def _go_to_purchase(ticket_request: TicketRequest, cookies: Sequence[Cookie] = ()) -> Response[bytes]:
    return ticket_request.context.redirect(
        ticket_request.request, f"/beli?acara={ticket_request.event.slug}", cookies=cookies
    )


_STEPS: Final[Mapping[str, Step]] = {
    CLAIM: _claim,
    CERTIFICATE: show_certificate,
    REMINDER: offer_reminder,
}

ROUTES = [show_purpose, take_ticket, come_by_link, replace_ticket, take_contact, show_code, take_code]
