"""The door: from a ticket that is called to a pass, and on to the purchase."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg
import structlog
from litestar import Response, get, post
from litestar.datastructures import Cookie

from meterai.kernel.errors import Kind, Refusal
from meterai.sales.events import Event
from meterai.sales.queries import order_page
from meterai.waiting_room.published import Published
from meterai.waiting_room.queries import Pass
from meterai.waiting_room.use_cases.claim_pass import claim_pass, look_at_call
from meterai.web.access import kept_orders, order_of_token
from meterai.web.desk import SESSION_COOKIE, STATUS, Desk, WebRequest
from meterai.web.forms import read_form
from meterai.web.queues import PASS_S, HeldPass, pass_cookie, seal_pass, ticket_cookie
from meterai.web.sign_in import check_code, code_page, send_code, told
from meterai.web.ticket_holder import Holder, contact_of_ticket, holder_of, kept_ticket, ticket_in

log = structlog.get_logger(__name__)

TICKET_S = 14 * 24 * 3600
_IN_FLIGHT = ("paid",)
_SHUT = {"queue.halted", "queue.out_of_stock", "queue.closed", "queue.store_down", "queue.not_published"}
_RETRY_S = {"queue.closed": 0, "queue.out_of_stock": 60}
_DEFAULT_RETRY_S = 20
_BAD_TICKET = {
    "ticket.unreadable",
    "ticket.forged",
    "ticket.other_event",
    "ticket.backdated",
    "ticket.unlisted",
}

type Answer = Response[bytes]


@dataclass(frozen=True, slots=True)
class Door:
    """One request to the door of one event."""

    request: WebRequest
    desk: Desk
    event: Event

    @property
    def base(self) -> str:
        """Its address without the language."""
        return f"/{self.event.slug}/masuk"


@get("/{slug:str}/masuk")
async def show_door(request: WebRequest, desk: Desk, slug: str) -> Answer:
    """Lets in who is called and has proven the contact; else says what is missing.

    Changes something although it is a GET: the page of a full door knocks again by reloading. A pass that is
    given twice is the same pass.
    """
    return await _calmly(_door(request, desk, slug), _knock)


@post("/{slug:str}/masuk", status_code=303)
async def take_ticket(request: WebRequest, desk: Desk, slug: str) -> Answer:
    """A ticket from the wait page's button, or pasted. It proves itself, so the form needs no proof."""
    door = _door(request, desk, slug)
    form = await read_form(request.headers.get("content-type", ""), request.stream())
    try:
        text = ticket_in(form.text("tiket"))
        desk.queues.published(slug).read_ticket(text)
    except Refusal as refusal:
        return _refused(door, refusal)
    return desk.go(request, door.base, cookies=[_keep(door, text)])


@get("/{slug:str}/masuk/t/{text:str}")
async def come_by_link(request: WebRequest, desk: Desk, slug: str, text: str) -> Answer:
    """A ticket as a link; it becomes a cookie and leaves the address at once."""
    door = _door(request, desk, slug)
    try:
        desk.queues.published(slug).read_ticket(text)
    except Refusal as refusal:
        return _refused(door, refusal)
    return desk.go(request, door.base, cookies=[_keep(door, text)])


@post("/{slug:str}/masuk/kontak", status_code=303)
async def take_contact(request: WebRequest, desk: Desk, slug: str) -> Answer:
    """Sends a code to the contact of the ticket, and to no other."""

    async def send(door: Door) -> Answer:
        form = await desk.form(request)
        typed = form.text("kontak")
        try:
            published = desk.queues.published(slug)
            ticket = published.read_ticket(kept_ticket(request, slug))
            contact_of_ticket(published, ticket, typed)
            cookie = await send_code(request, desk, typed)
        except Refusal as refusal:
            return _refused(door, refusal, typed=typed)
        return desk.go(request, f"{door.base}/kode", cookies=[cookie])

    return await _calmly(_door(request, desk, slug), send)


@get("/{slug:str}/masuk/kode")
async def show_code(request: WebRequest, desk: Desk, slug: str) -> Answer:
    """Asks for the code."""
    return _code(_door(request, desk, slug))


@post("/{slug:str}/masuk/kode", status_code=303)
async def take_code(request: WebRequest, desk: Desk, slug: str) -> Answer:
    """The contact is proven: its holder is signed in, and knocks."""

    async def check(door: Door) -> Answer:
        form = await desk.form(request)
        try:
            session = await check_code(request, desk, form)
        except Refusal as refusal:
            return _code(door, refusal)
        age = int((session.expires_at - desk.house.clock()).total_seconds())
        return desk.go(request, door.base, cookies=[desk.cookie(SESSION_COOKIE, session.token, max_age=age)])

    return await _calmly(_door(request, desk, slug), check)


