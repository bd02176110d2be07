"""My stamps: signing in by code, quota, stamping a document with quota, orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Response, get, post

from meterai.customers.queries import SessionCustomer
from meterai.customers.use_cases.sign_out import sign_out
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.status import http_status
from meterai.ledger.recounting import retry_with_new_count
from meterai.operations.use_cases.stop_signing import is_signing_stopped
from meterai.pdf.profiles import Profile
from meterai.sales.queries.customers import OrderSummary, orders_of_customer, quota_of_customer
from meterai.sales.queries.documents import order_of_item, orders_of_documents
from meterai.stamping.bundles.queries import bundles_of_customer
from meterai.stamping.model import Job
from meterai.stamping.queries import (
    DocumentPage,
    documents_of_customer,
    job_of_document,
    released_file,
)
from meterai.stamping.use_cases.place_stamps import place_stamps
from meterai.stamping.use_cases.start_stamping import start_stamping
from meterai.stamping.use_cases.tell_ends import await_end
from meterai.texts.pages import SIGN_IN
from meterai.web.account.sign_in import (
    CODE_COOKIE,
    awaits_old_code,
    browser_of,
    check_code,
    code_page,
    contact_page,
    send_code,
    session_cookies,
    told,
)
from meterai.web.documents.seen_documents import look_of, own_document, picture_of
from meterai.web.documents.uploads import accept_upload
from meterai.web.line.general_shop import entry_cookies
from meterai.web.orders.access import ORDER_COOKIE, customer_of, kept_orders, signed_in
from meterai.web.orders.order_routes import pdf_response
from meterai.web.orders.order_view import CHIPS, state_name
from meterai.web.pages.messages import state_text
from meterai.web.pages.paging import ListSlice, read_cursor, slice_of
from meterai.web.placing.page_strip import pages_context
from meterai.web.placing.placing import TypedPlacement, placing_context, typed_of
from meterai.web.placing.placing_form import WantedPlacements, typed_from, wanted_placements
from meterai.web.placing.settling import covering_context, settle
from meterai.web.requests.forms import DOCUMENTS, Form
from meterai.web.requests.request_context import MARK_COOKIE, SESSION_COOKIE, RequestContext, WebRequest
from meterai.web.requests.typed_contact import typed_contact

ORDERS_SHOWN = 50
DOCUMENTS_SHOWN = 100
BUNDLES_SHOWN = 5
"""The newest ones. The page of bundles has the others."""
JOB_STATES = {"accepted": "stamping", "sealing": "stamping", "released": "done", "refused": "refused"}
ORDER_CHIPS = {
    "order.draft": "",
    "order.completed": "done",
    "order.completed_quota": "done",
    "order.completed_used": "done",
    "order.completed_refunded": "back",
    "order.reversed": "back",
    "order.paid": "busy",
    "order.awaiting_payment": "",
}


@dataclass(frozen=True, slots=True)
class ListRow:
    """A line of one of the lists."""

    id: str
    name: str
    number: str
    chip: str
    text: str
    total: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class BundlePlace:
    """Addresses around the page for one document of a bundle."""

    action: str
    back: str
    sheets_query: str


@get("/saya")
async def show_mine(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Shows quota, documents and orders, or asks for a contact."""
    customer = await customer_of(context, request)
    if customer is None:
        return contact_page(request, context, action="/saya/masuk", title=SIGN_IN, step=False)
    return await _page(request, context, customer)


