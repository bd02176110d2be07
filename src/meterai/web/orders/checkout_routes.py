"""Contact, code, check, pay: the second half of a purchase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import Cookie

from meterai.customers.contacts import Contact
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.status import http_status
from meterai.sales.model import is_large
from meterai.sales.order import Item, Order
from meterai.sales.queries.buyers import buyer_of
from meterai.sales.queries.order_page import (
    ItemLine,
    OrderItems,
    OrderPage,
    order_items,
    order_page,
    page_of_unpaid,
)
from meterai.sales.use_cases.name_buyer import name_buyer
from meterai.sales.use_cases.place_order import place_order
from meterai.sales.use_cases.set_contact import set_customer
from meterai.stamping.model import Fitness
from meterai.stamping.placement import Placement
from meterai.stamping.queries import document_names, fitness_for_customer
from meterai.stamping.use_cases.adopt_documents import adopt_documents
from meterai.texts.pages import CONTACT_FOR_RESULT
from meterai.web.account.sign_in import (
    awaits_old_code,
    check_code,
    code_page,
    contact_page,
    send_code,
    session_cookies,
    told,
)
from meterai.web.line.line_news import news_of_line
from meterai.web.orders.access import (
    OrderKey,
    customer_of,
    forget_tokens,
    keep_order,
    open_order_page,
    owner_of,
    remember_token,
)
from meterai.web.orders.buyer_form import BuyerFields, fields_of, fields_of_form, typed_buyer
from meterai.web.orders.ways import first_working, ways_to_pay
from meterai.web.requests.forms import Form
from meterai.web.requests.request_context import RequestContext, WebRequest
from meterai.web.requests.typed_contact import typed_contact


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryRow:
    """A row of the summary before paying. Quota has only a number of stamps."""

    stamps: int
    name: str = ""
    """The name of the document."""
    change: str = ""
    sheets: str = ""
    """The page with all pages of the document."""
    crops: str = ""
    """The address of the pictures of its stamps, but for their number."""
    covering: tuple[Placement, ...] = ()
    """The stamps that cover something, as the person wants it."""


@dataclass(frozen=True, slots=True)
class ClaimedDraft:
    """Notes that this request gave a draft and its documents to their customer."""

    fitness: Mapping[UUID, Fitness]
    """Whether each document can be paid."""


@get("/pesanan/{number:str}/kontak")
async def show_contact(request: WebRequest, context: RequestContext, number: str) -> Response[bytes]:
    """Asks for the contact that gets the result."""
    await open_order_page(context, request, number)
    return contact_page(
        request, context, action=f"/pesanan/{number}/kontak", title=CONTACT_FOR_RESULT, step=True
    )


@post("/pesanan/{number:str}/kontak", status_code=303)
async def take_contact(request: WebRequest, context: RequestContext, number: str) -> Response[bytes]:
    """Sends a code to the contact."""
    form = await context.form(request)
    key = await open_order_page(context, request, number)
    typed = form.text("kontak")
    try:
        cookie = await send_code(request, context, typed_contact(form))
    except Refusal as refusal:
        if await _is_placed(context, key):
            return context.redirect(request, f"/pesanan/{number}")
        if awaits_old_code(request, context, typed, refusal):
            return _code_page(request, context, number, refusal)
        return contact_page(
            request,
            context,
            action=f"/pesanan/{number}/kontak",
            title=CONTACT_FOR_RESULT,
            step=True,
            typed=typed,
            refusal=refusal,
        )
    return context.redirect(request, f"/pesanan/{number}/kode", cookies=[cookie])


@get("/pesanan/{number:str}/kode")
async def show_code(request: WebRequest, context: RequestContext, number: str) -> Response[bytes]:
    """Asks for the code."""
    await open_order_page(context, request, number)
    return _code_page(request, context, number)


@post("/pesanan/{number:str}/kode", status_code=303)
async def take_code(request: WebRequest, context: RequestContext, number: str) -> Response[bytes]:
    """Checks the code. The order and its documents get an owner, who is signed in from now on.

    The order's link is replaced. People whose answer was lost may send the form again: the contact identifies
    them.
    """
    form = await context.form(request)
    try:
        session = await check_code(request, context, form)
    except Refusal as refusal:
        if await _is_placed(context, await open_order_page(context, request, number)):
            return context.redirect(request, f"/pesanan/{number}")
        return _code_page(request, context, number, refusal, form)
    key = await open_order_page(context, request, number, proven=session.customer_id)
    cookies = await _give_owner(request, context, key, session.customer_id, session.contact)
    cookies += session_cookies(context, session)
    return context.redirect(request, f"/pesanan/{number}/bayar", cookies=cookies)


@get("/pesanan/{number:str}/bayar")
async def show_check(request: WebRequest, context: RequestContext, number: str) -> Response[bytes]:
    """Shows the whole order and its sums before any money moves."""
    return await _check_page(request, context, number)


@post("/pesanan/{number:str}/bayar", status_code=303)
async def take_order(request: WebRequest, context: RequestContext, number: str) -> Response[bytes]:
    """Places the order and opens the payment. A second time it is the same order.

    A draft without owner is given to the visitor who is signed in, whose contact the page showed. Nobody pays
    for a document that is still to be settled, whoever made the form.
    """
    form = await context.form(request)
    key = await open_order_page(context, request, number)
    cookies = await _give_to_visitor(request, context, key) if form.text("milik") else []
    service = context.service
    order = await order_items(service.db, key.order_id)
    try:
        if order.state == "draft":
            fitness = await _bring_documents(request, context, key.order_id, order)
            if elsewhere := _first_unfit(number, order, fitness):
                return context.redirect(request, elsewhere, cookies=cookies)
            await _name_buyer(context, key, form)
        placed = await place_order(
            service.db,
            service.gateways,
            key.order_id,
            channel=form.text("cara"),
            payment_minutes=service.settings.payment_minutes,
            seen_total=form.number("dilihat") or None,
            clock=service.clock,
        )
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return await _check_page(request, context, number, refusal, cookies, form=form)
    if placed.order is not None:
        context.visit(request).at_hand[placed.order_id] = page_of_unpaid(placed.order)
    return context.redirect(request, f"/pesanan/{number}", cookies=cookies)


async def _name_buyer(context: RequestContext, key: OrderKey, form: Form) -> None:
    """Writes the buyer that the form names, if it names one. Raises: what `typed_buyer` says."""
    buyer = typed_buyer(form)
    if buyer is not None or form.text("ada_pembeli"):
        await name_buyer(context.service.db, key.order_id, buyer, now=context.service.clock())


async def _is_placed(context: RequestContext, key: OrderKey) -> bool:
    """Tells whether the order was placed already, and the visitor went back in the browser.

    They need no contact any more. A refusal here would say that no money has come.
    """
    return (await order_items(context.service.db, key.order_id)).state != "draft"


def _code_page(
    request: WebRequest,
    context: RequestContext,
    number: str,
    refusal: Refusal | None = None,
    form: Form | None = None,
) -> Response[bytes]:
    base = f"/pesanan/{number}"
    return code_page(
        request,
        context,
        action=f"{base}/kode",
        again=f"{base}/kontak",
        step=True,
        refusal=refusal,
        form=form,
    )


async def _give_to_visitor(request: WebRequest, context: RequestContext, key: OrderKey) -> list[Cookie]:
    owner = owner_of(await customer_of(context, request))
    return [] if owner is None else await _give_owner(request, context, key, owner.customer_id, owner.contact)


async def _give_owner(
    request: WebRequest, context: RequestContext, key: OrderKey, customer_id: UUID, contact: Contact
) -> list[Cookie]:
    """Makes the cookies that keep the order's link, which may have been replaced."""
    service, visit = context.service, context.visit(request)
    owned = await set_customer(
        service.db, service.secret, key.order_id, customer_id, contact, language=visit.language
    )
    if owned.token != key.token:
        if key.token:
            forget_tokens(key.token)
        remember_token(owned.token, key.order_id, service.clock())
    visit.at_hand[key.order_id] = ClaimedDraft(
        await adopt_documents(service.db, owned.documents, customer_id)
    )
    return keep_order(context, request, key.number, owned.token)


