"""The order page: its state, its money, the next step, and everything that a customer can do there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from litestar import Response, get, post

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.formats.qr import qr_png
from meterai.kit.http.status import http_status
from meterai.kit.recent_cache import RecentCache
from meterai.operations.use_cases.stop_signing import is_signing_stopped
from meterai.sales.model import is_large
from meterai.sales.order import Item, Order
from meterai.sales.queries.order_page import ItemLine, OrderPage, order_items, order_page
from meterai.sales.use_cases.ask_to_settle import ask_to_settle
from meterai.sales.use_cases.cancel_order import cancel_order
from meterai.sales.use_cases.change_channel import change_channel
from meterai.sales.use_cases.send_link import send_link
from meterai.stamping.queries import document_labels, document_names, released_file
from meterai.web.account.sign_in import told
from meterai.web.documents.uploads import file_name
from meterai.web.orders.access import OrderKey, keep_order, open_order_page, order_of_token
from meterai.web.orders.order_view import OrderView, StampingFacts, order_view
from meterai.web.orders.ways import ways_to_pay
from meterai.web.requests.attachments import attachment
from meterai.web.requests.forms import Form
from meterai.web.requests.request_context import RequestContext, WebRequest

_TYPED = ("butir", "pengembalian", "keping", "bank", "rekening", "pemilik")
_SENT = "tautan=dikirim"
"""The query of the page that says that the link was sent."""
_QR_DOTS = 12
"""The side of a module in pixels, for banking apps that read the code from the gallery."""
_REST_S = 30
"""Seconds between two looks of a page that looks rarely."""
_stamped = RecentCache[tuple[UUID, int], UUID]()
"""Documents of finished items, by order and position, once a page has shown them. They never change."""


@get("/p/{token:str}")
async def come_by_link(request: WebRequest, context: RequestContext, token: str) -> Response[bytes]:
    """Turns the token of a permanent link into a cookie. The token leaves the address at once."""
    order_id = await order_of_token(context, token)
    if order_id is None:
        raise Refusal(Kind.NOT_FOUND, "order.link_ended")
    order = await order_page(context.service.db, order_id)
    cookies = keep_order(context, request, order.number, token)
    return context.redirect(request, f"/pesanan/{order.number}", cookies=cookies)


@get("/pesanan/{number:str}")
async def show_order(request: WebRequest, context: RequestContext, number: str) -> Response[bytes]:
    """Shows the order page."""
    return await order_page_response(request, context, await open_order_page(context, request, number))


@get("/pesanan/{number:str}/keadaan")
async def show_state(request: WebRequest, context: RequestContext, number: str) -> Response[bytes]:
    """Answers with the part of the order page that changes, for the script that follows it."""
    key = await open_order_page(context, request, number)
    view = await _view(request, context, key)
    headers = {"X-State": view.state, "X-Mark": view.mark, "ETag": f'"{view.mark}"'}
    if not view.moving:
        headers["X-Ended"] = "1"
    elif view.rarely:
        headers["X-Rest"] = str(_REST_S)
    if view.left_s is not None:
        headers["X-Left"] = str(view.left_s)
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(b"", status_code=304, headers=headers)
    return context.page(request, "order_state.html", headers=headers, view=view, typed={})


@get("/pesanan/{number:str}/qris.png")
async def download_code(request: WebRequest, context: RequestContext, number: str) -> Response[bytes]:
    """Answers with the open payment's QRIS code as a picture to keep: a phone can't scan its own screen."""
    view = await _view(request, context, await open_order_page(context, request, number))
    payment = view.payment
    if payment is None or payment.state != "pending" or not payment.qr_text:
        raise Refusal(Kind.NOT_FOUND, "order.no_code")
    name = f"qris-{view.number}.png"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(
        qr_png(payment.qr_text, level="L", dots=_QR_DOTS), media_type="image/png", headers=headers
    )


@get("/pesanan/{number:str}/unduh/{position:int}")
async def download(
    request: WebRequest, context: RequestContext, number: str, position: int
) -> Response[bytes]:
    """Answers with the stamped PDF."""
    key = await open_order_page(context, request, number, afresh=True)
    document_id = _stamped.get((key.order_id, position))
    if document_id is None:
        order = await order_items(context.service.db, key.order_id)
        document_id = _remember_stamped(key.order_id, order.items).get(position)
    if document_id is None:
        raise Refusal(Kind.NOT_FOUND, "order.no_such_item")
    file = await released_file(context.service.db, context.service.objects, document_id)
    return pdf_response(file.data, f"bermeterai-{file.name}")


@post("/pesanan/{number:str}/batal", status_code=303)
async def cancel(request: WebRequest, context: RequestContext, number: str) -> Response[bytes]:
    """Cancels an order that is not paid."""
    await context.form(request)
    key = await open_order_page(context, request, number)
    service = context.service
    try:
        settle = partial(ask_to_settle, service.db, clock=service.clock)
        await cancel_order(service.db, service.gateways, key.order_id, settle=settle, clock=service.clock)
    except Refusal as refusal:
        return await order_page_response(request, context, key, refusal)
    return context.redirect(request, f"/pesanan/{number}")


@post("/pesanan/{number:str}/ganti-cara", status_code=303)
async def switch_channel(request: WebRequest, context: RequestContext, number: str) -> Response[bytes]:
    """Closes the open payment and opens one over another channel."""
    form = await context.form(request)
    key = await open_order_page(context, request, number)
    service = context.service
    try:
        await change_channel(
            service.db,
            service.gateways,
            key.order_id,
            channel=form.text("cara"),
            payment_minutes=service.settings.payment_minutes,
            settle=partial(ask_to_settle, service.db, clock=service.clock),
            clock=service.clock,
        )
    except Refusal as refusal:
        return await order_page_response(request, context, key, refusal)
    return context.redirect(request, f"/pesanan/{number}")


@post("/pesanan/{number:str}/kirim-tautan", status_code=303)
async def mail_link(request: WebRequest, context: RequestContext, number: str) -> Response[bytes]:
    """Sends the permanent link to the order's own contact."""
    await context.form(request)
    key = await open_order_page(context, request, number)
    if not key.token:
        return context.redirect(request, f"/pesanan/{number}")
    try:
        await send_link(context.service.db, key.order_id, token=key.token, now=context.service.clock())
    except Refusal as refusal:
        return await order_page_response(request, context, key, refusal)
    return context.redirect(request, f"/pesanan/{number}?{_SENT}")


