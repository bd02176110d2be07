"""Pictures of each stamp and the words around it: before paying with a sample, afterwards the real one."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, get

from meterai.sales.queries.order_page import order_items
from meterai.stamping.queries import DocumentPage
from meterai.stamping.stamp_crops import draw_crop, find_crop
from meterai.web.documents.seen_documents import document_in_order, own_document
from meterai.web.orders.access import open_order_page
from meterai.web.requests.request_context import RequestContext, WebRequest


@get("/pesanan/{number:str}/meterai/{document_id:uuid}/{stamp:int}")
async def show_crop_of_order(
    request: WebRequest, context: RequestContext, number: str, document_id: UUID, stamp: int
) -> Response[bytes]:
    """Answers with the picture of a stamp of an order's document."""
    key = await open_order_page(context, request, number, afresh=True)
    order = await order_items(context.service.db, key.order_id)
    return await _answer(request, context, await document_in_order(context, order, document_id), stamp)


@get("/saya/dokumen/{document_id:uuid}/meterai/{stamp:int}")
async def show_crop(
    request: WebRequest, context: RequestContext, document_id: UUID, stamp: int
) -> Response[bytes]:
    """Answers with the same picture of a customer's own document."""
    return await _answer(request, context, await own_document(request, context, document_id), stamp)


async def _answer(
    request: WebRequest, context: RequestContext, document: DocumentPage, stamp: int
) -> Response[bytes]:
    """Sends the picture, unless the browser has it. The place may have changed, so it asks each time."""
    service = context.service
    crop = await find_crop(service.db, document, stamp)
    headers = {"ETag": f'"{crop.name}"', "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(b"", status_code=304, headers=headers)
    jpeg = await draw_crop(service.jail, service.objects, crop, owner=str(document.document_id))
    return Response(jpeg, media_type="image/jpeg", headers=headers)


ROUTES = [show_crop_of_order, show_crop]