async def _bring_documents(
    request: WebRequest, context: RequestContext, order_id: UUID, order: OrderItems | OrderPage
) -> Mapping[UUID, Fitness]:
    """Gives the draft's documents to its customer if they are not theirs yet. Returns whether each can be
    paid.

    The site may have died after the draft got another contact, or two windows gave it two at the same moment.
    Nobody pays for documents that are somebody else's.
    """
    ids = [item.document_id for item in order.items if item.document_id]
    if (given := context.visit(request).known(order_id, ClaimedDraft)) is not None:
        return given.fitness
    if not ids:
        return {}
    fitness = await fitness_for_customer(context.service.db, ids, order.customer_id)
    if order.customer_id is not None and len(fitness) < len(set(ids)):
        return await adopt_documents(context.service.db, ids, order.customer_id)
    return fitness


def _first_unfit(number: str, order: OrderItems | OrderPage, fitness: Mapping[UUID, Fitness]) -> str:
    """The page of the first document that can't be paid yet, which people left before it was settled.

    It is too large for the agency, still to be compared, or a stamp covers what nobody agreed to.
    """
    items: Sequence[ItemLine | Item] = order.items
    for position, item in enumerate(items, 1):
        known = fitness.get(item.document_id) if item.document_id else None
        if known is not None and not known.payable:
            return f"/pesanan/{number}/syarat/{position}"
    return ""