@post("/saya/masuk", status_code=303)
async def take_contact(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Sends a code."""
    form = await context.form(request)
    typed = form.text("kontak")
    try:
        cookie = await send_code(request, context, typed_contact(form))
    except Refusal as refusal:
        if awaits_old_code(request, context, typed, refusal):
            return _sign_in_code(request, context, refusal)
        return contact_page(
            request, context, action="/saya/masuk", title=SIGN_IN, step=False, typed=typed, refusal=refusal
        )
    return context.redirect(request, "/saya/kode", cookies=[cookie])


@get("/saya/kode")
async def show_code(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Asks for the code."""
    return _sign_in_code(request, context)


@post("/saya/kode", status_code=303)
async def take_code(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Signs in."""
    form = await context.form(request)
    try:
        session = await check_code(request, context, form)
    except Refusal as refusal:
        return _sign_in_code(request, context, refusal, form)
    return context.redirect(request, "/saya", cookies=session_cookies(context, session))


def _sign_in_code(
    request: WebRequest, context: RequestContext, refusal: Refusal | None = None, form: Form | None = None
) -> Response[bytes]:
    return code_page(
        request, context, action="/saya/kode", again="/saya", step=False, refusal=refusal, form=form
    )


@post("/saya/keluar", status_code=303)
async def leave(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Signs out. This session ends on every device that uses it, and so does what this browser may see and
    begin, and that it is known.

    A ticket stays. It lets nobody in without a code to its contact, and people who lose it lose their place
    in line.
    """
    await context.form(request)
    browser = browser_of(request)
    if browser.token or browser.mark:
        await sign_out(context.service.db, browser)
    orders = [ORDER_COOKIE + number for number in kept_orders(request)]
    forgotten = (SESSION_COOKIE, MARK_COOKIE, CODE_COOKIE, *orders, *entry_cookies(request))
    return context.redirect(request, "/", cookies=[context.cookie(name, "", max_age=0) for name in forgotten])


@post("/saya/dokumen", status_code=303)
async def take_document(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Checks a document that is to be stamped with quota."""
    form = await context.form(request, DOCUMENTS)
    customer = await signed_in(context, request)
    try:
        document = await accept_upload(context, form, event=None, kind=None, owner=customer.customer_id)
    except Refusal as refusal:
        return await _page(request, context, customer, refusal)
    return context.redirect(request, f"/saya/dokumen/{document.document_id}/letak")


@get("/saya/dokumen/{document_id:uuid}/letak")
async def show_placing(request: WebRequest, context: RequestContext, document_id: UUID) -> Response[bytes]:
    """Shows the page with the place of one of the document's stamps, proposed or stored."""
    document = await own_document(request, context, document_id)
    if elsewhere := await _elsewhere(context, document):
        return context.redirect(request, elsewhere)
    query = request.query_params
    stamp, page = query.get("meterai", ""), query.get("halaman", "")
    typed = await typed_of(document, stamp=stamp, page=page, free=context.free_place)
    return placing_page(request, context, document, typed)


@post("/saya/dokumen/{document_id:uuid}/letak", status_code=303)
async def take_placing(request: WebRequest, context: RequestContext, document_id: UUID) -> Response[bytes]:
    """Stores the places. Then shows another stamp, or starts the stamping from a quota lot.

    A document with a job was here already: pressing the button twice leads to the same job.
    """
    form = await context.form(request)
    customer = await signed_in(context, request)
    document = await own_document(request, context, document_id)
    if elsewhere := await _elsewhere(context, document):
        return context.redirect(request, elsewhere)
    typed = await typed_of(document, stamp=form.text("meterai"), page="", free=context.free_place)
    try:
        typed = await typed_from(form, document, context.free_place)
        wanted = await wanted_placements(form, document, typed, context.free_place)
        wanted = await settle(context, form, document, wanted, typed)
        await _stamp(context, document, customer, wanted, typed.profile)
    except Refusal as refusal:
        if await job_of_document(context.service.db, document_id) is None:
            return placing_page(request, context, document, typed, refusal)
        return context.redirect(request, f"/saya/dokumen/{document_id}")  # the other press came first
    if wanted.show is not None:
        return context.redirect(request, f"/saya/dokumen/{document_id}/letak?meterai={wanted.show + 1}")
    return context.redirect(request, f"/saya/dokumen/{document_id}")


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


async def _elsewhere(context: RequestContext, document: DocumentPage) -> str:
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
    customer: SessionCustomer,
    wanted: WantedPlacements,
    profile: Profile | None,
) -> None:
    """Stores places and profile. The stamping starts unless another stamp is to be placed first."""
    service, customer_id, now = context.service, customer.customer_id, context.service.clock()
    await place_stamps(service.db, document.document_id, wanted.placements, profile=profile)
    if wanted.show is not None:
        return
    await await_end(
        service.db, document.document_id, customer_id=customer_id, contact_id=customer.proven_by, now=now
    )

    async def reserve() -> Job:
        return await start_stamping(
            service.db,
            document_id=document.document_id,
            customer_id=customer_id,
            lot_account_id=await _lot(context, customer_id, len(wanted.placements)),
            reference_id=document.document_id,
            idempotency_key=f"quota-{document.document_id}",
            now=now,
        )

    await retry_with_new_count(reserve)


async def _lot(context: RequestContext, customer_id: UUID, pieces: int) -> UUID:
    """The oldest lot with enough pieces for a document: a document is stamped from one lot."""
    lots = await quota_of_customer(context.service.db, customer_id)
    for lot in lots:
        if lot.available >= pieces:
            return lot.lot_account_id
    free = [lot.available for lot in lots]
    if sum(free) >= pieces:
        raise Refusal(Kind.CONFLICT, "quota.scattered", needed=pieces, largest=max(free))
    raise Refusal(Kind.CONFLICT, "quota.empty")


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


def placing_page(
    request: WebRequest,
    context: RequestContext,
    document: DocumentPage,
    typed: TypedPlacement,
    refusal: Refusal | None = None,
    *,
    bundle: BundlePlace | None = None,
) -> Response[bytes]:
    """Shows a page with the place of one stamp. `bundle`: the document is one of a bundle."""
    base, link = f"/saya/dokumen/{document.document_id}", context.visit(request).link
    return context.page(
        request,
        "place.html",
        status=http_status(refusal),
        number=1,
        total=1,
        action=link(bundle.action if bundle else f"{base}/letak"),
        turn="" if bundle else link(f"{base}/letak/putar"),
        sheets=link(f"{base}/lembar{bundle.sheets_query if bundle else ''}"),
        drop="",
        many=link(bundle.back) if bundle else "",
        countable=bundle is None,
        private=True,
        **told(refusal),
        **pages_context(
            document,
            typed.placement.page,
            request.query_params,
            lambda page: f"{base}/halaman/{page}?v={document.input_object[:16]}",
        ),
        **placing_context(document, typed, context.open_events()),
        **covering_context(typed.placement, refusal),
    )


async def _page(
    request: WebRequest, context: RequestContext, customer: SessionCustomer, refusal: Refusal | None = None
) -> Response[bytes]:
    language = context.visit(request).language
    db = context.service.db
    lots = await quota_of_customer(db, customer.customer_id)
    orders = await _orders(request, context, customer)
    documents = await _documents(request, context, customer)
    bundles = await bundles_of_customer(db, customer.customer_id, limit=BUNDLES_SHOWN + 1)
    unplaced = [document.document_id for document in documents.lines if document.job is None]
    ordered = await orders_of_documents(db, unplaced) if unplaced else {}
    with_unused = {lot.order_id for lot in lots if lot.available}
    return context.page(
        request,
        "mine.html",
        status=http_status(refusal),
        contacts=[contact.masked for contact in customer.contacts],
        available=sum(lot.available for lot in lots),
        reserved=sum(lot.reserved for lot in lots),
        bundles=slice_of(bundles, BUNDLES_SHOWN, lambda one: one.id),
        order_part=orders,
        document_part=documents,
        orders=[
            _order_row(order, language, has_unused=order.order_id in with_unused) for order in orders.lines
        ],
        documents=[
            _document_row(document, language)
            for document in documents.lines
            if document.document_id not in ordered  # these are seen in their order
        ],
        private=True,
        **told(refusal),
    )


async def _orders(
    request: WebRequest, context: RequestContext, customer: SessionCustomer
) -> ListSlice[OrderSummary]:
    behind = read_cursor(request, "pesanan_sebelum")
    found = await orders_of_customer(
        context.service.db, customer.customer_id, limit=ORDERS_SHOWN + 1, behind=behind
    )
    return slice_of(found, ORDERS_SHOWN, lambda one: one.order_id, behind=behind)


async def _documents(
    request: WebRequest, context: RequestContext, customer: SessionCustomer
) -> ListSlice[DocumentPage]:
    behind, now = read_cursor(request, "dokumen_sebelum"), context.service.clock()
    found = await documents_of_customer(
        context.service.db, customer.customer_id, now=now, limit=DOCUMENTS_SHOWN + 1, behind=behind
    )
    return slice_of(found, DOCUMENTS_SHOWN, lambda one: one.document_id, behind=behind)


def _order_row(order: OrderSummary, language: str, *, has_unused: bool) -> ListRow:
    name = state_name(
        order.state,
        order.flow,
        order.item_states,
        is_reversed=order.is_reversed,
        has_unused=has_unused,
    )
    return ListRow(
        "",
        "",
        order.number,
        ORDER_CHIPS.get(name, "stop"),
        state_text(name, language).what,
        order.total,
        order.created_at,
    )


def _document_row(document: DocumentPage, language: str) -> ListRow:
    state = JOB_STATES[document.job.state] if document.job else "unplaced"
    return ListRow(
        str(document.document_id),
        document.name,
        "",
        CHIPS.get(state, ""),
        state_text(f"item.{state}", language).what,
        0,
        document.created_at,
    )


ROUTES = [
    show_mine,
    take_contact,
    show_code,
    take_code,
    leave,
    take_document,
    show_placing,
    take_placing,
    show_image,
    show_document,
    show_progress,
    download,
]
