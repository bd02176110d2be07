"""The order page: what is, what happened to the money, what comes next; and everything one can do there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

from litestar import Response, get, post

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.status import http_status
from meterai.kit.recently_seen import Memory
from meterai.operations.use_cases.stop_signing import is_signing_stopped
from meterai.pdf.profiles import CHOICES, Profile
from meterai.sales.order import Item, Order
from meterai.sales.queries.order_page import ItemLine, OrderPage, order_items, order_page
from meterai.sales.receipts import receipt_pdf
from meterai.sales.use_cases.cancel_order import cancel_order
from meterai.sales.use_cases.change_channel import change_channel
from meterai.sales.use_cases.refund_quota import BankAccount, give_refund_account, request_refund
from meterai.sales.use_cases.replace_document import replace_document
from meterai.sales.use_cases.send_link import send_link
from meterai.stamping.queries import document_labels, document_names, document_page, released_file
from meterai.web.account.sign_in import told
from meterai.web.documents.uploads import accept_upload, file_name, refuse_unfit
from meterai.web.orders.access import OrderKey, keep_order, open_order_page, order_of_token
from meterai.web.orders.order_view import Known, OrderView, order_view
from meterai.web.pages.qr import qr_png
from meterai.web.requests.desk import Desk, WebRequest
from meterai.web.requests.forms import ONE_DOCUMENT, Form

_TYPED = ("butir", "pengembalian", "keping", "bank", "rekening", "pemilik")
_SENT = "tautan=dikirim"
"""The query of the page that says that the link was sent."""
_REST_S = 30
"""Between two looks of a page that looks rarely."""
_stamped = Memory[tuple[UUID, int], UUID]()
"""Documents of items that are done, by order and position, as pages showed them: that never changes."""


@get("/p/{token:str}")
async def come_by_link(request: WebRequest, desk: Desk, token: str) -> Response[bytes]:
    """The permanent link: its token becomes a cookie, and leaves the address at once."""
    order_id = await order_of_token(desk, token)
    if order_id is None:
        raise Refusal(Kind.NOT_FOUND, "order.link_ended")
    order = await order_page(desk.house.db, order_id)
    cookies = keep_order(desk, request, order.number, token)
    return desk.go(request, f"/pesanan/{order.number}", cookies=cookies)


@get("/pesanan/{number:str}")
async def show_order(request: WebRequest, desk: Desk, number: str) -> Response[bytes]:
    """The order page."""
    return await _page(request, desk, await open_order_page(desk, request, number))


@get("/pesanan/{number:str}/keadaan")
async def show_state(request: WebRequest, desk: Desk, number: str) -> Response[bytes]:
    """The part of the order page that changes, for the page that follows by itself."""
    key = await open_order_page(desk, request, number)
    view = await _view(request, desk, key)
    headers = {"X-State": view.state, "X-Mark": view.mark, "ETag": f'"{view.mark}"'}
    if not view.moving:
        headers["X-Ended"] = "1"
    elif view.rarely:
        headers["X-Rest"] = str(_REST_S)
    if view.left_s is not None:
        headers["X-Left"] = str(view.left_s)
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(b"", status_code=304, headers=headers)
    return desk.page(request, "order_state.html", headers=headers, view=view, typed={})


@get("/pesanan/{number:str}/qris.png")
async def download_code(request: WebRequest, desk: Desk, number: str) -> Response[bytes]:
    """The open payment's QRIS code as a picture to keep: a phone can't scan its own screen."""
    view = await _view(request, desk, await open_order_page(desk, request, number))
    payment = view.payment
    if payment is None or payment.state != "pending" or not payment.qr_text:
        raise Refusal(Kind.NOT_FOUND, "order.no_code")
    name = f"qris-{view.number}.png"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(qr_png(payment.qr_text), media_type="image/png", headers=headers)


@get("/pesanan/{number:str}/unduh/{position:int}")
async def download(request: WebRequest, desk: Desk, number: str, position: int) -> Response[bytes]:
    """The stamped PDF."""
    key = await open_order_page(desk, request, number, afresh=True)
    document_id = _stamped.get((key.order_id, position))
    if document_id is None:
        order = await order_items(desk.house.db, key.order_id)
        document_id = _remember_stamped(key.order_id, order.items).get(position)
    if document_id is None:
        raise Refusal(Kind.NOT_FOUND, "order.no_such_item")
    file = await released_file(desk.house.db, desk.house.objects, document_id)
    return pdf_response(file.data, f"bermeterai-{file.name}")


@get("/pesanan/{number:str}/kuitansi")
async def show_receipt(request: WebRequest, desk: Desk, number: str) -> Response[bytes]:
    """The receipt as a page."""
    view = await _view(request, desk, await open_order_page(desk, request, number))
    if view.paid_at is None:
        raise Refusal(Kind.NOT_FOUND, "order.not_paid")
    return desk.page(request, "receipt.html", view=view, private=True)


@get("/pesanan/{number:str}/kuitansi.pdf")
async def download_receipt(request: WebRequest, desk: Desk, number: str) -> Response[bytes]:
    """The receipt as a PDF."""
    key = await open_order_page(desk, request, number)
    order = await order_page(desk.house.db, key.order_id)
    if order.paid_at is None:
        raise Refusal(Kind.NOT_FOUND, "order.not_paid")
    receipt = await asyncio.to_thread(receipt_pdf, order, desk.visit(request).language)
    return pdf_response(receipt, f"kuitansi-{number}.pdf")


@post("/pesanan/{number:str}/batal", status_code=303)
async def cancel(request: WebRequest, desk: Desk, number: str) -> Response[bytes]:
    """Cancels an order that is not paid."""
    await desk.form(request)
    key = await open_order_page(desk, request, number)
    house = desk.house
    try:
        await cancel_order(house.db, house.gateway, key.order_id, clock=house.clock)
    except Refusal as refusal:
        return await _page(request, desk, key, refusal)
    return desk.go(request, f"/pesanan/{number}")


@post("/pesanan/{number:str}/ganti-cara", status_code=303)
async def switch_channel(request: WebRequest, desk: Desk, number: str) -> Response[bytes]:
    """Closes the open payment and opens one over another channel."""
    form = await desk.form(request)
    key = await open_order_page(desk, request, number)
    house = desk.house
    try:
        await change_channel(
            house.db,
            house.gateway,
            key.order_id,
            channel=form.text("cara"),
            payment_minutes=house.settings.payment_minutes,
            clock=house.clock,
        )
    except Refusal as refusal:
        return await _page(request, desk, key, refusal)
    return desk.go(request, f"/pesanan/{number}")


@post("/pesanan/{number:str}/kembali", status_code=303)
async def ask_refund(request: WebRequest, desk: Desk, number: str) -> Response[bytes]:
    """Returns the money of unused pieces."""
    form = await desk.form(request)
    key = await open_order_page(desk, request, number, afresh=True)
    house = desk.house
    try:
        await request_refund(
            house.db,
            key.order_id,
            _uuid(form.text("butir")),
            form.number("keping"),
            account=_account(form),
            given_back=form.number("sudah_kembali", -1),
            now=house.clock(),
        )
    except Refusal as refusal:
        return await _page(request, desk, key, refusal, form)
    return desk.go(request, f"/pesanan/{number}")


@post("/pesanan/{number:str}/rekening", status_code=303)
async def give_account(request: WebRequest, desk: Desk, number: str) -> Response[bytes]:
    """Names the bank account to which a refund is paid."""
    form = await desk.form(request)
    key = await open_order_page(desk, request, number, afresh=True)
    account = _account(form)
    try:
        if account is None:
            raise Refusal(Kind.INVALID, "refund.account_missing")
        await give_refund_account(
            desk.house.db, key.order_id, _uuid(form.text("pengembalian")), account, now=desk.house.clock()
        )
    except Refusal as refusal:
        return await _page(request, desk, key, refusal, form)
    return desk.go(request, f"/pesanan/{number}")


@post("/pesanan/{number:str}/ganti/{position:int}", status_code=303)
async def replace(request: WebRequest, desk: Desk, number: str, position: int) -> Response[bytes]:
    """Another file in the place of one that could not be stamped."""
    form = await desk.form(request, ONE_DOCUMENT)
    key = await open_order_page(desk, request, number, afresh=True)
    order = await order_page(desk.house.db, key.order_id)
    item = next((i for i in order.items if i.position == position), None)
    if item is None:
        raise Refusal(Kind.NOT_FOUND, "order.no_such_item")
    try:
        document = await accept_upload(
            desk,
            form,
            event=desk.events.get(order.event_slug or ""),
            kind=item.document_kind,
            owner=order.customer_id,
            stamps=item.quantity,
            profile=await _profile_wanted(desk, item.document_id),
        )
        refuse_unfit(document)
        await replace_document(desk.house.db, item.id, document.document_id, now=desk.house.clock())
    except Refusal as refusal:
        return await _page(request, desk, key, refusal)
    return desk.go(request, f"/pesanan/{number}")


async def _profile_wanted(desk: Desk, refused: UUID | None) -> Profile:
    """What was chosen for the document that is replaced: whether others are to sign afterwards."""
    document = await document_page(desk.house.db, refused) if refused else None
    return document.profile if document and document.profile in CHOICES else Profile.FINAL


@post("/pesanan/{number:str}/kirim-tautan", status_code=303)
async def mail_link(request: WebRequest, desk: Desk, number: str) -> Response[bytes]:
    """Sends the permanent link to the order's own contact."""
    await desk.form(request)
    key = await open_order_page(desk, request, number)
    if not key.token:
        return desk.go(request, f"/pesanan/{number}")
    try:
        await send_link(desk.house.db, key.order_id, token=key.token, now=desk.house.clock())
    except Refusal as refusal:
        return await _page(request, desk, key, refusal)
    return desk.go(request, f"/pesanan/{number}?{_SENT}")