def pdf_response(data: bytes, name: str) -> Response[bytes]:
    """Makes the answer with a PDF to keep, under a name of plain characters."""
    return Response(data, media_type="application/pdf", headers=attachment(file_name(name)))


async def _view(request: WebRequest, context: RequestContext, key: OrderKey) -> OrderView:
    """What the order page shows now."""
    page = context.visit(request).known(key.order_id, OrderPage)
    return await view_of(request, context, page or await order_page(context.service.db, key.order_id))


async def view_of(request: WebRequest, context: RequestContext, page: OrderPage) -> OrderView:
    """What the order page shows of an order that was just read."""
    known = await _known(context, page)
    _remember_stamped(page.id, page.items)
    ways = ways_to_pay(context.service.gateways, is_large=is_large(page.quantity))
    return order_view(page, known, context.visit(request), ways=ways, now=context.service.clock())


def _remember_stamped(order_id: UUID, items: Sequence[Item | ItemLine]) -> dict[int, UUID]:
    """Remembers the documents of finished items by position, so that downloads need not look them up."""
    done = stamped_documents(items)
    for position, document_id in done.items():
        _stamped.keep((order_id, position), document_id)
    return done


def stamped_documents(items: Sequence[Item | ItemLine]) -> dict[int, UUID]:
    """The documents of finished items by position."""
    return {item.position: item.document_id for item in items if item.state == "done" and item.document_id}


async def _known(context: RequestContext, order: Order) -> StampingFacts:
    documents = [item.document_id for item in order.items if item.document_id]
    stamped = [item.document_id for item in order.items if item.document_id and item.state == "done"]
    labels = await document_labels(context.service.db, stamped)
    return StampingFacts(
        names=await document_names(context.service.db, documents),
        serials={id: label.serials for id, label in labels.items()},
        sizes={id: label.bytes for id, label in labels.items()},
        signing_stopped=await _is_stopped_for(context, order),
        event=context.known_events.get(order.event_slug or ""),
    )


async def _is_stopped_for(context: RequestContext, order: Order) -> bool:
    """Tells whether signing is stopped, if stamps of this order are being made or not paid yet."""
    if any(item.state == "stamping" for item in order.items):
        return await is_signing_stopped(context.service.db)
    return order.state == "awaiting_payment" and await context.status.is_signing_stopped()


async def order_page_response(
    request: WebRequest,
    context: RequestContext,
    key: OrderKey,
    refusal: Refusal | None = None,
    form: Form | None = None,
) -> Response[bytes]:
    """Makes the order page. `form`: one that was refused, whose fields are shown again."""
    view = await _view(request, context, key)
    return context.page(
        request,
        "order.html",
        status=http_status(refusal),
        view=view,
        news_event=view.event_slug,
        typed={name: form.text(name) for name in _TYPED} if form else {},
        is_sent=context.visit(request).query == _SENT,
        permanent=context.service.public_url + context.visit(request).link(f"/p/{key.token}")
        if key.token and view.contact
        else "",
        private=True,
        **told(refusal),
    )


ROUTES = [
    come_by_link,
    show_order,
    show_state,
    download_code,
    download,
    cancel,
    switch_channel,
    mail_link,
]
