"""Asking money back and naming its account: what was typed, a code to a proven contact, then the act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.datastructures import Cookie

from meterai.customers.codes import Purpose
from meterai.customers.contacts import Contact
from meterai.customers.queries import contacts_of_customer
from meterai.customers.use_cases.prove_contact import prove_contact
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.status import http_status
from meterai.sales.queries.order_page import order_items
from meterai.sales.use_cases.refund_quota import (
    give_refund_account,
    refuse_account,
    refuse_request,
    request_refund,
)
from meterai.web.account.sign_in import later_moment, open_code, send_code, sharing, told
from meterai.web.orders.access import OrderKey, open_order_page
from meterai.web.orders.acts import (
    ACT_COOKIE,
    ACT_FIELD,
    ACT_SECONDS,
    OrderAct,
    open_act,
    seal_act,
    typed_account,
    typed_id,
)
from meterai.web.orders.order_routes import order_page_response
from meterai.web.requests.request_context import RequestContext, WebRequest


@dataclass(frozen=True, slots=True)
class ContactChoice:
    """A proven contact, as the person may see it before the code."""

    id: str
    masked: str


@post("/pesanan/{number:str}/kembali", status_code=303)
async def ask_refund(request: WebRequest, context: RequestContext, number: str) -> Response[bytes]:
    """Takes the wish to give unused stamps back. It is done once a code was typed."""
    form = await context.form(request)
    key = await open_order_page(context, request, number, afresh=True)
    try:
        item_id, pieces = typed_id(form.text("butir")), form.number("keping")
        given_back = form.number("sudah_kembali", -1)
        amount = await refuse_request(
            context.service.db, key.order_id, item_id, pieces, given_back=given_back
        )
        act = OrderAct(
            kind="ask",
            target=item_id,
            amount=amount,
            pieces=pieces,
            given_back=given_back,
            account=typed_account(form),
        )
        return await _begin(request, context, key, act)
    except Refusal as refusal:
        return await order_page_response(request, context, key, refusal, form)


@post("/pesanan/{number:str}/rekening", status_code=303)
async def give_account(request: WebRequest, context: RequestContext, number: str) -> Response[bytes]:
    """Takes the bank account to which a refund is to be paid. It is named once a code was typed."""
    form = await context.form(request)
    key = await open_order_page(context, request, number, afresh=True)
    try:
        account = typed_account(form)
        if account is None:
            raise Refusal(Kind.INVALID, "refund.account_missing")
        refund_id = typed_id(form.text("pengembalian"))
        amount = await refuse_account(context.service.db, key.order_id, refund_id)
        act = OrderAct(kind="name", target=refund_id, amount=amount, account=account)
        return await _begin(request, context, key, act)
    except Refusal as refusal:
        return await order_page_response(request, context, key, refusal, form)


@get("/pesanan/{number:str}/izin")
async def show_choice(request: WebRequest, context: RequestContext, number: str) -> Response[bytes]:
    """Shows what is to be done, and the contacts among which the person chooses."""
    key = await open_order_page(context, request, number)
    act = open_act(context.service.secret, key.order_id, request.cookies.get(ACT_COOKIE, ""))
    if act is None:
        return context.redirect(request, f"/pesanan/{number}")
    return await _choice_page(request, context, key, act)


@post("/pesanan/{number:str}/izin", status_code=303)
async def take_choice(request: WebRequest, context: RequestContext, number: str) -> Response[bytes]:
    """Sends the code to the chosen contact."""
    form = await context.form(request)
    key = await open_order_page(context, request, number, afresh=True)
    act = open_act(context.service.secret, key.order_id, form.text(ACT_FIELD))
    if act is None:
        return context.redirect(request, f"/pesanan/{number}")
    contacts = await _contacts(context, key)
    contact = contacts.get(form.text("kontak_id"))
    if contact is None:
        return await _choice_page(request, context, key, act, Refusal(Kind.INVALID, "refund.contact_missing"))
    try:
        return await _send(request, context, key, act, contact)
    except Refusal as refusal:
        return await _choice_page(request, context, key, act, refusal)


@get("/pesanan/{number:str}/izin/kode")
async def show_code(request: WebRequest, context: RequestContext, number: str) -> Response[bytes]:
    """Shows what is to be done, and asks for the code."""
    key = await open_order_page(context, request, number)
    act = open_act(context.service.secret, key.order_id, request.cookies.get(ACT_COOKIE, ""))
    if act is None or act.code_id is None:
        return context.redirect(request, f"/pesanan/{number}")
    return _code_page(request, context, key, act)


@post("/pesanan/{number:str}/izin/kode", status_code=303)
async def take_code(request: WebRequest, context: RequestContext, number: str) -> Response[bytes]:
    """Checks the code, then does what its page showed."""
    form = await context.form(request)
    key = await open_order_page(context, request, number, afresh=True)
    act = open_act(context.service.secret, key.order_id, form.text(ACT_FIELD))
    if act is None or act.code_id is None:
        return context.redirect(request, f"/pesanan/{number}")
    service = context.service
    try:
        proof = await prove_contact(service.db, act.code_id, form.text("kode"), now=service.clock())
    except Refusal as refusal:
        return _code_page(request, context, key, act, refusal)
    try:
        await _do(context, key, act, proof.proof_id)
    except Refusal as refusal:
        return await order_page_response(request, context, key, refusal)
    gone = context.cookie(ACT_COOKIE, "", max_age=0)
    return context.redirect(request, f"/pesanan/{number}", cookies=[gone])


async def _do(context: RequestContext, key: OrderKey, act: OrderAct, proof_id: UUID) -> None:
    service = context.service
    wait = timedelta(minutes=service.settings.refund_wait_minutes)
    if act.kind == "ask":
        await request_refund(
            service.db,
            key.order_id,
            act.target,
            act.pieces,
            account=act.account,
            given_back=act.given_back,
            proof_id=proof_id,
            wait=wait,
            now=service.clock(),
        )
        return
    assert act.account is not None, "its form was refused without one"
    await give_refund_account(
        service.db, key.order_id, act.target, act.account, proof_id=proof_id, wait=wait, now=service.clock()
    )


async def _begin(
    request: WebRequest, context: RequestContext, key: OrderKey, act: OrderAct
) -> Response[bytes]:
    """Sends the code when there is one proven contact. Otherwise the person chooses one."""
    contacts = await _contacts(context, key)
    if not contacts:
        raise Refusal(Kind.CONFLICT, "refund.no_contact")
    if len(contacts) == 1:
        return await _send(request, context, key, act, *contacts.values())
    return context.redirect(request, f"/pesanan/{key.number}/izin", cookies=[_kept(context, key, act)])


async def _send(
    request: WebRequest, context: RequestContext, key: OrderKey, act: OrderAct, contact: Contact
) -> Response[bytes]:
    waiting = await send_code(
        request, context, contact.value, purpose=Purpose.ORDER_ACT, subject=key.order_id
    )
    pending = open_code(context.service.secret, waiting.value or "")
    assert pending is not None, "we have just made it"
    act = msgspec.structs.replace(
        act,
        code_id=pending.code_id,
        sent_to=contact.masked,
        tries_from=pending.tries_from,
        sent_before=pending.sent_before,
        next_at=pending.next_at,
    )
    kept = _kept(context, key, act)
    return context.redirect(request, f"/pesanan/{key.number}/izin/kode", cookies=[kept])


def _kept(context: RequestContext, key: OrderKey, act: OrderAct) -> Cookie:
    sealed = seal_act(context.service.secret, key.order_id, act)
    return context.cookie(ACT_COOKIE, sealed, max_age=ACT_SECONDS)


async def _contacts(context: RequestContext, key: OrderKey) -> Mapping[str, Contact]:
    """The proven contacts of the order's customer, by id."""
    order = await order_items(context.service.db, key.order_id)
    if order.customer_id is None:
        return {}
    found = await contacts_of_customer(context.service.db, order.customer_id)
    return {str(id): contact for id, contact in found.items()}


