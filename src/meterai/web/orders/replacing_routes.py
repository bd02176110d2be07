"""Another file instead of one that could not be stamped. Photos are looked at before they are used."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from litestar import Response, get, post

from meterai.kernel.refusals import Kind, Refusal
from meterai.pdf.profiles import CHOICES, Profile
from meterai.sales.order import Item
from meterai.sales.queries.order_page import OrderPage, order_page
from meterai.sales.use_cases.replace_document import replace_document
from meterai.stamping.queries import DocumentPage, document_page
from meterai.web.documents.photo_routes import PhotoPlace, show_photo_page, take_photo_form
from meterai.web.documents.seen_documents import image_address
from meterai.web.documents.uploads import accept_upload, refuse_unfit
from meterai.web.orders.access import open_order_page
from meterai.web.orders.order_routes import order_page_response
from meterai.web.requests.forms import DOCUMENTS
from meterai.web.requests.request_context import RequestContext, WebRequest


@post("/pesanan/{number:str}/ganti/{position:int}", status_code=303)
async def replace(
    request: WebRequest, context: RequestContext, number: str, position: int
) -> Response[bytes]:
    """Takes another file instead of one that could not be stamped."""
    form = await context.form(request, DOCUMENTS)
    key = await open_order_page(context, request, number, afresh=True)
    order = await order_page(context.service.db, key.order_id)
    item = _item(order, position)
    try:
        document = await accept_upload(
            context,
            form,
            event=context.events.get(order.event_slug or ""),
            kind=item.document_kind,
            owner=order.customer_id,
            stamps=item.quantity,
            profile=await _profile_wanted(context, item.document_id),
        )
        if document.photos:
            at = f"/pesanan/{number}/ganti/{position}/foto/{document.document_id}"
            return context.redirect(request, at)
        await _replace(context, item, document)
    except Refusal as refusal:
        return await order_page_response(request, context, key, refusal)
    return context.redirect(request, f"/pesanan/{number}")


@get("/pesanan/{number:str}/ganti/{position:int}/foto/{document_id:uuid}")
async def show_photos(
    request: WebRequest, context: RequestContext, number: str, position: int, document_id: UUID
) -> Response[bytes]:
    """Shows what was made of the photos."""
    place = await _place(request, context, number, position, document_id)
    return show_photo_page(request, context, place)


@post("/pesanan/{number:str}/ganti/{position:int}/foto/{document_id:uuid}", status_code=303)
async def take_photos(
    request: WebRequest, context: RequestContext, number: str, position: int, document_id: UUID
) -> Response[bytes]:
    """Changes them, or stamps the result."""
    form = await context.form(request, DOCUMENTS)
    place = await _place(request, context, number, position, document_id)
    return await take_photo_form(request, context, place, form)


async def _place(
    request: WebRequest, context: RequestContext, number: str, position: int, document_id: UUID
) -> PhotoPlace:
    """Finds the photos. Raises: Refusal NOT_FOUND `document.unknown`, also for another customer's."""
    key = await open_order_page(context, request, number, afresh=True)
    order = await order_page(context.service.db, key.order_id)
    item, owner = _item(order, position), order.customer_id
    document = await document_page(context.service.db, document_id, customer_id=owner) if owner else None
    if document is None:
        raise Refusal(Kind.NOT_FOUND, "document.unknown")
    return PhotoPlace(
        document=document,
        path=f"/pesanan/{number}/ganti/{position}/foto/{document_id}",
        onward=f"/pesanan/{number}",
        back=f"/pesanan/{number}",
        drop="",
        image=lambda page, uploaded: image_address(context, key, document, page, uploaded=uploaded),
        use=partial(_replace, context, item),
    )


async def _replace(context: RequestContext, item: Item, document: DocumentPage) -> None:
    """Gives the document to stamping, at the proposed places: nobody places a stamp of a paid order again.

    Raises: Refusal as `refuse_unfit`; INVALID `item.no_empty_place`; as `replace_document`.
    """
    refuse_unfit(document)
    if any(place.covers for place in document.placements):
        raise Refusal(Kind.INVALID, "item.no_empty_place")
    await replace_document(context.service.db, item.id, document.document_id, now=context.service.clock())


def _item(order: OrderPage, position: int) -> Item:
    for item in order.items:
        if item.position == position:
            return item
    raise Refusal(Kind.NOT_FOUND, "order.no_such_item")


async def _profile_wanted(context: RequestContext, refused: UUID | None) -> Profile:
    """The choice for the document that is replaced: whether others sign it afterwards."""
    document = await document_page(context.service.db, refused) if refused else None
    return document.profile if document and document.profile in CHOICES else Profile.FINAL


ROUTES = [replace, show_photos, take_photos]
