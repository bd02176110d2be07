"""Finds the document that a visitor may see, of a draft order or of their own, and draws its pages."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from litestar import Response

from meterai.kernel.refusals import Kind, Refusal
from meterai.partners.rights import Right
from meterai.sales.queries.order_page import OrderItems, OrderPage, order_items
from meterai.stamping.queries import DocumentPage, document_image, document_page, image_at_hand
from meterai.stamping.requests import PAGE_IMAGE_WIDTH_PX, THUMBNAIL_WIDTH_PX
from meterai.web.account.acting import acting
from meterai.web.orders.access import OrderKey, open_order_page
from meterai.web.requests.csrf import make_permit
from meterai.web.requests.request_context import RequestContext, WebRequest

WIDTHS_PX = {"besar": 1000, "sedang": THUMBNAIL_WIDTH_PX, "kecil": 112}
"""Widths of pictures, as addresses name them: to look closely, of many files, to choose a page."""


@dataclass(frozen=True, slots=True)
class SeenDocument:
    """A document of a draft, and its position in the order."""

    key: OrderKey
    document: DocumentPage
    position: int


async def document_of_draft(
    request: WebRequest, context: RequestContext, number: str, document_id: UUID
) -> SeenDocument | None:
    """Finds a draft's document. None: the order is no draft any more.

    Raises: Refusal NOT_FOUND `order.no_such_item`.
    """
    key = await open_order_page(context, request, number)
    order = await order_items(context.service.db, key.order_id)
    if is_over(order):
        return None
    document = await document_in_order(context, order, document_id)
    position = [item.document_id for item in order.items].index(document_id) + 1
    return SeenDocument(key, document, position)


async def document_in_order(context: RequestContext, order: OrderItems, document_id: UUID) -> DocumentPage:
    """Finds a document of an order. Raises: Refusal NOT_FOUND `order.no_such_item`."""
    is_theirs = any(item.document_id == document_id for item in order.items)
    document = await document_page(context.service.db, document_id) if is_theirs else None
    if document is None:
        raise Refusal(Kind.NOT_FOUND, "order.no_such_item")
    return document


async def own_document(
    request: WebRequest, context: RequestContext, document_id: UUID, right: Right | None = None
) -> DocumentPage:
    """Finds a document of the person who is signed in, or of the organisation for which they act.

    `right`: what they need; by default `SHOW`, for forms `STAMP`. Raises: Refusal NOT_FOUND
    `document.unknown`; what `acting` raises.
    """
    needed = right or (Right.STAMP if request.method == "POST" else Right.SHOW)
    whose = await acting(request, context, needed)
    document = await document_page(context.service.db, document_id, customer_id=whose.customer_id)
    if document is None:
        raise Refusal(Kind.NOT_FOUND, "document.unknown")
    return document


def look_of(document: DocumentPage) -> str:
    """The page on which a person looks at a document before its stamp is placed, as addresses name it."""
    return "foto" if document.photos else "banding"


def image_address(
    context: RequestContext, key: OrderKey, document: DocumentPage, page: int, *, uploaded: bool = False
) -> str:
    """The address of a page's picture, with the permit that the route of an order's pictures asks for."""
    version = _version(document, uploaded=uploaded)
    permit = make_permit(context.service.secret, key.order_id, document.document_id, version)
    own = f"/pesanan/{key.number}/halaman/{document.document_id}/{page}"
    return f"{own}?izin={permit}&v={version}" + ("&asal=1" if uploaded else "")


def own_image_address(document: DocumentPage, page: int, *, uploaded: bool = False) -> str:
    """The address of a page's picture for the customer who owns the document. Other bytes have another."""
    version = _version(document, uploaded=uploaded)
    own = f"/saya/dokumen/{document.document_id}/halaman/{page}"
    return f"{own}?v={version[:16]}" + ("&asal=1" if uploaded else "")


def _version(document: DocumentPage, *, uploaded: bool) -> str:
    return (uploaded and document.upload_object) or document.input_object


async def picture_of(
    request: WebRequest,
    context: RequestContext,
    document_id: UUID,
    page: int,
    *,
    version: str = "",
) -> Response[bytes]:
    """Answers with a page as a JPEG. The caller has checked that the visitor may see it.

    The query `asal` asks for the page as it was uploaded, `ukuran` for another width. `version`: the bytes,
    if the address names them.
    """
    service = context.service
    width = WIDTHS_PX.get(request.query_params.get("ukuran", ""), PAGE_IMAGE_WIDTH_PX)
    jpeg = image_at_hand(version, page, width)
    if jpeg is None:
        uploaded = "asal" in request.query_params
        jpeg = await document_image(
            service.db, service.jail, service.objects, document_id, page, width, uploaded=uploaded
        )
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=600"})


def is_over(order: OrderItems | OrderPage) -> bool:
    """Tells whether the order is paid, or never will be. Stamps are no longer placed; its page shows its
    state.
    """
    return order.state not in ("draft", "awaiting_payment")
