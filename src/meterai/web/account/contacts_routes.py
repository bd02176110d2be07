"""Your contacts: which there are, one more, one less. Changed only behind a code of late."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from litestar import Response, get, post

from meterai.customers.contact_changes import refuse_old_proof
from meterai.customers.contacts import Contact
from meterai.customers.queries import SessionCustomer
from meterai.customers.use_cases.add_contact import add_contact
from meterai.customers.use_cases.sign_out import sign_out
from meterai.kernel.refusals import Refusal
from meterai.kit.http.status import http_status
from meterai.sales.use_cases.leave_contact import leave_contact
from meterai.web.account.sign_in import awaited_code, check_code, code_page, send_code, session_cookies, told
from meterai.web.orders.access import customer_of, forget_tokens, signed_in
from meterai.web.requests.desk import SESSION_COOKIE, Desk, WebRequest
from meterai.web.requests.forms import Form

PAGE = "/saya/kontak"
NEW_CODE = f"{PAGE}/kode"
PROOF = f"{PAGE}/bukti"
PROOF_CODE = f"{PROOF}/kode"


@dataclass(frozen=True, slots=True)
class Line:
    """One of the contacts."""

    id: str
    masked: str
    is_proof: bool
    """With it the visitor is signed in."""


@get(PAGE)
async def show_contacts(request: WebRequest, desk: Desk) -> Response[bytes]:
    """The contacts, and what can be done with them."""
    customer = await customer_of(desk, request)
    return desk.go(request, "/saya") if customer is None else _page(request, desk, customer)


@post(PAGE, status_code=303)
async def take_new(request: WebRequest, desk: Desk) -> Response[bytes]:
    """Sends a code to the contact that is to be added."""
    form = await desk.form(request)
    customer = await signed_in(desk, request)
    try:
        refuse_old_proof(customer, desk.house.clock())
        cookie = await send_code(request, desk, form.text("kontak"))
    except Refusal as refusal:
        return _page(request, desk, customer, refusal, form.text("kontak"))
    return desk.go(request, NEW_CODE, cookies=[cookie])


@get(NEW_CODE)
async def show_new_code(request: WebRequest, desk: Desk) -> Response[bytes]:
    """Asks for the code that the new contact got."""
    return _code_page(request, desk, NEW_CODE)


@post(NEW_CODE, status_code=303)
async def take_new_code(request: WebRequest, desk: Desk) -> Response[bytes]:
    """Adds the contact."""
    form = await desk.form(request)
    customer = await signed_in(desk, request)
    house = desk.house
    try:
        code = awaited_code(desk, form)
        await add_contact(house.db, house.secret, customer, code, form.text("kode"), now=house.clock())
    except Refusal as refusal:
        if refusal.code.startswith("code."):
            return _code_page(request, desk, NEW_CODE, refusal, form)
        desk.visit(request).page = PAGE  # not the code's: that is used
        return _page(request, desk, customer, refusal)
    return desk.go(request, PAGE)


@post(PROOF, status_code=303)
async def ask_proof(request: WebRequest, desk: Desk) -> Response[bytes]:
    """Sends a code to a contact that is theirs already."""
    form = await desk.form(request)
    customer = await signed_in(desk, request)
    contact = _contacts(customer).get(form.text("kontak_id"))
    if contact is None:
        return desk.go(request, PAGE)
    try:
        cookie = await send_code(request, desk, contact.value)
    except Refusal as refusal:
        return _page(request, desk, customer, refusal)
    return desk.go(request, PROOF_CODE, cookies=[cookie])


@get(PROOF_CODE)
async def show_proof_code(request: WebRequest, desk: Desk) -> Response[bytes]:
    """Asks for that code."""
    return _code_page(request, desk, PROOF_CODE)


@post(PROOF_CODE, status_code=303)
async def take_proof_code(request: WebRequest, desk: Desk) -> Response[bytes]:
    """Signs in anew: the session before ends."""
    form = await desk.form(request)
    try:
        session = await check_code(request, desk, form)
    except Refusal as refusal:
        return _code_page(request, desk, PROOF_CODE, refusal, form)
    await sign_out(desk.house.db, request.cookies.get(SESSION_COOKIE, ""))
    return desk.go(request, PAGE, cookies=session_cookies(request, desk, session))


@post(f"{PAGE}/hapus", status_code=303)
async def remove(request: WebRequest, desk: Desk) -> Response[bytes]:
    """Removes a contact."""
    form = await desk.form(request)
    customer = await signed_in(desk, request)
    contact_id = form.text("kontak_id")
    try:
        if contact_id in _contacts(customer):
            house = desk.house
            await leave_contact(house.db, house.secret, customer, UUID(contact_id), now=house.clock())
            forget_tokens()
    except Refusal as refusal:
        return _page(request, desk, customer, refusal)
    return desk.go(request, PAGE)


def _contacts(customer: SessionCustomer) -> dict[str, Contact]:
    """By id."""
    return {str(id): one for id, one in zip(customer.contact_ids, customer.contacts, strict=True)}


def _code_page(
    request: WebRequest,
    desk: Desk,
    action: str,
    refusal: Refusal | None = None,
    form: Form | None = None,
) -> Response[bytes]:
    return code_page(request, desk, action=action, again=PAGE, step=False, refusal=refusal, form=form)


def _page(
    request: WebRequest,
    desk: Desk,
    customer: SessionCustomer,
    refusal: Refusal | None = None,
    typed: str = "",
) -> Response[bytes]:
    proof = str(customer.proven_by)
    return desk.page(
        request,
        "contacts.html",
        status=http_status(refusal),
        contacts=[Line(id, one.masked, id == proof) for id, one in _contacts(customer).items()],
        fresh=customer.has_fresh_proof(desk.house.clock()),
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
