"""Photos of a document: people turn and straighten them, look at the PDF, and only then go on with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from litestar import Response, get, post

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.status import http_status
from meterai.stamping.photos import PHOTOS_MAX, Point
from meterai.stamping.queries import DocumentPage, document_page
from meterai.stamping.use_cases.change_photos import change_photos
from meterai.stamping.use_cases.confirm_pages import confirm_pages
from meterai.web.account.sign_in import told
from meterai.web.documents.photo_form import (
    IMAGE_WIDTH_PX,
    is_tap,
    pages_from,
    points_of,
    tapped,
    written,
)
from meterai.web.documents.seen_documents import (
    document_of_draft,
    image_address,
    own_document,
    own_image_address,
)
from meterai.web.placing.placing import page_size
from meterai.web.requests.forms import DOCUMENTS, Form, position_named
from meterai.web.requests.request_context import RequestContext, WebRequest


@dataclass(frozen=True, slots=True)
class PhotoPlace:
    """A document made of photos, and the addresses around its page."""

    document: DocumentPage
    path: str
    onward: str
    back: str
    drop: str
    """The form that takes the document out of its order; empty where there is no order."""
    image: Callable[[int, bool], str]
    """The address of a page's picture: of the PDF, or of the photo as it came."""
    use: Callable[[DocumentPage], Awaitable[None]] | None = None
    """Called with the confirmed document, before its page leads onward. Safe to repeat."""


@get("/pesanan/{number:str}/foto/{document_id:uuid}")
async def show_photos_of_order(
    request: WebRequest, context: RequestContext, number: str, document_id: UUID
) -> Response[bytes]:
    """Shows the photos of a draft's document, and what is made of them."""
    place = await _of_draft(request, context, number, document_id)
    if place is None:
        return context.redirect(request, f"/pesanan/{number}")
    return show_photo_page(request, context, place)


@post("/pesanan/{number:str}/foto/{document_id:uuid}", status_code=303)
async def take_photos_of_order(
    request: WebRequest, context: RequestContext, number: str, document_id: UUID
) -> Response[bytes]:
    """Changes them, or goes on with the result."""
    form = await context.form(request, DOCUMENTS)
    place = await _of_draft(request, context, number, document_id)
    if place is None:
        return context.redirect(request, f"/pesanan/{number}")
    return await take_photo_form(request, context, place, form)


@get("/saya/dokumen/{document_id:uuid}/foto")
async def show_photos(request: WebRequest, context: RequestContext, document_id: UUID) -> Response[bytes]:
    """Shows the same for a document that quota is to pay for."""
    return show_photo_page(request, context, await _of_customer(request, context, document_id))


@post("/saya/dokumen/{document_id:uuid}/foto", status_code=303)
async def take_photos(request: WebRequest, context: RequestContext, document_id: UUID) -> Response[bytes]:
    """Changes them, or goes on with the result."""
    form = await context.form(request, DOCUMENTS)
    return await take_photo_form(request, context, await _of_customer(request, context, document_id), form)


async def _of_draft(
    request: WebRequest, context: RequestContext, number: str, document_id: UUID
) -> PhotoPlace | None:
    draft = await document_of_draft(request, context, number, document_id)
    if draft is None:
        return None
    base = f"/pesanan/{number}"
    return PhotoPlace(
        document=draft.document,
        path=f"{base}/foto/{document_id}",
        onward=f"{base}/letak/{draft.position}",
        back=f"{base}/dokumen",
        drop=f"{base}/hapus/{document_id}",
        image=lambda page, uploaded: image_address(
            context, draft.key, draft.document, page, uploaded=uploaded
        ),
    )


async def _of_customer(request: WebRequest, context: RequestContext, document_id: UUID) -> PhotoPlace:
    document = await own_document(request, context, document_id)
    base = f"/saya/dokumen/{document_id}"
    return PhotoPlace(
        document=document,
        path=f"{base}/foto",
        onward=f"{base}/letak",
        back="/saya",
        drop="",
        image=lambda page, uploaded: own_image_address(document, page, uploaded=uploaded),
    )


def show_photo_page(request: WebRequest, context: RequestContext, place: PhotoPlace) -> Response[bytes]:
    """Shows a photo, and what is made of it; leads onward once the result is confirmed."""
    if place.document.compared:  # nothing to confirm any more
        return context.redirect(request, place.onward)
    return _page(request, context, place, _chosen(place, request.query_params.get("foto", "")))


