"""Shows all pages of a document before anybody pays or uses quota for it."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, get

from meterai.stamping.queries import DocumentPage
from meterai.web.bundles.bundle_view import view_named
from meterai.web.documents.seen_documents import (
    document_of_draft,
    image_address,
    own_document,
    own_image_address,
)
from meterai.web.documents.sheets import Sheet, sheets_of
from meterai.web.requests.forms import id_in
from meterai.web.requests.request_context import RequestContext, WebRequest


@get("/pesanan/{number:str}/lembar/{document_id:uuid}")
async def show_sheets_of_order(
    request: WebRequest, context: RequestContext, number: str, document_id: UUID
) -> Response[bytes]:
    """Shows all pages of a draft's document, as they will be sealed."""
    draft = await document_of_draft(request, context, number, document_id)
    if draft is None:
        return context.redirect(request, f"/pesanan/{number}")
    sheets = sheets_of(draft.document, lambda page: image_address(context, draft.key, draft.document, page))
    return _page(request, context, draft.document, sheets, f"/pesanan/{number}/letak/{draft.position}")


@get("/saya/dokumen/{document_id:uuid}/lembar")
async def show_sheets(request: WebRequest, context: RequestContext, document_id: UUID) -> Response[bytes]:
    """Shows all pages of a customer's document that quota is to pay for, alone or in a bundle."""
    document = await own_document(request, context, document_id)
    sheets = sheets_of(document, lambda page: own_image_address(document, page))
    bundle = id_in(request.query_params.get("banyak", ""))
    view = view_named(request.query_params.get("lihat", ""))
    back = view.address(bundle) if bundle else f"/saya/dokumen/{document_id}/letak"
    return _page(request, context, document, sheets, back)


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
