"""Buying, first step: the documents are uploaded and checked before anything is ordered."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from litestar import Response, get, post

from meterai.kernel.refusals import Kind, Refusal
from meterai.sales.events import Event
from meterai.sales.queries.order_page import OrderItems, OrderPage, order_items, order_page
from meterai.sales.use_cases.add_item import FormDocument, put_documents, remove_item
from meterai.sales.use_cases.open_order import open_order_with_documents
from meterai.stamping.queries import document_names
from meterai.stamping.use_cases.adopt_documents import adopt_documents
from meterai.texts.told import Text, text_of
from meterai.web.documents.uploads import accept_one, documents_in, password_of
from meterai.web.line.event_entry import (
    PurchaseRight,
    bind_order,
    enter,
    may_finish_late,
    order_of_pass,
    to_the_line,
)
from meterai.web.line.general_shop import enter_shop, general_hint, take_place
from meterai.web.orders.access import (
    OrderKey,
    customer_of,
    keep_order,
    kept_orders,
    open_order_page,
    owner_of,
    remember_token,
)
from meterai.web.orders.draft_use import note_new
from meterai.web.organisation.acting_shop import organisation_instead
from meterai.web.requests.forms import DOCUMENTS, Form, position_named
from meterai.web.requests.request_context import RequestContext, WebRequest


@dataclass(frozen=True, slots=True)
class FileInput:
    """A file input of the upload form."""

    field: str
    label: str
    kind: str | None
    many: bool


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file that was refused, and the reason."""

    name: str
    text: Text