async def take_photo_form(
    request: WebRequest, context: RequestContext, place: PhotoPlace, form: Form
) -> Response[bytes]:
    """Changes the photos as the form wants it, or uses the result."""
    chosen = _chosen(place, form.text("foto"))
    try:
        if place.document.compared or form.text("lakukan") == "pakai":
            await _use(context, place, form)
            return context.redirect(request, place.onward)
        _refuse_changed(place, form)
        if is_tap(form):
            points = tapped(form, place.document.photos[chosen])
            if len(points) < 4:
                return _page(request, context, place, chosen, points)
            form = Form(fields=form.fields | {"sudut": written(points), "lakukan": "sudut"})
        shown = await _change(context, place, form, chosen)
    except Refusal as refusal:
        return _page(request, context, place, chosen, points_of(form), refusal)
    return context.redirect(request, f"{place.path}?foto={shown + 1}")


async def _use(context: RequestContext, place: PhotoPlace, form: Form) -> None:
    """Notes that the person has seen the result, and gives it to what comes next."""
    document, service = place.document, context.service
    if not document.compared:
        _refuse_changed(place, form)
        await confirm_pages(
            service.db, document.document_id, now=service.clock(), upload=document.upload_object
        )
    if place.use is not None:
        confirmed = await document_page(service.db, document.document_id)
        if confirmed is None or not confirmed.compared:  # changed in another window in this moment
            raise Refusal(Kind.CONFLICT, "photo.changed")
        await place.use(confirmed)


def _refuse_changed(place: PhotoPlace, form: Form) -> None:
    if form.text("album") != place.document.upload_object:
        raise Refusal(Kind.CONFLICT, "photo.changed")


async def _change(context: RequestContext, place: PhotoPlace, form: Form, chosen: int) -> int:
    """Makes the PDF as the form wants it. Returns the photo to show next, from 0."""
    document, service, act = place.document, context.service, form.text("lakukan")
    uploads = form.uploads("berkas") if act == "tambah" else []
    if act == "tambah" and not uploads:
        raise Refusal(Kind.INVALID, "photo.none")
    if any(upload.too_large for upload in uploads):
        raise Refusal(Kind.INVALID, "photo.too_large")
    if len(document.photos) + len(uploads) > PHOTOS_MAX:
        raise Refusal(Kind.INVALID, "photo.too_many", photos_max=PHOTOS_MAX)
    pictures = [bytes(upload.content) for upload in uploads]
    pages = pages_from(form, document.photos, chosen, added=len(pictures))
    service.upload_room.reserve.refuse_uploads(document.bytes + sum(map(len, pictures)))
    await change_photos(service.db, service.jail, service.objects, document, pages, pictures)
    last = {"tambah": len(document.photos), "maju": max(chosen - 1, 0)}
    return min(last.get(act, chosen), len(pages) - 1)


def _chosen(place: PhotoPlace, text: str) -> int:
    """The photo that an address or a form names, from 0; else the first one."""
    return min(position_named(text), len(place.document.photos)) - 1


def _page(
    request: WebRequest,
    context: RequestContext,
    place: PhotoPlace,
    chosen: int,
    points: tuple[Point, ...] | None = None,
    refusal: Refusal | None = None,
) -> Response[bytes]:
    visit, document = context.visit(request), place.document
    photo = document.photos[chosen]
    corners = points or photo.corners
    return context.page(
        request,
        "photo.html",
        status=http_status(refusal),
        name=document.name,
        photo=photo,
        chosen=chosen + 1,
        photos=len(document.photos),
        photos_max=PHOTOS_MAX,
        points=corners,
        outline=written(corners),
        is_begun=bool(points),
        album=document.upload_object,
        width=IMAGE_WIDTH_PX,
        height=round(IMAGE_WIDTH_PX * photo.height_px / photo.width_px),
        picture=place.image(chosen + 1, True),
        result=place.image(chosen + 1, False),
        size=page_size(document, chosen + 1),
        bytes=document.bytes,
        output=document.output,
        limits=document.limits,
        action=visit.link(place.path),
        back=visit.link(place.back),
        drop=visit.link(place.drop) if place.drop else "",
        private=True,
        **told(refusal),
    )


ROUTES = [show_photos_of_order, take_photos_of_order, show_photos, take_photos]