async def _choice_page(
    request: WebRequest,
    context: RequestContext,
    key: OrderKey,
    act: OrderAct,
    refusal: Refusal | None = None,
) -> Response[bytes]:
    contacts = await _contacts(context, key)
    choices = [ContactChoice(id, contact.masked) for id, contact in contacts.items()]
    return _page(request, context, key, act, refusal, contacts=choices)


def _code_page(
    request: WebRequest,
    context: RequestContext,
    key: OrderKey,
    act: OrderAct,
    refusal: Refusal | None = None,
) -> Response[bytes]:
    return _page(request, context, key, act, refusal, contacts=())


def _page(
    request: WebRequest,
    context: RequestContext,
    key: OrderKey,
    act: OrderAct,
    refusal: Refusal | None,
    *,
    contacts: Sequence[ContactChoice],
) -> Response[bytes]:
    return context.page(
        request,
        "order_act.html",
        status=http_status(refusal),
        number=key.number,
        act=act,
        sealed=seal_act(context.service.secret, key.order_id, act),
        contacts=contacts,
        tries_from=later_moment(act.tries_from, context.service.clock()),
        **sharing(act.sent_before, act.next_at),
        wait_minutes=context.service.settings.refund_wait_minutes,
        private=True,
        **told(refusal),
    )


ROUTES = [ask_refund, give_account, show_choice, take_choice, show_code, take_code]
