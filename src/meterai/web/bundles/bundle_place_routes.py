"""The place of the stamp on one document of a bundle."""

from __future__ import annotations

from uuid import UUID

import msgspec
from litestar import Response, get, post

from meterai.kernel.refusals import Kind, Refusal
from meterai.partners.rights import Right
from meterai.stamping.bundles.ready_files import ReadyFile, ready_files
from meterai.stamping.queries import DocumentPage
from meterai.stamping.use_cases.place_in_bundle import place_in_bundle
from meterai.web.account.acting import acting
from meterai.web.bundles.bundle_covering import refuse_strangers
from meterai.web.bundles.bundle_view import BundleView, place_address, view_named
from meterai.web.documents.seen_documents import own_document, own_image_address
from meterai.web.placing.placing import TypedPlacement, typed_of
from meterai.web.placing.placing_form import WantedPlacements, typed_from
from meterai.web.placing.placing_page import PlacingPlace, placing_page
from meterai.web.placing.settling import settle
from meterai.web.requests.request_context import RequestContext, WebRequest


@get("/saya/banyak/{id:uuid}/letak/{file_id:uuid}/{seen:str}")
async def show_placing(
    request: WebRequest, context: RequestContext, id: UUID, file_id: UUID, seen: str
) -> Response[bytes]:
    """Shows the page of one document with its stamp, where the rule or a person put it."""
    view = view_named(seen)
    document = await _document(request, context, id, file_id, view)
    if document is None:
        return context.redirect(request, view.address(id))
    page = request.query_params.get("halaman", "")
    typed = await typed_of(document, stamp="1", page=page, free=context.free_place)
    return _page(request, context, id, file_id, view, document, typed)


@post("/saya/banyak/{id:uuid}/letak/{file_id:uuid}/{seen:str}", status_code=303)
async def take_placing(
    request: WebRequest, context: RequestContext, id: UUID, file_id: UUID, seen: str
) -> Response[bytes]:
    """Stores the place and goes back to the same part of the bundle."""
    form, view = await context.form(request), view_named(seen)
    document = await _document(request, context, id, file_id, view)
    if document is None:
        return context.redirect(request, view.address(id))
    whose, service = await acting(request, context, Right.BUNDLE), context.service
    typed = await typed_of(document, stamp="1", page="", free=context.free_place)
    try:
        typed = await typed_from(form, document, context.free_place)
        wanted = WantedPlacements([typed.placement], None)
        settled = await settle(context, form, document, wanted, typed)
        await place_in_bundle(
            service.db,
            bundle_id=id,
            customer_id=whose.customer_id,
            file_id=file_id,
            placement=settled.placements[0],
        )
    except Refusal as refusal:
        if refusal.kind is Kind.CONFLICT:  # nothing of it can be placed any more
            return context.redirect(request, view.address(id))
        return _page(request, context, id, file_id, view, document, typed, refusal)
    return context.redirect(request, view.address(id, file_id))


async def _document(
    request: WebRequest, context: RequestContext, id: UUID, file_id: UUID, view: BundleView
) -> DocumentPage | None:
    """The document with its stamp as the bundle's page shows it. None: it can't be moved any more.

    Raises: Refusal NOT_FOUND `bundle.unknown`.
    """
    whose = await acting(request, context, Right.BUNDLE)
    await refuse_strangers(context, whose, id)
    files = await ready_files(context.service.db, id, only=file_id)
    return await _as_seen(request, context, files[0], view) if files else None


async def _as_seen(
    request: WebRequest, context: RequestContext, file: ReadyFile, view: BundleView
) -> DocumentPage:
    document = await own_document(request, context, file.document_id)
    return msgspec.structs.replace(document, placements=(file.spot(view.rule)[0],))


def _page(
    request: WebRequest,
    context: RequestContext,
    id: UUID,
    file_id: UUID,
    view: BundleView,
    document: DocumentPage,
    typed: TypedPlacement,
    refusal: Refusal | None = None,
) -> Response[bytes]:
    place = PlacingPlace(
        document=document,
        image=lambda page: own_image_address(document, page),
        action=place_address(id, file_id, view),
        sheets=f"/saya/dokumen/{document.document_id}/lembar?banyak={id}&lihat={view.text}",
        many=view.address(id, file_id),
        countable=False,
    )
    return placing_page(request, context, place, typed, refusal)


ROUTES = [show_placing, take_placing]