def pdf_response(data: bytes, name: str) -> Response[bytes]:
    """A PDF to keep, under a name made of plain characters."""
    headers = {
        "Content-Disposition": f'attachment; filename="{file_name(name)}"',
        "Cache-Control": "private, no-store",
    }
    return Response(data, media_type="application/pdf", headers=headers)


async def _view(request: WebRequest, desk: Desk, key: OrderKey) -> OrderView:
    visit = desk.visit(request)
    page = visit.known(key.order_id, OrderPage) or await order_page(desk.house.db, key.order_id)
    known = await _known(desk, page)
    _remember_stamped(page.id, page.items)
    return order_view(page, known, visit, now=desk.house.clock())


def _remember_stamped(order_id: UUID, items: Sequence[Item | ItemLine]) -> dict[int, UUID]:
    """The documents of items that are done, by position: their downloads need not look them up again."""
    done = {item.position: item.document_id for item in items if item.state == "done" and item.document_id}
    for position, document_id in done.items():
        _stamped.keep((order_id, position), document_id)
    return done


async def _known(desk: Desk, order: Order) -> Known:
    documents = [item.document_id for item in order.items if item.document_id]
    stamped = [item.document_id for item in order.items if item.document_id and item.state == "done"]
    labels = await document_labels(desk.house.db, stamped)
    return Known(
        names=await document_names(desk.house.db, documents),
        serials={id: label.serials for id, label in labels.items()},
        signing_stopped=await _is_stopped_for(desk, order),
        event=desk.doors.get(order.event_slug or ""),
    )


