"""Buy and stamp, second step: where the stamp goes. Works by tapping, by arrows, and without scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from litestar import Response, get, post

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.status import http_status
from meterai.pdf.profiles import Profile
from meterai.sales.order import Item
from meterai.sales.queries.order_page import ItemLine, OrderItems, OrderPage, order_items, order_page
from meterai.sales.use_cases.add_item import add_document
from meterai.stamping.model import OutputVerdict
from meterai.stamping.placement import Placement
from meterai.stamping.queries import DocumentPage, document_image, document_page, image_at_hand
from meterai.stamping.requests import PAGE_IMAGE_WIDTH_PX
from meterai.stamping.use_cases.place_stamps import check_placements, chosen_profile, place_stamps
from meterai.stamping.use_cases.rewrite_document import rewrite_document
from meterai.web.account.sign_in import told
from meterai.web.documents.placing import Typed, placing_context, typed_of
from meterai.web.documents.placing_form import typed_from, wanted_from
from meterai.web.orders.access import OrderKey, customer_of, open_order_page
from meterai.web.requests.csrf import is_permit, make_permit
from meterai.web.requests.forms import Form
from meterai.web.requests.request_context import RequestContext, WebRequest


@dataclass(frozen=True, slots=True)
class Sheet:
    """One document of a draft order, as the visitor may see it."""

    key: OrderKey
    order: OrderItems | OrderPage
    item: ItemLine | Item
    position: int
    document: DocumentPage


@get("/pesanan/{number:str}/letak/{position:int}")
async def show_placing(
    request: WebRequest, context: RequestContext, number: str, position: int
) -> Response[bytes]:
    """The page as an image with the place of one of its stamps, proposed or stored."""
    sheet = await _sheet(request, context, number, position)
    if _is_over(sheet.order):
        return context.go(request, f"/pesanan/{number}")
    query = request.query_params
    stamp, page = query.get("meterai", ""), query.get("halaman", "")
    typed = await typed_of(sheet.document, stamp=stamp, page=page, free=context.free_place)
    return _page(request, context, sheet, typed)


@post("/pesanan/{number:str}/letak/{position:int}", status_code=303)
async def take_placing(
    request: WebRequest, context: RequestContext, number: str, position: int
) -> Response[bytes]:
    """Stores the places; back to the page for another stamp, or on to the next document or the contact."""
    form = await context.form(request)
    key = await open_order_page(context, request, number)
    order = await order_page(context.service.db, key.order_id)  # all of it, for the page behind
    if _is_over(order):
        return context.go(request, f"/pesanan/{number}")
    position = _position_of(order, form, position)
    sheet = await _sheet_of(request, context, key, order, position)
    typed = await typed_of(sheet.document, stamp=form.text("meterai"), page="", free=context.free_place)
    try:
        typed = await typed_from(form, sheet.document, context.free_place)
        wanted = await wanted_from(form, sheet.document, typed, context.free_place)
        output = await _store(context, sheet, wanted.placements, typed.profile)
    except Refusal as refusal:
        return _page(request, context, sheet, typed, refusal)
    if len(wanted.placements) == sheet.item.quantity:  # the order itself stayed as it was
        context.visit(request).at_hand[key.order_id] = order
    if wanted.show is not None:
        return context.go(request, f"/pesanan/{number}/letak/{position}?meterai={wanted.show + 1}")
    if not output.ok:
        return context.go(request, f"/pesanan/{number}/syarat/{position}")
    return context.go(request, await _next(request, context, sheet))


@get("/pesanan/{number:str}/halaman/{document_id:uuid}/{page:int}")
async def show_image(
    request: WebRequest, context: RequestContext, number: str, document_id: UUID, page: int
) -> Response[bytes]:
    """One page of the document as a JPEG, for the visitor alone.

    The placing page gave out this address with a permit that binds order, document and bytes, so nothing has
    to be looked up to know that they belong together.
    """
    key = await open_order_page(context, request, number)
    permit, version = request.query_params.get("izin", ""), request.query_params.get("v", "")
    if not is_permit(context.service.secret, permit, key.order_id, document_id, version):
        raise Refusal(Kind.NOT_FOUND, "order.no_such_item")
    service, width = context.service, PAGE_IMAGE_WIDTH_PX
    jpeg = image_at_hand(version, page, width)
    if jpeg is None:
        jpeg = await document_image(service.db, service.jail, service.objects, document_id, page, width)
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=600"})


@get("/pesanan/{number:str}/syarat/{position:int}")
async def show_fit(
    request: WebRequest, context: RequestContext, number: str, position: int
) -> Response[bytes]:
    """What the agency demands, what the file has, and what we can do about it."""
    sheet = await _sheet(request, context, number, position)
    # Rewritten meanwhile, or nobody demands anything of it; or there is nothing to place any more.
    if sheet.document.output.ok or _is_over(sheet.order):
        return context.go(request, f"/pesanan/{number}/letak/{position}")
    return _fit(request, context, sheet)


@post("/pesanan/{number:str}/syarat/{position:int}", status_code=303)
async def take_fit(
    request: WebRequest, context: RequestContext, number: str, position: int
) -> Response[bytes]:
    """Rewrites the document with the person's consent, and shows it again."""
    form = await context.form(request)
    key = await open_order_page(context, request, number)
    order = await order_items(context.service.db, key.order_id)
    if _is_over(order):
        return context.go(request, f"/pesanan/{number}")
    position = _position_of(order, form, position)
    sheet = await _sheet_of(request, context, key, order, position)
    service = context.service
    images: Literal["keep", "smaller"] = "smaller" if form.text("cara") == "smaller" else "keep"
    try:
        output = await rewrite_document(
            service.db,
            service.jail,
            service.objects,
            sheet.document.document_id,
            images=images,
            now=service.clock(),
        )
    except Refusal as refusal:
        return _fit(request, context, sheet, refusal)
    target = "letak" if output.ok else "syarat"
    return context.go(request, f"/pesanan/{number}/{target}/{position}")


