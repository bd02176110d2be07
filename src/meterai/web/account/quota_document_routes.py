"""A document that quota pays for: the places of its stamps, the progress, the stamped file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Response, get, post

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection
from meterai.ledger.recounting import retry_with_new_count
from meterai.operations.use_cases.stop_signing import is_signing_stopped
from meterai.partners.rights import Right
from meterai.pdf.profiles import Profile
from meterai.sales.queries.documents import order_of_item, orders_of_documents
from meterai.stamping.model import Job
from meterai.stamping.queries import DocumentPage, job_of_document, released_file
from meterai.stamping.use_cases.place_stamps import place_stamps
from meterai.stamping.use_cases.start_stamping import start_stamping
from meterai.stamping.use_cases.tell_ends import await_end
from meterai.web.account.acting import Acting, acting, reports_facts
from meterai.web.account.quota import count_ordered, lot_for, quota_of
from meterai.web.documents.seen_documents import look_of, own_document, own_image_address, picture_of
from meterai.web.orders.order_routes import pdf_response
from meterai.web.orders.order_view import CHIPS
from meterai.web.placing.placing import TypedPlacement, typed_of
from meterai.web.placing.placing_form import WantedPlacements, typed_from, wanted_placements
from meterai.web.placing.placing_page import PlacingPlace, placing_page
from meterai.web.placing.settling import settle
from meterai.web.requests.request_context import RequestContext, WebRequest

JOB_STATES = {"accepted": "stamping", "sealing": "stamping", "released": "done", "refused": "refused"}


@get("/saya/dokumen/{document_id:uuid}/letak")
async def show_placing(request: WebRequest, context: RequestContext, document_id: UUID) -> Response[bytes]:
    """Shows the page with the place of one of the document's stamps, proposed or stored."""
    document = await own_document(request, context, document_id, Right.STAMP)
    if elsewhere := await elsewhere_of(context, document):
        return context.redirect(request, elsewhere)
    query = request.query_params
    stamp, page = query.get("meterai", ""), query.get("halaman", "")
    typed = await typed_of(document, stamp=stamp, page=page, free=context.free_place)
    return _page(request, context, document, typed)


@post("/saya/dokumen/{document_id:uuid}/letak", status_code=303)
async def take_placing(request: WebRequest, context: RequestContext, document_id: UUID) -> Response[bytes]:
    """Stores the places. Then shows another stamp, or starts the stamping from a quota lot.

    A document with a job was here already: pressing the button twice leads to the same job.
    """
    form = await context.form(request)
    whose = await acting(request, context, Right.STAMP)
    document = await own_document(request, context, document_id)
    if elsewhere := await elsewhere_of(context, document):
        return context.redirect(request, elsewhere)
    typed = await typed_of(document, stamp=form.text("meterai"), page="", free=context.free_place)
    try:
        typed = await typed_from(form, document, context.free_place)
        wanted = await wanted_placements(form, document, typed, context.free_place)
        wanted = await settle(context, form, document, wanted, typed)
        await _stamp(context, document, whose, wanted, typed.profile)
    except Refusal as refusal:
        if await job_of_document(context.service.db, document_id) is None:
            return _page(request, context, document, typed, refusal)
        return context.redirect(request, f"/saya/dokumen/{document_id}")  # the other press came first
    if wanted.show is not None:
        return context.redirect(request, f"/saya/dokumen/{document_id}/letak?meterai={wanted.show + 1}")
    ask_facts = await reports_facts(context, whose)
    return context.redirect(request, f"/saya/dokumen/{document_id}" + ("/data" if ask_facts else ""))


@get("/saya/dokumen/{document_id:uuid}/halaman/{page:int}")
async def show_image(
    request: WebRequest, context: RequestContext, document_id: UUID, page: int
) -> Response[bytes]:
    """Answers with a page as a JPEG, for its owner alone."""
    await own_document(request, context, document_id)
    return await picture_of(request, context, document_id, page)


@get("/saya/dokumen/{document_id:uuid}")
async def show_document(request: WebRequest, context: RequestContext, document_id: UUID) -> Response[bytes]:
    """Shows the progress of a document's stamping."""
    values = await _progress(request, context, document_id)
    if values is None:
        return context.redirect(request, f"/saya/dokumen/{document_id}/letak")
    return context.page(request, "document.html", private=True, **values)


