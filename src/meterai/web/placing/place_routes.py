"""Buying, second step: the place of each stamp. It works by tapping, by arrows, and without scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from litestar import Response, get, post

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.status import http_status
from meterai.pdf.profiles import Profile
from meterai.sales.events import Event
from meterai.sales.order import Item
from meterai.sales.queries.order_page import ItemLine, OrderItems, OrderPage, order_items, order_page
from meterai.sales.use_cases.add_item import add_document
from meterai.stamping.model import OutputVerdict
from meterai.stamping.placement import Placement
from meterai.stamping.queries import DocumentPage, document_page
from meterai.stamping.use_cases.place_stamps import chosen_profile, place_stamps
from meterai.stamping.use_cases.rewrite_document import rewrite_document
from meterai.web.documents.seen_documents import image_address, is_over, look_of, picture_of
from meterai.web.orders.access import OrderKey, customer_of, open_order_page
from meterai.web.placing.placing import TypedPlacement, typed_of
from meterai.web.placing.placing_form import typed_from, wanted_placements
from meterai.web.placing.placing_page import PlacingPlace, placing_page
from meterai.web.placing.settling import settle
from meterai.web.requests.csrf import is_permit
from meterai.web.requests.forms import Form
from meterai.web.requests.request_context import RequestContext, WebRequest


@dataclass(frozen=True, slots=True)
class DraftDocument:
    """A document of a draft order that the visitor may see."""

    key: OrderKey
    order: OrderItems | OrderPage
    item: ItemLine | Item
    position: int
    document: DocumentPage


@get("/pesanan/{number:str}/letak/{position:int}")
async def show_placing(
    request: WebRequest, context: RequestContext, number: str, position: int
) -> Response[bytes]:
    """Shows the page as an image with the place of one of its stamps, proposed or stored."""
    draft = await _draft_document(request, context, number, position)
    if isinstance(draft, str):
        return context.redirect(request, draft)
    query = request.query_params
    stamp, page = query.get("meterai", ""), query.get("halaman", "")
    typed = await typed_of(draft.document, stamp=stamp, page=page, free=context.free_place)
    return _page(request, context, draft, typed)


@post("/pesanan/{number:str}/letak/{position:int}", status_code=303)
async def take_placing(
    request: WebRequest, context: RequestContext, number: str, position: int
) -> Response[bytes]:
    """Stores the places. Then shows another stamp, the next document or the contact."""
    form = await context.form(request)
    key = await open_order_page(context, request, number)
    order = await order_page(context.service.db, key.order_id)  # all of it, for the page behind
    if is_over(order):
        return context.redirect(request, f"/pesanan/{number}")
    draft = await _sheet_of(request, context, key, order, _position_of(order, form, position))
    typed = await typed_of(draft.document, stamp=form.text("meterai"), page="", free=context.free_place)
    try:
        typed = await typed_from(form, draft.document, context.free_place)
        wanted = await wanted_placements(form, draft.document, typed, context.free_place)
        wanted = await settle(context, form, draft.document, wanted, typed)
        output = await _store(context, draft, wanted.placements, typed.profile)
    except Refusal as refusal:
        return _page(request, context, draft, typed, refusal)
    if len(wanted.placements) == draft.item.quantity:  # the order itself stayed as it was
        context.visit(request).at_hand[key.order_id] = order
    own = f"/pesanan/{number}/letak/{draft.position}"
    if wanted.show is not None:
        return context.redirect(request, f"{own}?meterai={wanted.show + 1}")
    if not output.ok:
        return context.redirect(request, f"/pesanan/{number}/syarat/{draft.position}")
    return context.redirect(request, await _next(request, context, draft))


@get("/pesanan/{number:str}/halaman/{document_id:uuid}/{page:int}")
async def show_image(
    request: WebRequest, context: RequestContext, number: str, document_id: UUID, page: int
) -> Response[bytes]:
    """Answers with a page of the document as a JPEG, for the visitor alone.

    The placing page gave out this address with a permit for the order, the document and its bytes. So nothing
    has to be looked up to know that they belong together.
    """
    key = await open_order_page(context, request, number)
    permit, version = request.query_params.get("izin", ""), request.query_params.get("v", "")
    if not is_permit(context.service.secret, permit, key.order_id, document_id, version):
        raise Refusal(Kind.NOT_FOUND, "order.no_such_item")
    return await picture_of(request, context, document_id, page, version=version)


@get("/pesanan/{number:str}/syarat/{position:int}")
async def show_fit(
    request: WebRequest, context: RequestContext, number: str, position: int
) -> Response[bytes]:
    """Shows what the agency demands, what the file has, and what we can do about it."""
    draft = await _draft_document(request, context, number, position)
    if isinstance(draft, str):
        return context.redirect(request, draft)
    if draft.document.output.ok:  # rewritten meanwhile, or nobody demands anything of it
        return context.redirect(request, f"/pesanan/{number}/letak/{position}")
    return _fit(request, context, draft)


@post("/pesanan/{number:str}/syarat/{position:int}", status_code=303)
async def take_fit(
    request: WebRequest, context: RequestContext, number: str, position: int
) -> Response[bytes]:
    """Rewrites the document with the person's consent, and shows it again."""
    form = await context.form(request)
    key = await open_order_page(context, request, number)
    order = await order_items(context.service.db, key.order_id)
    if is_over(order):
        return context.redirect(request, f"/pesanan/{number}")
    draft = await _sheet_of(request, context, key, order, _position_of(order, form, position))
    service = context.service
    images: Literal["keep", "smaller"] = "smaller" if form.text("cara") == "smaller" else "keep"
    try:
        service.upload_room.reserve.refuse_uploads(draft.document.bytes)
        output = await rewrite_document(
            service.db,
            service.jail,
            service.objects,
            draft.document.document_id,
            images=images,
            now=service.clock(),
        )
    except Refusal as refusal:
        return _fit(request, context, draft, refusal)
    target = "letak" if output.ok else "syarat"
    return context.redirect(request, f"/pesanan/{number}/{target}/{draft.position}")


