"""Shows all pages of a document before anybody pays or uses quota for it."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, get

from meterai.kernel.refusals import Kind, Refusal
from meterai.sales.queries.order_page import order_items
from meterai.stamping.queries import DocumentPage, document_page
from meterai.web.documents.place_routes import image_address, is_over
from meterai.web.documents.sheets import Sheet, sheets_of
from meterai.web.orders.access import open_order_page, signed_in
from meterai.web.requests.request_context import RequestContext, WebRequest


@get("/pesanan/{number:str}/lembar/{document_id:uuid}")
async def show_sheets_of_order(
    request: WebRequest, context: RequestContext, number: str, document_id: UUID
) -> Response[bytes]:
    """Shows all pages of a draft's document, as they will be sealed."""
    key = await open_order_page(context, request, number)
    order = await order_items(context.service.db, key.order_id)
    if is_over(order):
        return context.redirect(request, f"/pesanan/{number}")
    items = [item.document_id for item in order.items]
    document = await document_page(context.service.db, document_id) if document_id in items else None
    if document is None:
        raise Refusal(Kind.NOT_FOUND, "order.no_such_item")
    sheets = sheets_of(document, lambda page: image_address(context, key, document, page))
    back = f"/pesanan/{number}/letak/{items.index(document_id) + 1}"
    return _page(request, context, document, sheets, back)


@get("/saya/dokumen/{document_id:uuid}/lembar")
async def show_sheets(request: WebRequest, context: RequestContext, document_id: UUID) -> Response[bytes]:
    """Shows all pages of a customer's document that quota is to pay for, alone or in a bundle."""
    customer = await signed_in(context, request)
    document = await document_page(context.service.db, document_id, customer_id=customer.customer_id)
    if document is None:
        raise Refusal(Kind.NOT_FOUND, "document.unknown")
    sheets = sheets_of(document, lambda page: f"/saya/dokumen/{document_id}/halaman/{page}")
    bundle = _id(request.query_params.get("banyak", ""))
    back = f"/saya/banyak/{bundle}" if bundle else f"/saya/dokumen/{document_id}/letak"
    return _page(request, context, document, sheets, back)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _page(
    request: WebRequest, context: RequestContext, document: DocumentPage, sheets: list[Sheet], back: str
) -> Response[bytes]:
    return context.page(
        request,
        "sheets.html",
        name=document.name,
        profile=document.profile,
        sheets=sheets,
        many=back.startswith("/saya/banyak"),
        back=context.visit(request).link(back),
        private=True,
    )


ROUTES = [show_sheets_of_order, show_sheets]
