"""The form of complaints and questions, and the page of a case."""

from __future__ import annotations

import time
from typing import NamedTuple
from uuid import UUID

from litestar import Response, get, post

from meterai.cases.model import ABOUT_LENGTH_MAX, TEXT_LENGTH_MAX, Case, CaseKind, read_case_code
from meterai.cases.use_cases.find_case import find_case
from meterai.cases.use_cases.open_case import CaseForm, open_case
from meterai.customers.contacts import Contact, canonical_contact
from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.network_limits import Answer
from meterai.kit.http.status import http_status
from meterai.texts.case_words import CASE_STATES, KINDS
from meterai.texts.mechanism.translation import translate
from meterai.web.account.sign_in import told
from meterai.web.cases.payment_case import with_payment_facts
from meterai.web.orders.access import customer_of
from meterai.web.requests.forms import Form
from meterai.web.requests.request_context import RequestContext, WebRequest, address_of
from meterai.web.requests.typed_contact import typed_contact

PAGE = "/pengaduan"
LOOK_UP = f"{PAGE}/cek"
_EMPTY = Form()


class KindChoice(NamedTuple):
    """A kind of case in the form."""

    name: str
    words: str


@get(PAGE)
async def show_form(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Shows the form. The address may name what it is about: `?soal=money&nomor=M7KQ-3XPD-92RT`."""
    typed = {"soal": request.query_params.get("soal", ""), "nomor": request.query_params.get("nomor", "")}
    return _form_page(request, context, Form(fields=typed))


@post(PAGE, status_code=303)
async def take_case(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Opens a case and leads to its page. Nothing that was typed is lost when it is refused."""
    form, service = await context.form(request), context.service
    form = await with_payment_facts(service.db, form, context.visit(request).language)
    try:
        sent = await _read(request, context, form)
        _count(request, context)
        opened = await open_case(
            service.db, sent, site=service.public_url, key=service.secret, now=service.clock()
        )
    except Refusal as refusal:
        return _form_page(request, context, form, refusal)
    return context.redirect(request, f"{PAGE}/{opened.number}/{opened.code}")


@get(LOOK_UP)
async def show_look_up(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Asks for the number of a case, and for its contact."""
    return _look_up_page(request, context)


@post(LOOK_UP, status_code=200)
async def look_up(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Shows the case, to people who know its number and its contact."""
    form = await context.form(request)
    try:
        _count(request, context)
        case = await _found(context, form.text("nomor"), typed_contact(form))
    except Refusal as refusal:
        return _look_up_page(request, context, form, refusal)
    return _case_page(request, context, case, is_kept=False)


@get(PAGE + "/{number:str}/{code:str}")
async def show_case(request: WebRequest, context: RequestContext, number: str, code: str) -> Response[bytes]:
    """Shows the case, to people who hold its link. Raises: Refusal NOT_FOUND `case.not_found`."""
    if not read_case_code(code):  # a contact is asked for by the form alone, which counts its tries
        raise Refusal(Kind.NOT_FOUND, "case.not_found")
    return _case_page(request, context, await _found(context, number, code), code=code)


async def _found(context: RequestContext, number: str, proof: str) -> Case:
    return await find_case(context.service.db, number, proof, now=context.service.clock())


def _count(request: WebRequest, context: RequestContext) -> None:
    """Counts a form of this network. Raises: Refusal BUSY `case.network_later`."""
    if context.case_limits.take(address_of(request), time.monotonic()) is Answer.LATER:
        raise Refusal(Kind.BUSY, "case.network_later", retry_after_s=600)


async def _read(request: WebRequest, context: RequestContext, form: Form) -> CaseForm:
    """Raises: Refusal INVALID `case.no_kind`, `case.no_text`, `case.text_too_long`, `contact.unreadable`,
    `contact.slip`, `form.unreadable`."""
    if form.text("soal") not in CaseKind:
        raise Refusal(Kind.INVALID, "case.no_kind")
    text = form.text("isi").replace("\r\n", "\n")
    if not text:
        raise Refusal(Kind.INVALID, "case.no_text")
    if len(text) > TEXT_LENGTH_MAX:
        raise Refusal(Kind.INVALID, "case.text_too_long", maximum=TEXT_LENGTH_MAX, typed=len(text))
    contact = canonical_contact(typed_contact(form))
    return CaseForm(
        id=_form_id(form),
        kind=CaseKind(form.text("soal")),
        about=form.text("nomor")[:ABOUT_LENGTH_MAX],
        text=text,
        contact=contact,
        is_proven=contact in await _proven(request, context),
        language=context.visit(request).language,
    )


def _form_id(form: Form) -> UUID:
    try:
        return UUID(form.text("formulir"))
    except ValueError:
        raise Refusal(Kind.INVALID, "form.unreadable") from None


async def _proven(request: WebRequest, context: RequestContext) -> list[Contact]:
    customer = await customer_of(context, request)
    return [] if customer is None else list(customer.contacts)


def _form_page(
    request: WebRequest, context: RequestContext, form: Form, refusal: Refusal | None = None
) -> Response[bytes]:
    language = context.visit(request).language
    return context.page(
        request,
        "complaint.html",
        status=http_status(refusal),
        kinds=[KindChoice(name, translate(words, language)) for name, words in KINDS.items()],
        kind=form.text("soal"),
        about=form.text("nomor"),
        text=form.text("isi"),
        contact=form.text("kontak"),
        form_id=form.text("formulir") or str(new_id(context.service.clock())),
        about_max=ABOUT_LENGTH_MAX,
        private=True,
        **told(refusal),
    )


def _look_up_page(
    request: WebRequest, context: RequestContext, form: Form = _EMPTY, refusal: Refusal | None = None
) -> Response[bytes]:
    return context.page(
        request,
        "case_look_up.html",
        status=http_status(refusal),
        number=form.text("nomor"),
        contact=form.text("kontak"),
        private=True,
        **told(refusal),
    )


def _case_page(
    request: WebRequest, context: RequestContext, case: Case, *, code: str = "", is_kept: bool = True
) -> Response[bytes]:
    language = context.visit(request).language
    return context.page(
        request,
        "case.html",
        is_kept=is_kept,
        case=case,
        code=code,
        kind=translate(KINDS[case.kind], language),
        state_words=translate(CASE_STATES[case.state], language),
        private=True,
    )


ROUTES = [show_form, take_case, show_look_up, look_up, show_case]