@get("/saya/dokumen/{document_id:uuid}/keadaan")
async def show_progress(request: WebRequest, context: RequestContext, document_id: UUID) -> Response[bytes]:
    """Answers with the part of that page that changes."""
    values = await _progress(request, context, document_id)
    if values is None:
        raise Refusal(Kind.NOT_FOUND, "order.no_such_item")
    headers = {"X-State": values["job_state"], "X-Mark": values["mark"]}
    if not values["moving"]:
        headers["X-Ended"] = "1"
    return context.page(request, "document_state.html", headers=headers, **values)


@get("/saya/dokumen/{document_id:uuid}/unduh")
async def download(request: WebRequest, context: RequestContext, document_id: UUID) -> Response[bytes]:
    """Answers with the stamped PDF."""
    document = await own_document(request, context, document_id)
    file = await released_file(context.service.db, context.service.objects, document.document_id)
    return pdf_response(file.data, f"bermeterai-{file.name}")


async def elsewhere_of(context: RequestContext, document: DocumentPage) -> str:
    """The page of a document whose stamps can't be placed, or not yet. Empty: they can."""
    own = f"/saya/dokumen/{document.document_id}"
    if document.job is not None:
        return own
    if number := await _order_of(context, document.document_id):
        return f"/pesanan/{number}"
    return "" if document.compared else f"{own}/{look_of(document)}"


async def _order_of(context: RequestContext, document_id: UUID) -> str | None:
    """The order that holds the document: quota is not spent on what an order pays for."""
    return (await orders_of_documents(context.service.db, [document_id])).get(document_id)


async def _stamp(
    context: RequestContext,
    document: DocumentPage,
    whose: Acting,
    wanted: WantedPlacements,
    profile: Profile | None,
) -> None:
    """Stores places and profile. The stamping starts unless something comes first: another stamp's place, or
    the facts of the document (`facts_routes`)."""
    service, customer_id, now = context.service, whose.customer_id, context.service.clock()
    pieces = len(wanted.placements)
    await place_stamps(service.db, document.document_id, wanted.placements, profile=profile)
    if wanted.show is not None or await reports_facts(context, whose):
        return
    await await_end(
        service.db,
        document.document_id,
        customer_id=customer_id,
        contact_id=whose.person.proven_by,
        now=now,
    )

    async def before(tx: Connection) -> None:
        await count_ordered(tx, whose, pieces=pieces, per_document=pieces, now=now)

    async def reserve() -> Job:
        return await start_stamping(
            service.db,
            document_id=document.document_id,
            customer_id=customer_id,
            lot_account_id=lot_for(await quota_of(context, whose), pieces),
            reference_id=document.document_id,
            idempotency_key=f"quota-{document.document_id}",
            before=before if whose.organisation else None,
            now=now,
        )

    await retry_with_new_count(reserve)


async def _progress(request: WebRequest, context: RequestContext, document_id: UUID) -> dict[str, Any] | None:
    document = await own_document(request, context, document_id)
    job = document.job
    if job is None:
        return None
    item_state = JOB_STATES[job.state]
    stopped = item_state == "stamping" and await is_signing_stopped(context.service.db)
    order = await order_of_item(context.service.db, job.reference_id) if item_state == "refused" else None
    return {
        "name": document.name,
        "document_id": document_id,
        "job_state": str(job.state),
        "item_state": "stamping_stopped" if stopped else item_state,
        "chip": CHIPS[item_state],
        "serials": job.serials,
        "refusal": job.refusal_code or "",
        "order": order,  # which has the stamps of a refused document, unless quota had
        "moving": item_state == "stamping",
        "mark": f"{job.state}-{stopped}",
    }


def _page(
    request: WebRequest,
    context: RequestContext,
    document: DocumentPage,
    typed: TypedPlacement,
    refusal: Refusal | None = None,
) -> Response[bytes]:
    base = f"/saya/dokumen/{document.document_id}"
    place = PlacingPlace(
        document=document,
        image=lambda page: own_image_address(document, page),
        action=f"{base}/letak",
        turn=f"{base}/letak/putar",
        sheets=f"{base}/lembar",
        countable=True,
    )
    return placing_page(request, context, place, typed, refusal)


ROUTES = [show_placing, take_placing, show_image, show_document, show_progress, download]
