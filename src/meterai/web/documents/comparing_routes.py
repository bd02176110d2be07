"""Asks people to compare pages whose fields or comments look different since they are part of the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from litestar import Response, get, post

from meterai.stamping.queries import DocumentPage
from meterai.stamping.use_cases.confirm_pages import confirm_pages
from meterai.web.documents.seen_documents import (
    document_of_draft,
    image_address,
    own_document,
    own_image_address,
)
from meterai.web.placing.placing import PageSize, page_size
from meterai.web.requests.request_context import RequestContext, WebRequest


@dataclass(frozen=True, slots=True)
class DifferentBox:
    """A box that looks different, in points of the visible page."""

    left: float
    top: float
    """Distance of its upper side from the lower side of the page."""
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class ComparedPage:
    """A page before and after, with the boxes that differ."""

    number: int
    size: PageSize
    before: str
    after: str
    boxes: list[DifferentBox]


@get("/pesanan/{number:str}/banding/{document_id:uuid}")
async def show_comparison_of_order(
    request: WebRequest, context: RequestContext, number: str, document_id: UUID
) -> Response[bytes]:
    """Shows the pages of a draft's document that look different, before and after."""
    draft = await document_of_draft(request, context, number, document_id)
    if draft is None:
        return context.redirect(request, f"/pesanan/{number}")
    if draft.document.photos:
        return context.redirect(request, f"/pesanan/{number}/foto/{document_id}")

    def image(page: int, uploaded: bool) -> str:
        return image_address(context, draft.key, draft.document, page, uploaded=uploaded)

    base = f"/pesanan/{number}"
    return _page(request, context, draft.document, image, base=base, drop=f"{base}/hapus/{document_id}")


@post("/pesanan/{number:str}/banding/{document_id:uuid}", status_code=303)
async def confirm_of_order(
    request: WebRequest, context: RequestContext, number: str, document_id: UUID
) -> Response[bytes]:
    """Notes that the person wants the result, and goes on to the place of the stamp."""
    await context.form(request)
    draft = await document_of_draft(request, context, number, document_id)
    if draft is None:
        return context.redirect(request, f"/pesanan/{number}")
    await confirm_pages(context.service.db, document_id, now=context.service.clock())
    return context.redirect(request, f"/pesanan/{number}/letak/{draft.position}")


@get("/saya/dokumen/{document_id:uuid}/banding")
async def show_comparison(request: WebRequest, context: RequestContext, document_id: UUID) -> Response[bytes]:
    """Shows the same for a document that quota is to pay for."""
    document = await own_document(request, context, document_id)
    if document.photos:
        return context.redirect(request, f"/saya/dokumen/{document_id}/foto")

    def image(page: int, uploaded: bool) -> str:
        return own_image_address(document, page, uploaded=uploaded)

    return _page(request, context, document, image, base="/saya", drop="")


@post("/saya/dokumen/{document_id:uuid}/banding", status_code=303)
async def confirm(request: WebRequest, context: RequestContext, document_id: UUID) -> Response[bytes]:
    """Notes that the person wants the result, and goes on to the place of the stamp."""
    await context.form(request)
    await own_document(request, context, document_id)
    await confirm_pages(context.service.db, document_id, now=context.service.clock())
    return context.redirect(request, f"/saya/dokumen/{document_id}/letak")


def _page(
    request: WebRequest,
    context: RequestContext,
    document: DocumentPage,
    image: Callable[[int, bool], str],
    *,
    base: str,
    drop: str,
) -> Response[bytes]:
    pages = [
        ComparedPage(
            number=found.page,
            size=page_size(document, found.page),
            before=image(found.page, True),
            after=image(found.page, False),
            boxes=[DifferentBox(x0, y1, x1 - x0, y1 - y0) for x0, y0, x1, y1 in found.boxes],
        )
        for found in document.differences
    ]
    visit = context.visit(request)
    return context.page(
        request,
        "compare.html",
        name=document.name,
        pages=pages,
        back=visit.link(base),
        drop=visit.link(drop) if drop else "",
        private=True,
    )


ROUTES = [show_comparison_of_order, confirm_of_order, show_comparison, confirm]