async def _sheet(request: WebRequest, context: RequestContext, number: str, position: int) -> Sheet:
    key = await open_order_page(context, request, number)
    visit = context.visit(request)
    known = visit.known(key.order_id, OrderItems) or visit.known(key.order_id, OrderPage)
    order = known or await order_items(context.service.db, key.order_id)
    return await _sheet_of(request, context, key, order, position)


async def _sheet_of(
    request: WebRequest, context: RequestContext, key: OrderKey, order: OrderItems | OrderPage, position: int
) -> Sheet:
    if not 1 <= position <= len(order.items):
        raise Refusal(Kind.NOT_FOUND, "order.no_such_item")
    item = order.items[position - 1]
    document = None
    if item.document_id is not None:
        known = context.visit(request).known(item.document_id, DocumentPage)
        document = known or await document_page(context.service.db, item.document_id)
    if document is None:
        raise Refusal(Kind.NOT_FOUND, "order.no_such_item")
    return Sheet(key, order, item, position, document)


def _is_over(order: OrderItems | OrderPage) -> bool:
    """Whether it is paid, or will not be: no stamp is placed any more, and its page says how it stands."""
    return order.state not in ("draft", "awaiting_payment")


def _position_of(order: OrderItems | OrderPage, form: Form, position: int) -> int:
    """Where the form's document stands now: one before it may have been taken out in another window.

    Raises: Refusal NOT_FOUND `order.no_such_item` when it was itself.
    """
    named = form.text("dokumen")
    if not named:
        return position
    items: Sequence[ItemLine | Item] = order.items
    found = (n for n, item in enumerate(items, 1) if str(item.document_id) == named)
    if (at := next(found, None)) is None:
        raise Refusal(Kind.NOT_FOUND, "order.no_such_item")
    return at


async def _store(
    context: RequestContext, sheet: Sheet, wanted: Sequence[Placement], profile: Profile | None
) -> OutputVerdict:
    """Stores places and profile, and sees to it that the order buys as many stamps as there are places.

    A stamp more is bought before it is placed, one less is given up after it was taken off. A process that
    dies in between leaves a stamp too many, whose money can be asked back; never one that nobody pays.
    """
    document = sheet.document
    counted = sheet.item.quantity == len(wanted)
    same_profile = chosen_profile(document.profile, profile) is document.profile
    if counted and same_profile and tuple(wanted) == document.placements:
        return document.output  # left as it was: nothing to store
    check_placements(document.inspection, wanted)
    if not counted and sheet.order.state != "draft":
        raise Refusal(Kind.CONFLICT, "order.not_draft")
    if len(wanted) > sheet.item.quantity:
        await _buy(context, sheet, len(wanted))
    output = await place_stamps(context.service.db, document.document_id, wanted, profile=profile)
    if not counted:
        # Another window may have stored its own places meanwhile: whoever is last counts what is there.
        stored = await document_page(context.service.db, document.document_id)
        await _buy(context, sheet, len(stored.placements) if stored else len(wanted))
    return output


async def _buy(context: RequestContext, sheet: Sheet, stamps: int) -> None:
    await add_document(
        context.service.db,
        sheet.key.order_id,
        document_id=sheet.document.document_id,
        document_kind=sheet.item.document_kind,
        stamps=stamps,
        price_list=context.service.price_list,
        now=context.service.clock(),
    )


async def _next(request: WebRequest, context: RequestContext, sheet: Sheet) -> str:
    number = sheet.key.number
    if sheet.position < len(sheet.order.items):
        return f"/pesanan/{number}/letak/{sheet.position + 1}"
    known = sheet.order.customer_id is not None or await customer_of(context, request) is not None
    return f"/pesanan/{number}/bayar" if known else f"/pesanan/{number}/kontak"


def _page(
    request: WebRequest, context: RequestContext, sheet: Sheet, typed: Typed, refusal: Refusal | None = None
) -> Response[bytes]:
    visit = context.visit(request)
    base = f"/pesanan/{sheet.key.number}"
    document = sheet.document
    version = document.input_object
    permit = make_permit(context.service.secret, sheet.key.order_id, document.document_id, version)
    image = f"{base}/halaman/{document.document_id}/{typed.placement.page}"
    return context.page(
        request,
        "place.html",
        status=http_status(refusal),
        number=sheet.position,
        total=len(sheet.order.items),
        action=visit.link(f"{base}/letak/{sheet.position}"),
        image=f"{image}?izin={permit}&v={version}",
        drop=visit.link(f"{base}/hapus/{document.document_id}"),
        countable=sheet.order.state == "draft",
        private=True,
        **told(refusal),
        **placing_context(document, typed, context.open_events()),
    )


def _fit(
    request: WebRequest, context: RequestContext, sheet: Sheet, refusal: Refusal | None = None
) -> Response[bytes]:
    visit, base = context.visit(request), f"/pesanan/{sheet.key.number}"
    document = sheet.document
    return context.page(
        request,
        "fit.html",
        status=http_status(refusal),
        document_id=document.document_id,
        name=document.name,
        output=document.output,
        limits=document.limits,
        action=visit.link(f"{base}/syarat/{sheet.position}"),
        drop=visit.link(f"{base}/hapus/{document.document_id}"),
        refused=refusal.code if refusal else "",
        private=True,
    )


ROUTES = [show_placing, take_placing, show_image, show_fit, take_fit]
