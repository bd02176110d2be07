"""Being told when the turn comes: for whoever holds a ticket, and stopped by a link in the message."""

from __future__ import annotations

from litestar import Response, get, post

from meterai.kernel.refusals import Kind, Refusal
from meterai.waiting_room.queries import QueueSign, Reminder
from meterai.waiting_room.use_cases.remind import is_reminded, read_stop_token, set_reminder, stop_reminder
from meterai.web.line.claim_pages import REMINDER, Answer, Door, ask, calmly, door_of, refused
from meterai.web.line.ticket_holder import Holder, holder_of, kept_ticket
from meterai.web.requests.desk import Desk, WebRequest


async def offer_reminder(door: Door) -> Response[bytes]:
    """Whether the holder of the ticket is to be told, and the button that changes it."""
    holder = await _holder(door)
    if not isinstance(holder, Holder):
        return holder
    sign = await _sign(door)
    return _page(door, holder, is_set=await is_reminded(door.desk.house.db, sign.number, holder.ticket.id))


@post(f"/{{slug:str}}/{REMINDER}/pasang", status_code=303)
async def ask_reminder(request: WebRequest, desk: Desk, slug: str) -> Response[bytes]:
    """The holder of the ticket wants to be told."""

    async def set_it(door: Door) -> Response[bytes]:
        await desk.form(request)
        holder = await _holder(door)
        if not isinstance(holder, Holder):
            return holder
        assert holder.contact is not None
        one = Reminder(
            id=holder.ticket.id,
            window=holder.ticket.window,
            contact_kind=holder.contact.kind,
            contact_value=holder.contact.value,
            language=desk.visit(request).language,
            ticket=holder.text,
        )
        await set_reminder(desk.house.db, (await _sign(door)).number, holder.ticket, one)
        return desk.go(request, door.base)

    return await calmly(door_of(request, desk, slug), set_it)


@post(f"/{{slug:str}}/{REMINDER}/henti", status_code=303)
async def stop_mine(request: WebRequest, desk: Desk, slug: str) -> Response[bytes]:
    """The holder of the ticket wants to be told no more."""

    async def stop(door: Door) -> Response[bytes]:
        await desk.form(request)
        holder = await _holder(door)
        if not isinstance(holder, Holder):
            return holder
        await stop_reminder(desk.house.db, (await _sign(door)).number, holder.ticket.id)
        return desk.go(request, door.base)

    return await calmly(door_of(request, desk, slug), stop)


@get(f"/{{slug:str}}/{REMINDER}/henti/{{token:str}}")
async def show_stop(request: WebRequest, desk: Desk, slug: str, token: str) -> Response[bytes]:
    """The link in a message. Looking at it changes nothing: mail programs look at links, too."""
    door = door_of(request, desk, slug)
    _id(door, token)
    return _stop_page(door, is_stopped=False)


@post(f"/{{slug:str}}/{REMINDER}/henti/{{token:str}}", status_code=200)
async def stop_by_link(request: WebRequest, desk: Desk, slug: str, token: str) -> Response[bytes]:
    """Stops the messages, as RFC 8058 asks for: one press, no sign-in. The link itself is the proof."""

    async def stop(door: Door) -> Response[bytes]:
        await stop_reminder(desk.house.db, (await _sign(door)).number, _id(door, token))
        return _stop_page(door, is_stopped=True)

    return await calmly(door_of(request, desk, slug), stop)


async def _holder(door: Door) -> Holder | Answer:
    """The holder of the kept ticket with its contact proven, or the page that asks for what is missing."""
    text = kept_ticket(door.request, door.event.slug)
    if not text:
        return ask(door, has_ticket=False)
    try:
        published = door.desk.queues.published(door.event.slug)
        holder = await holder_of(door.request, door.desk, published, text)
    except Refusal as refusal:
        return refused(door, refusal)
    return holder if holder.contact is not None else ask(door, has_ticket=True)


async def _sign(door: Door) -> QueueSign:
    sign = await door.desk.queues.sign_of(door.event.slug)
    if sign is None:
        raise Refusal(Kind.NOT_FOUND, "queue.unknown")
    return sign


def _id(door: Door, token: str) -> bytes:
    id = read_stop_token(door.desk.house.secret, door.event.slug, token)
    if id is None:
        raise Refusal(Kind.NOT_FOUND, "page.not_found")
    return id


def _page(door: Door, holder: Holder, *, is_set: bool) -> Response[bytes]:
    assert holder.contact is not None
    language = door.desk.visit(door.request).language
    return door.desk.page(
        door.request,
        "reminder.html",
        event=door.event,
        contact=holder.contact.masked,
        is_set=is_set,
        action=door.action,
        wait_page=door.desk.queues.wait_page(door.event.slug, holder.text, language),
        private=True,
    )


def _stop_page(door: Door, *, is_stopped: bool) -> Response[bytes]:
    return door.desk.page(
        door.request, "reminder_stop.html", event=door.event, is_stopped=is_stopped, private=True
    )


ROUTES = [ask_reminder, stop_mine, show_stop, stop_by_link]