@get("/beli")
async def show_upload(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Shows the upload form, with an input for each document that the event requires."""
    event = await _event(request, context, request.query_params.get("acara", ""))
    allowed = await _enter(request, context, event)
    if isinstance(allowed, Response):
        return allowed
    if (begun := await order_of_pass(request, context, allowed)) is not None:
        return context.redirect(request, begun)
    return _page(request, context, event, allowed)


@post("/beli", status_code=303)
async def take_upload(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Checks the documents. An order is opened as soon as one of them is good."""
    form = await context.form(request, DOCUMENTS)
    event = await _event(request, context, form.text("acara"))
    submit_id = _submit_id(form)
    allowed = await _enter(request, context, event, sent=submit_id)
    if isinstance(allowed, Response):
        return allowed
    slots = slots_of(event, context.visit(request).language)
    customer = await customer_of(context, request)
    owner = customer.customer_id if customer else None
    if allowed.only_for not in (None, owner):  # its session has just ended
        raise Refusal(Kind.FORBIDDEN, "session.missing")
    accepted, problems = await _accept(request, context, form, slots, event, owner)
    if not accepted:
        return _page(request, context, event, allowed, problems)
    allowed = await take_place(request, context, allowed)
    if isinstance(allowed, Response):
        return allowed
    service = context.service
    order = await open_order_with_documents(
        service.db,
        service.secret,
        accepted,
        submit_id=submit_id,
        event_slug=event.slug if event else None,
        language=context.visit(request).language,
        owner=owner_of(customer),
        held=kept_orders(request).values(),
        now=service.clock(),
    )
    await bind_order(context, allowed, order.order_id)
    remember_token(order.token, order.order_id, service.clock())
    await note_new(context, request, order.order_id)
    context.visit(request).at_hand[order.order_id] = order.holds
    if order.holds is None:  # sent again, perhaps after somebody else signed in
        await _give_to_customer(context, await order_items(service.db, order.order_id))
    cookies = keep_order(context, request, order.number, order.token)
    if order.state != "draft":  # an old form, sent again after its order was placed
        return context.redirect(request, f"/pesanan/{order.number}", cookies=cookies)
    if problems or _asked_for_others(form, event):
        key = OrderKey(order.order_id, order.number, order.token)
        response = await _documents_page(request, context, key, problems)
        for cookie in cookies:
            response.set_cookie(cookie)
        return response
    base = f"/pesanan/{order.number}"
    return context.redirect(request, f"{base}/letak/1", cookies=cookies, stays=f"{base}/dokumen")


@get("/pesanan/{number:str}/dokumen")
async def show_documents(request: WebRequest, context: RequestContext, number: str) -> Response[bytes]:
    """Shows what is still missing of an order's documents."""
    key = await open_order_page(context, request, number)
    first = position_named(request.query_params.get("dari", ""))
    return await _documents_page(request, context, key, [], shown_next=first)


@post("/pesanan/{number:str}/dokumen", status_code=303)
async def add_documents(request: WebRequest, context: RequestContext, number: str) -> Response[bytes]:
    """Takes more documents into a draft, and goes on with the first one that was not shown yet."""
    form = await context.form(request, DOCUMENTS)
    key = await open_order_page(context, request, number)
    order = await order_page(context.service.db, key.order_id)
    event = await _event(request, context, order.event_slug or "")
    slots = slots_of(event, context.visit(request).language)
    accepted, problems = await _accept(request, context, form, slots, event, order.customer_id)
    service = context.service
    try:
        await put_documents(service.db, key.order_id, accepted, now=service.clock())
    except Refusal as refusal:
        if refusal.code != "order.too_many_documents":
            raise
        problems.append(
            RefusedFile("", text_of(refusal.code, context.visit(request).language, refusal.facts))
        )
    order = await order_page(context.service.db, key.order_id)
    await _give_to_customer(context, order)
    first = position_named(form.text("dari"))
    if problems or _asked_for_others(form, event):
        return await _documents_page(request, context, key, problems, shown_next=first)
    base, position = f"/pesanan/{number}", min(first, len(order.items))
    return context.redirect(request, f"{base}/letak/{position}", stays=f"{base}/dokumen")


@post("/pesanan/{number:str}/hapus/{document_id:uuid}", status_code=303)
async def drop_document(
    request: WebRequest, context: RequestContext, number: str, document_id: UUID
) -> Response[bytes]:
    """Takes a document out of a draft. A second press takes out nothing more."""
    await context.form(request)
    key = await open_order_page(context, request, number)
    order = await order_page(context.service.db, key.order_id)
    where = ""
    for position, item in enumerate(order.items, 1):
        if item.document_id == document_id:
            await remove_item(context.service.db, key.order_id, item.id, now=context.service.clock())
            where = f"?dari={position}"  # those before it were shown; the one that stands there now was not
    return context.redirect(request, f"/pesanan/{number}/dokumen{where}")


async def _enter(
    request: WebRequest, context: RequestContext, event: Event | None, *, sent: str = ""
) -> PurchaseRight | Response[bytes]:
    """Finds the right to buy, for an event or for none. Else returns the page that says what to do.

    For an event people buy for themselves, also while they act for an organisation.
    """
    if event is None:
        for_organisation = await organisation_instead(request, context)
        return for_organisation or await enter_shop(request, context, "stamp", sent=sent)
    entry = await enter(request, context, event.slug, sent=sent)
    return entry or to_the_line(request, context, event.slug)


def slots_of(event: Event | None, language: str) -> list[FileInput]:
    """The inputs of the form, one for each required document, named after it; for no event one for several
    files.

    Named, because the event's list may change while somebody has the form.
    """
    if event is None:
        return [FileInput("berkas", "", None, True)]
    return [
        FileInput(f"berkas_{document.kind}", document.name_in(language), document.kind, False)
        for document in event.required_documents
    ]


def _asked(event: Event | None) -> str:
    """The documents that an event's form asks for, as the form keeps them."""
    return " ".join(document.kind for document in event.required_documents) if event else ""


def _asked_for_others(form: Form, event: Event | None) -> bool:
    """Tells whether a form was made before the event's list of documents changed, so that one may be
    missing.
    """
    return form.text("diminta") not in ("", _asked(event))


def _submit_id(form: Form) -> str:
    """The name of the form. A form without one can't be recognised when it comes again."""
    return form.text("kiriman")[:64] or secrets.token_urlsafe(18)


async def _event(request: WebRequest, context: RequestContext, slug: str) -> Event | None:
    """The event of a purchase, if it is for one.

    Raises: Refusal NOT_FOUND `event.unknown`; GONE `event.closed`, unless the event's rule lets this visitor
    finish after the closing.
    """
    if not slug:
        return None
    event = context.events.get(slug)
    if event is None:
        raise Refusal(Kind.NOT_FOUND, "event.unknown")
    if not event.is_open(context.service.clock()) and not await may_finish_late(request, context, slug):
        raise Refusal(Kind.GONE, "event.closed", opens_at=event.opens_at, closes_at=event.closes_at)
    return event


async def _accept(
    request: WebRequest,
    context: RequestContext,
    form: Form,
    slots: Sequence[FileInput],
    event: Event | None,
    owner: UUID | None,
) -> tuple[list[FormDocument], list[RefusedFile]]:
    language = context.visit(request).language
    submit_id, before = _submit_id(form), form.number("ke")  # documents that the script sent alone before it
    accepted: list[FormDocument] = []
    problems: list[RefusedFile] = []
    for slot in slots:
        uploads = form.uploads(slot.field)
        if not uploads and slot.field in form.files:
            problems.append(RefusedFile(slot.label, text_of("form.no_file", language)))
        found = documents_in(uploads)
        if slot.kind and len(found) > 1:
            problems.append(RefusedFile(slot.label, text_of("form.one_document", language)))
            continue
        for number, files in enumerate(found):
            try:
                document = await accept_one(
                    context, files, event=event, kind=slot.kind, owner=owner, password=password_of(form)
                )
                context.visit(request).at_hand[document.document_id] = document
                place = f"{submit_id}/{slot.field}/{before + number}/{document.uploaded}"
                accepted.append(
                    FormDocument(document_id=document.document_id, document_kind=slot.kind, slot=place)
                )
            except Refusal as refusal:
                problems.append(RefusedFile(files[0].name, text_of(refusal.code, language, refusal.facts)))
    if not accepted and not problems:
        problems.append(RefusedFile("", text_of("form.no_file", language)))
    return accepted, problems


async def _give_to_customer(context: RequestContext, order: OrderItems | OrderPage) -> None:
    """Gives a draft's documents to its customer. Somebody else may have uploaded them."""
    if order.state == "draft" and order.customer_id is not None:
        ids = [item.document_id for item in order.items if item.document_id]
        await adopt_documents(context.service.db, ids, order.customer_id)


async def _documents_page(
    request: WebRequest,
    context: RequestContext,
    key: OrderKey,
    problems: Sequence[RefusedFile],
    *,
    shown_next: int = 1,
) -> Response[bytes]:
    """Asks for more files. `shown_next`: the position of the first document that was not shown yet."""
    order = await order_page(context.service.db, key.order_id)
    if order.state != "draft":
        return context.redirect(request, f"/pesanan/{key.number}")
    event = await _event(request, context, order.event_slug or "")
    visit, own = context.visit(request), f"/pesanan/{key.number}/dokumen"
    visit.page = own  # also as the answer to the form that opened the order
    kinds = {item.document_kind for item in order.items}
    slots = [s for s in slots_of(event, visit.language) if s.kind is None or s.kind not in kinds]
    onward = f"/pesanan/{key.number}/letak/1"
    if not slots:
        return context.redirect(request, onward)
    kept = await document_names(context.service.db, [i.document_id for i in order.items if i.document_id])
    submit_id = secrets.token_urlsafe(18)
    return context.page(
        request,
        "buy.html",
        status=422 if problems else 200,
        event=event,
        slots=slots,
        problems=problems,
        locked=_is_locked(problems),
        kept=list(kept.values()),
        onward=visit.link(onward) if kept and event is None else "",
        submit_id=submit_id,
        asked=_asked(event),
        shown_next=shown_next,
        has_pass=False,
        general=0,
        action=visit.link(own),
        private=True,
    )


def _is_locked(problems: Sequence[RefusedFile]) -> bool:
    """Tells whether a file waits for its password, so that its field is shown at once."""
    return any(problem.text.code in ("pdf.encrypted", "pdf.wrong_password") for problem in problems)


def _page(
    request: WebRequest,
    context: RequestContext,
    event: Event | None,
    right: PurchaseRight,
    problems: Sequence[RefusedFile] = (),
) -> Response[bytes]:
    return context.page(
        request,
        "buy.html",
        status=422 if problems else 200,
        cookies=right.cookies,
        event=event,
        slots=slots_of(event, context.visit(request).language),
        problems=problems,
        locked=_is_locked(problems),
        kept=[],
        onward="",
        submit_id=right.submit_id,
        asked=_asked(event),
        shown_next=None,
        has_pass=right.held is not None and not problems,
        general=general_hint(context, right),
        action=context.visit(request).link("/beli") + (f"?acara={event.slug}" if event else ""),
    )


ROUTES = [show_upload, take_upload, show_documents, add_documents, drop_document]
