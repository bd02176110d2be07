"""My stamps: signing in by code, and the lists of quota, documents and orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from litestar import Response, get, post

from meterai.customers.use_cases.sign_out import sign_out
from meterai.kernel.refusals import Refusal
from meterai.kit.http.status import http_status
from meterai.partners.queries.organisations import memberships_of
from meterai.partners.rights import Right
from meterai.partners.sandbox.model import is_on
from meterai.sales.queries.customers import OrderSummary, orders_of_customer
from meterai.sales.queries.documents import orders_of_documents
from meterai.stamping.bundles.queries import bundles_of_customer
from meterai.stamping.queries import DocumentPage, documents_of_customer
from meterai.texts.pages import SIGN_IN
from meterai.texts.partners import MEMBER_ROLES
from meterai.web.account.acting import (
    Acting,
    acting,
    acting_of,
    choice_cookie,
    member_of,
    reports_facts,
    rights_of,
)
from meterai.web.account.quota import quota_of
from meterai.web.account.quota_document_routes import JOB_STATES
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
from meterai.web.documents.uploads import accept_upload
from meterai.web.line.general_shop import entry_cookies
from meterai.web.orders.access import ORDER_COOKIE, kept_orders, signed_in
from meterai.web.orders.order_view import CHIPS, state_name
from meterai.web.organisation.acting_shop import SHOPS
from meterai.web.pages.messages import state_text
from meterai.web.pages.paging import ListSlice, read_cursor, slice_of
from meterai.web.requests.forms import DOCUMENTS, Form, id_in
from meterai.web.requests.request_context import (
    ACTING_COOKIE,
    INVITATION_COOKIE,
    MARK_COOKIE,
    SESSION_COOKIE,
    RequestContext,
    WebRequest,
)
from meterai.web.requests.typed_contact import typed_contact

ORDERS_SHOWN = 50
DOCUMENTS_SHOWN = 100
BUNDLES_SHOWN = 5
"""The newest ones. The page of bundles has the others."""
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
class Choice:
    """An organisation for which the person may act."""

    id: str
    name: str
    role: str
    """As words."""
    is_chosen: bool


@get("/saya")
async def show_mine(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Shows quota, documents and orders, or asks for a contact."""
    try:
        whose = await acting_of(request, context)
    except Refusal as ended:
        return await _own_page(request, context, ended)
    if whose is None:
        return contact_page(request, context, action="/saya/masuk", title=SIGN_IN, step=False)
    return await _page(request, context, whose)


async def _own_page(request: WebRequest, context: RequestContext, ended: Refusal) -> Response[bytes]:
    """The person's own page, from now on. It says that they are no member of the organisation any more."""
    person = await signed_in(context, request)
    page = await _page(request, context, Acting(person), ended)
    page.set_cookie(choice_cookie(context, person.token, None))
    return page


@post("/saya/untuk", status_code=303)
async def choose(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Notes for whom the person acts from now on: an organisation, or themselves."""
    form = await context.form(request)
    person = await signed_in(context, request)
    wanted = id_in(form.text("organisasi"))
    if wanted is not None:
        await member_of(context, person, wanted)
    back = form.text("kembali")
    cookies = [choice_cookie(context, person.token, wanted)]
    return context.redirect(request, back if back in SHOPS else "/saya", cookies=cookies)


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
    forgotten = (
        SESSION_COOKIE,
        MARK_COOKIE,
        CODE_COOKIE,
        ACTING_COOKIE,
        INVITATION_COOKIE,
        *orders,
        *entry_cookies(request),
    )
    return context.redirect(request, "/", cookies=[context.cookie(name, "", max_age=0) for name in forgotten])


@post("/saya/dokumen", status_code=303)
async def take_document(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Checks a document that is to be stamped with quota."""
    form = await context.form(request, DOCUMENTS)
    whose = await acting(request, context, Right.STAMP)
    try:
        document = await accept_upload(
            context,
            form,
            event=None,
            kind=None,
            owner=whose.customer_id,
            organisation_id=whose.organisation_id,
        )
    except Refusal as refusal:
        return await _page(request, context, whose, refusal)
    return context.redirect(request, f"/saya/dokumen/{document.document_id}/letak")


async def _page(
    request: WebRequest, context: RequestContext, whose: Acting, refusal: Refusal | None = None
) -> Response[bytes]:
    language = context.visit(request).language
    db = context.service.db
    lots = await quota_of(context, whose)
    orders = await _orders(request, context, whose)
    documents = await _documents(request, context, whose)
    bundles = await bundles_of_customer(db, whose.customer_id, limit=BUNDLES_SHOWN + 1)
    unplaced = [document.document_id for document in documents.lines if document.job is None]
    ordered = await orders_of_documents(db, unplaced) if unplaced else {}
    with_unused = {lot.order_id for lot in lots if lot.available}
    return context.page(
        request,
        "mine.html",
        status=http_status(refusal),
        contacts=[contact.masked for contact in whose.person.contacts],
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
        organisations=await _choices(context, whose),
        is_collector=await reports_facts(context, whose),
        has_sandbox=is_on(context.service.settings),
        private=True,
        **rights_of(whose),
        **told(refusal),
    )


async def _choices(context: RequestContext, whose: Acting) -> list[Choice]:
    """The organisations for which the person may act."""
    async with context.service.db.connection() as connection:
        memberships = await memberships_of(connection, whose.person.customer_id)
    chosen = whose.organisation.id if whose.organisation else None
    return [Choice(str(one.id), one.name, MEMBER_ROLES[role], one.id == chosen) for one, role in memberships]


async def _orders(request: WebRequest, context: RequestContext, whose: Acting) -> ListSlice[OrderSummary]:
    behind = read_cursor(request, "pesanan_sebelum")
    found = await orders_of_customer(
        context.service.db, whose.customer_id, limit=ORDERS_SHOWN + 1, behind=behind
    )
    return slice_of(found, ORDERS_SHOWN, lambda one: one.order_id, behind=behind)


async def _documents(request: WebRequest, context: RequestContext, whose: Acting) -> ListSlice[DocumentPage]:
    behind, now = read_cursor(request, "dokumen_sebelum"), context.service.clock()
    found = await documents_of_customer(
        context.service.db, whose.customer_id, now=now, limit=DOCUMENTS_SHOWN + 1, behind=behind
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
    choose,
    take_contact,
    show_code,
    take_code,
    leave,
    take_document,
]