async def _is_stopped_for(desk: Desk, order: Order) -> bool:
    """Whether signing is stopped, where that matters: stamps are being made, or yet to be paid for."""
    if any(item.state == "stamping" for item in order.items):
        return await is_signing_stopped(desk.house.db)
    return order.state == "awaiting_payment" and await desk.parts.is_signing_stopped()


async def _page(
    request: WebRequest,
    desk: Desk,
    key: OrderKey,
    refusal: Refusal | None = None,
    form: Form | None = None,
) -> Response[bytes]:
    """`form`: the one that was refused; what was typed into it is shown again."""
    view = await _view(request, desk, key)
    return desk.page(
        request,
        "order.html",
        status=http_status(refusal),
        view=view,
        typed={name: form.text(name) for name in _TYPED} if form else {},
        is_sent=desk.visit(request).query == _SENT,
        permanent=desk.house.public_url + desk.visit(request).link(f"/p/{key.token}")
        if key.token and view.contact
        else "",
        private=True,
        **told(refusal),
    )


def _account(form: Form) -> BankAccount | None:
    bank, number, holder = form.text("bank"), form.text("rekening"), form.text("pemilik")
    if not (bank and number and holder):
        return None
    return BankAccount(bank=bank, number=number, holder=holder)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refusal(Kind.NOT_FOUND, "order.no_such_item") from None


ROUTES = [
    come_by_link,
    show_order,
    show_state,
    download_code,
    download,
    show_receipt,
    download_receipt,
    cancel,
    switch_channel,
    ask_refund,
    give_account,
    replace,
    mail_link,
]
