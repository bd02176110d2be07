"""Turns a page that is shown sideways, before its stamp is placed."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, post

from meterai.sales.queries.documents import orders_of_documents
from meterai.stamping.queries import DocumentPage
from meterai.stamping.use_cases.turn_page import turn_page
from meterai.web.documents.seen_documents import document_of_draft, own_document
from meterai.web.orders.acts import typed_id
from meterai.web.requests.forms import Form
from meterai.web.requests.request_context import RequestContext, WebRequest

_DEGREES = {"kiri": 270, "kanan": 90}


@post("/pesanan/{number:str}/letak/{position:int}/putar", status_code=303)
async def turn_page_of_order(
    request: WebRequest, context: RequestContext, number: str, position: int
) -> Response[bytes]:
    """Turns a page of a draft's document. An earlier document may have been taken out meanwhile."""
    form = await context.form(request)
    draft = await document_of_draft(request, context, number, typed_id(form.text("dokumen")))
    if draft is None:
        return context.redirect(request, f"/pesanan/{number}")
    await _turn(context, draft.document, form)
    return context.redirect(request, f"/pesanan/{number}/letak/{draft.position}?{_shown(form)}")


@post("/saya/dokumen/{document_id:uuid}/letak/putar", status_code=303)
async def turn_own_page(request: WebRequest, context: RequestContext, document_id: UUID) -> Response[bytes]:
    """Turns a page of a customer's document that quota is to pay for."""
    form = await context.form(request)
    document = await own_document(request, context, document_id)
    if document.job is None and not await orders_of_documents(context.service.db, [document_id]):
        await _turn(context, document, form)
    return context.redirect(request, f"/saya/dokumen/{document_id}/letak?{_shown(form)}")


async def _turn(context: RequestContext, document: DocumentPage, form: Form) -> None:
    """Turns the page, unless the file is another one than the person saw: pressed twice, it turns once."""
    degrees = _DEGREES.get(form.text("arah"))
    if degrees is None or not document.compared or form.text("versi") != document.input_object:
        return
    service = context.service
    service.upload_room.reserve.refuse_uploads(document.bytes)
    page = form.number("lembar", 1)
    await turn_page(service.db, service.jail, service.objects, document, page, degrees=degrees)


def _shown(form: Form) -> str:
    return f"meterai={form.number('untuk', 1)}&halaman={form.number('lembar', 1)}"


ROUTES = [turn_page_of_order, turn_own_page]