async def _check_page(
    request: WebRequest,
    context: RequestContext,
    number: str,
    refusal: Refusal | None = None,
    cookies: Sequence[Cookie] = (),
    *,
    form: Form | None = None,
) -> Response[bytes]:
    key = await open_order_page(context, request, number)
    known = context.visit(request).known(key.order_id, OrderPage)
    order = known or await order_page(context.service.db, key.order_id)
    if order.state != "draft":
        return context.redirect(request, f"/pesanan/{number}", cookies=cookies)
    contact = order.contact
    if order.customer_id is None:
        owner = owner_of(await customer_of(context, request))
        if owner is None:
            return context.redirect(request, f"/pesanan/{number}/kontak")
        contact = owner.contact
    fitness = await _bring_documents(request, context, order.id, order)
    if elsewhere := _first_unfit(number, order, fitness):
        return context.redirect(request, elsewhere, cookies=cookies)
    event = context.known_events.get(order.event_slug or "")
    buyer = fields_of_form(form) if form else await _stored_buyer(context, order)
    ways = ways_to_pay(context.service.gateways, is_large=is_large(order.quantity))
    return context.page(
        request,
        "check.html",
        buyer=buyer,
        is_large=is_large(order.quantity),
        ways=ways,
        chosen=first_working(ways),
        status=http_status(refusal),
        cookies=cookies,
        order=order,
        news_event=order.event_slug or "",
        lines=await _lines(request, context, order, fitness),
        contact=contact.masked if contact else "",
        line_news=await news_of_line(context, order.event_slug or ""),
        is_inside=True,
        closed=event if event is not None and event.is_over(context.service.clock()) else None,
        waits=order.flow == "stamp" and await context.status.is_signing_stopped(),
        is_out=refusal is None and await context.status.is_out_of_stock(),
        private=True,
        **told(refusal),
    )


async def _stored_buyer(context: RequestContext, order: Order) -> BuyerFields:
    """The form of quota asks for the buyer, too. Other orders have none before this page."""
    return fields_of(await buyer_of(context.service.db, order.id) if order.flow == "quota" else None)


async def _lines(
    request: WebRequest, context: RequestContext, order: Order, fitness: Mapping[UUID, Fitness]
) -> list[SummaryRow]:
    visit = context.visit(request)
    names = await document_names(context.service.db, [i.document_id for i in order.items if i.document_id])
    lines = []
    for position, item in enumerate(order.items, 1):
        if item.document_id is None:
            lines.append(SummaryRow(stamps=item.quantity))
            continue
        known = fitness.get(item.document_id)
        lines.append(
            SummaryRow(
                stamps=item.quantity,
                name=names[item.document_id],
                change=visit.link(f"/pesanan/{order.number}/letak/{position}"),
                sheets=visit.link(f"/pesanan/{order.number}/lembar/{item.document_id}"),
                crops=f"/pesanan/{order.number}/meterai/{item.document_id}",
                covering=known.covering if known else (),
            )
        )
    return lines


ROUTES = [show_contact, take_contact, show_code, take_code, show_check, take_order]