async def _knock(door: Door) -> Answer:
    desk, slug = door.desk, door.event.slug
    sign = await desk.queues.sign_of(slug)
    if sign is None or sign.is_free:
        return _inside(door)
    if (number := await _order_in_flight(door)) is not None and not kept_ticket(door.request, slug):
        return desk.go(door.request, f"/pesanan/{number}")
    text = kept_ticket(door.request, slug)
    if not text:
        return _page(door, has_ticket=False)
    published = desk.queues.published(slug)
    try:
        holder = await holder_of(door.request, desk, published, text)
        called = await look_at_call(desk.house.db, published, text, now=desk.house.clock())
        if holder.contact is None:
            return _page(door, has_ticket=True, has_pass=isinstance(called, Pass))
        given = await _claim(door, published, holder, is_in_flight=number is not None)
    except Refusal as refusal:
        return _refused(door, refusal, text=text)
    until = int(desk.house.clock().timestamp()) + PASS_S
    value = seal_pass(desk.house.secret, slug, HeldPass(given.id, given.pass_id, until))
    return _inside(door, [desk.cookie(pass_cookie(slug), value, max_age=PASS_S)])


async def _claim(door: Door, published: Published, holder: Holder, *, is_in_flight: bool) -> Pass:
    assert holder.contact is not None
    return await claim_pass(
        door.desk.house.db,
        published,
        holder.text,
        contact=f"{holder.contact.kind}:{holder.contact.value}",
        is_in_flight=is_in_flight,
        now=door.desk.house.clock(),
    )


async def _order_in_flight(door: Door) -> str | None:
    """The number of an order for this event that is paid and not finished, whose link this browser holds."""
    for token in kept_orders(door.request).values():
        order_id = await order_of_token(door.desk, token)
        if order_id is not None:
            order = await order_page(door.desk.house.db, order_id)
            if order.event_slug == door.event.slug and order.state in _IN_FLIGHT:
                return order.number
    return None


def _door(request: WebRequest, desk: Desk, slug: str) -> Door:
    event = desk.events.get(slug)
    if event is None:
        raise Refusal(Kind.NOT_FOUND, "page.not_found")
    return Door(request, desk, event)


def _inside(door: Door, cookies: list[Cookie] | None = None) -> Answer:
    return door.desk.go(door.request, f"/beli?acara={door.event.slug}", cookies=cookies or [])


def _keep(door: Door, text: str) -> Cookie:
    return door.desk.cookie(ticket_cookie(door.event.slug), text, max_age=TICKET_S)


async def _calmly(door: Door, step: Callable[[Door], Awaitable[Answer]]) -> Answer:
    """What a step answers; with the store down, a page that says so and comes back by itself."""
    try:
        return await step(door)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        log.warning("door_without_store", error=type(error).__name__)
        return _refused(door, Refusal(Kind.UNAVAILABLE, "queue.store_down"))


def _refused(door: Door, refusal: Refusal, *, text: str = "", typed: str = "") -> Answer:
    """Where a refusal leads: to the wait page, to a page that knocks again, or back to the form."""
    desk, request = door.desk, door.request
    if refusal.code == "queue.not_called" and text:
        target = desk.queues.wait_page(door.event.slug, text, desk.visit(request).language)
        return Response(b"", status_code=303, headers={"Location": target}, media_type="text/html")
    if refusal.code == "queue.door_full":
        seconds = int(str(refusal.facts["retry_after_s"])) + secrets.randbelow(3)
        return _shut(door, refusal, seconds)
    if refusal.code in _SHUT:
        return _shut(door, refusal, _RETRY_S.get(refusal.code, _DEFAULT_RETRY_S))
    if refusal.code in _BAD_TICKET:
        return _page(door, has_ticket=False, refusal=refusal)
    return _page(door, has_ticket=True, refusal=refusal, typed=typed)


def _shut(door: Door, refusal: Refusal, retry_s: int) -> Answer:
    """The door does not open now; the place is kept. Comes back by itself after `retry_s`; 0: does not."""
    return door.desk.page(
        door.request,
        "door.html",
        status=STATUS[refusal.kind],
        headers={"Retry-After": str(retry_s)} if retry_s else None,
        event=door.event,
        code=refusal.code,
        facts_told={**refusal.facts, "seconds": retry_s},
        retry_s=retry_s,
        action=door.desk.visit(door.request).link(door.base),
        private=True,
    )


def _page(
    door: Door,
    *,
    has_ticket: bool,
    has_pass: bool = False,
    typed: str = "",
    refusal: Refusal | None = None,
) -> Answer:
    """Asks for the ticket's contact, or for the ticket."""
    visit = door.desk.visit(door.request)
    return door.desk.page(
        door.request,
        "claim.html",
        status=STATUS[refusal.kind] if refusal else 200,
        event=door.event,
        has_ticket=has_ticket,
        has_pass=has_pass,
        typed=typed,
        action=visit.link(door.base),
        gate=door.desk.queues.join_page(door.event.slug, visit.language),
        private=True,
        **told(refusal),
    )


def _code(door: Door, refusal: Refusal | None = None) -> Answer:
    return code_page(
        door.request, door.desk, action=f"{door.base}/kode", again=door.base, step=False, refusal=refusal
    )


ROUTES = [show_door, take_ticket, come_by_link, take_contact, show_code, take_code]
