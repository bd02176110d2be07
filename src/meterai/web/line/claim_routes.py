"""The door: from a ticket that is called to a pass, and on to the purchase. The way to prove the contact of a
ticket is the same for whatever else its holder wants."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Final

from litestar import Response, get, post
from litestar.datastructures import Cookie

from meterai.customers.codes import PER_ADDRESS_OF_CALLED_MAX, Asker
from meterai.customers.contacts import Contact
from meterai.kernel.refusals import Refusal
from meterai.kit.database import DATABASE_IS_DOWN
from meterai.waiting_room.queries import Pass
from meterai.waiting_room.rules.tickets import Ticket, text_in
from meterai.waiting_room.use_cases.claim_pass import claim_pass, look_at_call
from meterai.web.account.sign_in import check_code, send_code, session_cookies
from meterai.web.line.certificate_routes import show_certificate
from meterai.web.line.claim_pages import (
    CERTIFICATE,
    CLAIM,
    PURPOSES,
    REMINDER,
    Door,
    Step,
    ask,
    ask_code,
    ask_which,
    calmly,
    door_of,
    keep_ticket,
    refused,
)
from meterai.web.line.event_entry import order_if_kept
from meterai.web.line.queues import PASS_S, HeldPass, pass_cookie, seal_pass
from meterai.web.line.reminder_routes import offer_reminder
from meterai.web.line.ticket_holder import contact_of_ticket, holder_of, kept_ticket, name_in_ticket
from meterai.web.orders.access import kept_orders, order_of_token
from meterai.web.requests.desk import Desk, WebRequest, is_sent_from_here, note_straight
from meterai.web.requests.forms import read_form

_IN_FLIGHT = ("paid",)


@get([f"/{{slug:str}}/{purpose}" for purpose in PURPOSES])
async def show_door(request: WebRequest, desk: Desk, slug: str) -> Response[bytes]:
    """Gives what the holder of a ticket wants, once the contact is proven; else says what is missing.

    A claim changes something although this is a GET: the page of a full door knocks again by reloading. A
    pass that is given twice is the same pass.
    """
    door = door_of(request, desk, slug)
    return await calmly(door, _STEPS[door.purpose])


@post([f"/{{slug:str}}/{purpose}" for purpose in PURPOSES], status_code=303)
async def take_ticket(request: WebRequest, desk: Desk, slug: str) -> Response[bytes]:
    """A ticket from the wait page's button, or pasted. It proves itself, so the form needs no proof.

    From another site's page it comes without our cookies, so that nobody knows what is kept already: the
    browser brings them to the ticket's link.
    """
    door = door_of(request, desk, slug)
    form = await read_form(request.headers.get("content-type", ""), request.stream())
    try:
        text, _ = _read(door, form.text("tiket"))
    except Refusal as refusal:
        return refused(door, refusal, typed_ticket=form.text("tiket"))
    if not is_sent_from_here(request):
        return desk.go(request, f"{door.base}/t/{text}")
    note_straight(request, form)
    return _with_ticket(door, text)


@get([f"/{{slug:str}}/{purpose}/t/{{text:str}}" for purpose in PURPOSES])
async def come_by_link(request: WebRequest, desk: Desk, slug: str, text: str) -> Response[bytes]:
    """A ticket as a link; it becomes a cookie and leaves the address at once.

    Anybody may have made the link: where another ticket is kept, its holder says which it shall be.
    """
    door = door_of(request, desk, slug)
    try:
        text, ticket = _read(door, text)
    except Refusal as refusal:
        return refused(door, refusal)
    with contextlib.suppress(Refusal):
        kept, earlier = _read(door, kept_ticket(request, slug))
        if earlier != ticket:
            return ask_which(door, kept=(kept, earlier), other=(text, ticket))
    return _with_ticket(door, text)


@post([f"/{{slug:str}}/{purpose}/ganti" for purpose in PURPOSES], status_code=303)
async def replace_ticket(request: WebRequest, desk: Desk, slug: str) -> Response[bytes]:
    """The other ticket, as its holder said."""
    door = door_of(request, desk, slug)
    form = await desk.form(request)
    try:
        text, _ = _read(door, form.text("tiket"))
    except Refusal as refusal:
        return refused(door, refusal)
    return _with_ticket(door, text)


@post([f"/{{slug:str}}/{purpose}/kontak" for purpose in PURPOSES], status_code=303)
async def take_contact(request: WebRequest, desk: Desk, slug: str) -> Response[bytes]:
    """Sends a code to the contact of the ticket, and to no other; at the door when it is called."""

    async def send(door: Door) -> Response[bytes]:
        form = await desk.form(request)
        typed, text = form.text("kontak"), kept_ticket(request, slug)
        try:
            published = desk.queues.published(slug)
            ticket = published.read_ticket(text)
            contact_of_ticket(published, ticket, typed)
            asker = Asker.STRANGER
            if door.purpose == CLAIM:
                await look_at_call(desk.house.db, published, text, now=desk.house.clock())
                asker = Asker.CALLED
            cookie = await send_code(
                request, desk, typed, asker=asker, per_address_max=PER_ADDRESS_OF_CALLED_MAX
            )
        except Refusal as refusal:
            return refused(door, refusal, text=text, typed=typed)
        return desk.go(request, f"{door.base}/kode", cookies=[cookie])

    return await calmly(door_of(request, desk, slug), send)


@get([f"/{{slug:str}}/{purpose}/kode" for purpose in PURPOSES])
async def show_code(request: WebRequest, desk: Desk, slug: str) -> Response[bytes]:
    """Asks for the code."""
    return ask_code(door_of(request, desk, slug))


@post([f"/{{slug:str}}/{purpose}/kode" for purpose in PURPOSES], status_code=303)
async def take_code(request: WebRequest, desk: Desk, slug: str) -> Response[bytes]:
    """The contact is proven: its holder is signed in and goes on; to a pass with the same answer."""

    async def check(door: Door) -> Response[bytes]:
        form = await desk.form(request)
        try:
            session = await check_code(request, desk, form)
        except Refusal as refusal:
            return ask_code(door, refusal, form)
        signed_in = session_cookies(request, desk, session)
        if door.purpose == CLAIM and (text := kept_ticket(request, slug)):
            with contextlib.suppress(Refusal, *DATABASE_IS_DOWN):  # the door itself says why
                return await _let_in(door, text, session.contact, is_in_flight=False, cookies=signed_in)
        return desk.go(request, door.base, cookies=signed_in)

    return await calmly(door_of(request, desk, slug), check)


async def _knock(door: Door) -> Response[bytes]:
    desk, slug = door.desk, door.event.slug
    sign = await desk.queues.sign_of(slug)
    if sign is None or sign.is_free:
        return _inside(door)
    if (number := await _order_in_flight(door)) is not None and not kept_ticket(door.request, slug):
        return desk.go(door.request, f"/pesanan/{number}")
    text = kept_ticket(door.request, slug)
    if not text:
        return ask(door, has_ticket=False)
    published = desk.queues.published(slug)
    try:
        holder = await holder_of(door.request, desk, published, text)
        if holder.contact is None:
            called = await look_at_call(desk.house.db, published, text, now=desk.house.clock())
            return ask(door, has_ticket=True, has_pass=isinstance(called, Pass))
        return await _let_in(door, text, holder.contact, is_in_flight=number is not None)
    except Refusal as refusal:
        return refused(door, refusal, text=text)


async def _let_in(
    door: Door, text: str, contact: Contact, *, is_in_flight: bool, cookies: Sequence[Cookie] = ()
) -> Response[bytes]:
    """The pass of a ticket whose contact is proven, and the way to the purchase. Raises as `claim_pass`."""
    desk, slug = door.desk, door.event.slug
    published = desk.queues.published(slug)
    given = await claim_pass(
        desk.house.db,
        published,
        text,
        contact=name_in_ticket(published, text, contact),
        is_in_flight=is_in_flight,
        now=desk.house.clock(),
    )
    desk.visit(door.request).at_hand[given.pass_id] = given
    until = int(desk.house.clock().timestamp()) + PASS_S
    value = seal_pass(desk.house.secret, slug, HeldPass(given.id, given.pass_id, until))
    return _inside(door, [*cookies, desk.cookie(pass_cookie(slug), value, max_age=PASS_S)])


async def _order_in_flight(door: Door) -> str | None:
    """The number of an order for this event that is paid and not finished, whose link this browser holds."""
    for token in kept_orders(door.request).values():
        order_id = await order_of_token(door.desk, token)
        if order_id is not None:
            order = await order_if_kept(door.desk, order_id)
            if order is not None and order.event_slug == door.event.slug and order.state in _IN_FLIGHT:
                return order.number
    return None


def _read(door: Door, typed: str) -> tuple[str, Ticket]:
    """The ticket in what was sent. Raises: Refusal `ticket.*`, `queue.not_published`."""
    text = text_in(typed)
    return text, door.desk.queues.published(door.event.slug).read_ticket(text)


def _with_ticket(door: Door, text: str) -> Response[bytes]:
    return door.desk.go(door.request, door.base, cookies=[keep_ticket(door, text)])


def _inside(door: Door, cookies: Sequence[Cookie] = ()) -> Response[bytes]:
    return door.desk.go(door.request, f"/beli?acara={door.event.slug}", cookies=cookies)


_STEPS: Final[Mapping[str, Step]] = {
    CLAIM: _knock,
    CERTIFICATE: show_certificate,
    REMINDER: offer_reminder,
}

ROUTES = [show_door, take_ticket, come_by_link, replace_ticket, take_contact, show_code, take_code]