async def _draft_document(
    request: WebRequest, context: RequestContext, number: str, position: int
) -> DraftDocument | str:
    """The document that stands there. Else the page to show: nothing is placed any more, or not yet."""
    key = await open_order_page(context, request, number)
    visit = context.visit(request)
    known = visit.known(key.order_id, OrderItems) or visit.known(key.order_id, OrderPage)
    order = known or await order_items(context.service.db, key.order_id)
    if is_over(order):
        return f"/pesanan/{number}"
    draft = await _sheet_of(request, context, key, order, position)
    document = draft.document
    return draft if document.compared else f"/pesanan/{number}/{look_of(document)}/{document.document_id}"


async def _sheet_of(
    request: WebRequest, context: RequestContext, key: OrderKey, order: OrderItems | OrderPage, position: int
) -> DraftDocument:
    if not 1 <= position <= len(order.items):
        raise Refusal(Kind.NOT_FOUND, "order.no_such_item")
    item = order.items[position - 1]
    document = None
    if item.document_id is not None:
        known = context.visit(request).known(item.document_id, DocumentPage)
        document = known or await document_page(context.service.db, item.document_id)
    if document is None:
        raise Refusal(Kind.NOT_FOUND, "order.no_such_item")
    return DraftDocument(key, order, item, position, document)


def _event_of(context: RequestContext, draft: DraftDocument) -> Event | None:
    slug = draft.order.event_slug
    return context.known_events.get(slug) if slug else None


def _position_of(order: OrderItems | OrderPage, form: Form, position: int) -> int:
    """The position of the form's document now. An earlier one may have been taken out in another window.

    Raises: Refusal NOT_FOUND `order.no_such_item` when the document itself was taken out.
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
    context: RequestContext, draft: DraftDocument, wanted: Sequence[Placement], profile: Profile | None
) -> OutputVerdict:
    """Stores places and profile, and makes the order buy as many stamps as there are places.

    A further stamp is bought before it is placed. A removed one is given up after it was taken off. When a
    process dies in between, the order has one stamp too many, whose money can be asked back; never one that
    nobody pays.
    """
    document = draft.document
    counted = draft.item.quantity == len(wanted)
    same_profile = chosen_profile(document.profile, profile) is document.profile
    if counted and same_profile and tuple(wanted) == document.placements:
        return document.output  # left as it was: nothing to store
    if not counted and draft.order.state != "draft":
        raise Refusal(Kind.CONFLICT, "order.not_draft")
    if len(wanted) > draft.item.quantity:
        await _buy(context, draft, len(wanted))
    output = await place_stamps(context.service.db, document.document_id, wanted, profile=profile)
    if not counted:
        # Another window may have stored its own places meanwhile: the last one counts what is there.
        stored = await document_page(context.service.db, document.document_id)
        await _buy(context, draft, len(stored.placements) if stored else len(wanted))
    return output


async def _buy(context: RequestContext, draft: DraftDocument, stamps: int) -> None:
    await add_document(
        context.service.db,
        draft.key.order_id,
        document_id=draft.document.document_id,
        document_kind=draft.item.document_kind,
        stamps=stamps,
        now=context.service.clock(),
    )


async def _next(request: WebRequest, context: RequestContext, draft: DraftDocument) -> str:
    number = draft.key.number
    if draft.position < len(draft.order.items):
        return f"/pesanan/{number}/letak/{draft.position + 1}"
    known = draft.order.customer_id is not None or await customer_of(context, request) is not None
    return f"/pesanan/{number}/bayar" if known else f"/pesanan/{number}/kontak"


def _page(
    request: WebRequest,
    context: RequestContext,
    draft: DraftDocument,
    typed: TypedPlacement,
    refusal: Refusal | None = None,
) -> Response[bytes]:
    base, document = f"/pesanan/{draft.key.number}", draft.document
    action = f"{base}/letak/{draft.position}"
    place = PlacingPlace(
        document=document,
        image=lambda page: image_address(context, draft.key, document, page),
        action=action,
        turn=f"{action}/putar",
        sheets=f"{base}/lembar/{document.document_id}",
        drop=f"{base}/hapus/{document.document_id}",
        countable=draft.order.state == "draft",
        event=_event_of(context, draft),
        number=draft.position,
        total=len(draft.order.items),
    )
    return placing_page(request, context, place, typed, refusal)


def _fit(
    request: WebRequest, context: RequestContext, draft: DraftDocument, refusal: Refusal | None = None
) -> Response[bytes]:
    visit, base = context.visit(request), f"/pesanan/{draft.key.number}"
    document = draft.document
    return context.page(
        request,
        "fit.html",
        status=http_status(refusal),
        document_id=document.document_id,
        name=document.name,
        output=document.output,
        limits=document.limits,
        action=visit.link(f"{base}/syarat/{draft.position}"),
        drop=visit.link(f"{base}/hapus/{document.document_id}"),
        refused=refusal.code if refusal else "",
        private=True,
    )


ROUTES = [show_placing, take_placing, show_image, show_fit, take_fit]
