"""A customer's contacts: list, add, remove. Changes need a code that was proven recently."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from litestar import Response, get, post

from meterai.customers.codes import Purpose
from meterai.customers.contact_changes import refuse_old_proof
from meterai.customers.contacts import Contact
from meterai.customers.queries import SessionCustomer
from meterai.customers.use_cases.add_contact import add_contact
from meterai.kernel.refusals import Refusal
from meterai.kit.http.status import http_status
from meterai.sales.use_cases.leave_contact import leave_contact
from meterai.web.account.sign_in import (
    awaited_code,
    awaits_old_code,
    check_code,
    code_page,
    send_code,
    session_cookies,
    told,
)
from meterai.web.orders.access import customer_of, forget_tokens, signed_in
from meterai.web.requests.forms import Form
from meterai.web.requests.request_context import RequestContext, WebRequest
from meterai.web.requests.typed_contact import typed_contact

PAGE = "/saya/kontak"
NEW_CODE = f"{PAGE}/kode"
PROOF = f"{PAGE}/bukti"
PROOF_CODE = f"{PROOF}/kode"


@dataclass(frozen=True, slots=True)
class ContactRow:
    """One of the contacts."""

    id: str
    masked: str
    is_proof: bool
    """The visitor is signed in with this contact."""


@get(PAGE)
async def show_contacts(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Shows the contacts and what can be done with them."""
    customer = await customer_of(context, request)
    return context.redirect(request, "/saya") if customer is None else _page(request, context, customer)


@post(PAGE, status_code=303)
async def take_new(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Sends a code to the contact that is to be added."""
    form = await context.form(request)
    customer = await signed_in(context, request)
    try:
        refuse_old_proof(customer, context.service.clock())
        cookie = await send_code(
            request, context, typed_contact(form), purpose=Purpose.CONTACT, subject=customer.customer_id
        )
    except Refusal as refusal:
        if awaits_old_code(request, context, form.text("kontak"), refusal):
            return _code_page(request, context, NEW_CODE, refusal)
        return _page(request, context, customer, refusal, form.text("kontak"))
    return context.redirect(request, NEW_CODE, cookies=[cookie])


@get(NEW_CODE)
async def show_new_code(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Asks for the new contact's code."""
    return _code_page(request, context, NEW_CODE)


@post(NEW_CODE, status_code=303)
async def take_new_code(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Adds the contact."""
    form = await context.form(request)
    customer = await signed_in(context, request)
    service = context.service
    try:
        code = awaited_code(context, form)
        await add_contact(service.db, customer, code, form.text("kode"), now=service.clock())
    except Refusal as refusal:
        if refusal.code.startswith("code."):
            return _code_page(request, context, NEW_CODE, refusal, form)
        context.visit(request).page = PAGE  # not the code's: that is used
        return _page(request, context, customer, refusal)
    return context.redirect(request, PAGE)


@post(PROOF, status_code=303)
async def ask_proof(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Sends a code to a contact that the customer has already."""
    form = await context.form(request)
    customer = await signed_in(context, request)
    contact = _contacts(customer).get(form.text("kontak_id"))
    if contact is None:
        return context.redirect(request, PAGE)
    try:
        cookie = await send_code(request, context, contact.value)
    except Refusal as refusal:
        if awaits_old_code(request, context, contact.value, refusal):
            return _code_page(request, context, PROOF_CODE, refusal)
        return _page(request, context, customer, refusal)
    return context.redirect(request, PROOF_CODE, cookies=[cookie])


@get(PROOF_CODE)
async def show_proof_code(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Asks for that code."""
    return _code_page(request, context, PROOF_CODE)


@post(PROOF_CODE, status_code=303)
async def take_proof_code(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Signs in again: the previous session ends."""
    form = await context.form(request)
    try:
        session = await check_code(request, context, form)
    except Refusal as refusal:
        return _code_page(request, context, PROOF_CODE, refusal, form)
    return context.redirect(request, PAGE, cookies=session_cookies(context, session))


@post(f"{PAGE}/hapus", status_code=303)
async def remove(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Removes a contact."""
    form = await context.form(request)
    customer = await signed_in(context, request)
    contact_id = form.text("kontak_id")
    try:
        if contact_id in _contacts(customer):
            service = context.service
            await leave_contact(service.db, service.secret, customer, UUID(contact_id), now=service.clock())
            forget_tokens()
    except Refusal as refusal:
        return _page(request, context, customer, refusal)
    return context.redirect(request, PAGE)


def _contacts(customer: SessionCustomer) -> dict[str, Contact]:
    """The contacts by id."""
    return {str(id): one for id, one in zip(customer.contact_ids, customer.contacts, strict=True)}


def _code_page(
    request: WebRequest,
    context: RequestContext,
    action: str,
    refusal: Refusal | None = None,
    form: Form | None = None,
) -> Response[bytes]:
    return code_page(request, context, action=action, again=PAGE, step=False, refusal=refusal, form=form)


def _page(
    request: WebRequest,
    context: RequestContext,
    customer: SessionCustomer,
    refusal: Refusal | None = None,
    typed: str = "",
) -> Response[bytes]:
    proof = str(customer.proven_by)
    return context.page(
        request,
        "contacts.html",
        status=http_status(refusal),
        contacts=[ContactRow(id, one.masked, id == proof) for id, one in _contacts(customer).items()],
        fresh=customer.has_fresh_proof(context.service.clock()),
        typed=typed,
        private=True,
        **told(refusal),
    )


ROUTES = [
    show_contacts,
    take_new,
    show_new_code,
    take_new_code,
    ask_proof,
    show_proof_code,
    take_proof_code,
    remove,
]
