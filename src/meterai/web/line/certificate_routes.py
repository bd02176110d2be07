"""Certificates of attempt: for people who were in line at the closing, and for anybody who checks one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from litestar import Response, get, post

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.formats.qr import qr_svg
from meterai.kit.http.status import http_status
from meterai.sales.events import Event
from meterai.sales.queries.events import find_event
from meterai.texts.mechanism.languages import languages
from meterai.texts.mechanism.moments import second_text
from meterai.waiting_room.rules.certificate import Attempt
from meterai.waiting_room.use_cases.check_certificate import (
    BYTES_MAX,
    CheckedCertificate,
    check_certificate,
    event_of,
    find_certificate,
    read_certificate,
)
from meterai.waiting_room.use_cases.issue_certificate import issue_certificate
from meterai.web.account.sign_in import told
from meterai.web.line.claim_pages import Answer, TicketRequest, ask_for_ticket, refused
from meterai.web.line.ticket_holder import holder_of, kept_ticket, name_in_ticket
from meterai.web.pages.messages import state_text
from meterai.web.requests.forms import FormLimits, read_form
from meterai.web.requests.request_context import RequestContext, WebRequest

CHECK = "/antrean/sertifikat"
_LIMITS = FormLimits(files_max=1, file_bytes_max=BYTES_MAX)


@dataclass(frozen=True, slots=True)
class CertificateView:
    """A certificate as people read it."""

    attempt: Attempt
    event: Event
    sentences: tuple[tuple[str, str], ...]
    """Pairs of a language and what the certificate states in it; the visitor's language first."""
    joined_at: datetime
    closed_at: datetime
    seen_at: datetime
    knocked_at: datetime | None
    issued_at: datetime


async def show_certificate(ticket_request: TicketRequest) -> Answer:
    """Shows the certificate of a ticket whose contact is proven. It is made when it is first asked for."""
    context, slug = ticket_request.context, ticket_request.event.slug
    text = kept_ticket(ticket_request.request, slug)
    if not text:
        return ask_for_ticket(ticket_request, has_ticket=False)
    published = context.queues.published(slug)
    try:
        holder = await holder_of(ticket_request.request, context, published, text)
        if holder.contact is None:
            return ask_for_ticket(ticket_request, has_ticket=True)
        signed = await issue_certificate(
            context.service.db,
            published,
            text,
            contact=name_in_ticket(published, text, holder.contact),
            masked=holder.contact.masked,
            now=context.service.clock(),
        )
    except Refusal as refusal:
        return refused(ticket_request, refusal, text=text)
    attempt = read_certificate(signed, published)
    visit = context.visit(ticket_request.request)
    check_address = f"{context.service.public_url}{visit.link(CHECK)}"
    return context.page(
        ticket_request.request,
        "certificate.html",
        view=_view(ticket_request.event, attempt, visit.language),
        qr=qr_svg(f"{check_address}?kode={attempt.code}", level="L"),
        check_address=check_address.partition("://")[2],
        file=visit.link(f"{CHECK}/{attempt.code}"),
        private=True,
    )


@get(CHECK)
async def show_check(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Shows the page on which anybody checks a certificate: by its code, or the signed file."""
    code = request.query_params.get("kode", "").strip()
    if not code:
        return _check_page(request, context)
    try:
        slug, signed = await find_certificate(context.service.db, code)
        return _check_page(request, context, await _checked(request, context, slug, signed))
    except Refusal as refusal:
        return _check_page(request, context, refusal=refusal, code=code)


@post(CHECK, status_code=200)
async def check_file(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Checks a file or text. The form needs no proof: it changes nothing and shows what its sender sent."""
    form = await read_form(request.headers.get("content-type", ""), request.stream(), _LIMITS)
    uploads = form.uploads("berkas")
    raw = bytes(uploads[0].content) if uploads else form.text("teks").encode()
    try:
        return _check_page(request, context, await _checked(request, context, event_of(raw.strip()), raw))
    except Refusal as refusal:
        return _check_page(request, context, refusal=refusal, text=form.text("teks"))


@get(f"{CHECK}/{{code:str}}")
async def download(request: WebRequest, context: RequestContext, code: str) -> Response[bytes]:
    """Answers with the signed certificate. It holds the contact in masked form only."""
    _, signed = await find_certificate(context.service.db, code)
    headers = {"Content-Disposition": 'attachment; filename="sertifikat-antrean.txt"'}
    return Response(signed, media_type="text/plain; charset=utf-8", headers=headers)


async def _checked(
    request: WebRequest, context: RequestContext, slug: str, raw: bytes
) -> tuple[CertificateView, CheckedCertificate]:
    """Reads a certificate, and checks that it stands in the public log.

    Also for events that are no longer on offer: agencies check certificates afterwards.
    """
    try:
        event = await find_event(context.service.db, slug, also_former=True)
    except Refusal:
        raise Refusal(Kind.FORBIDDEN, "certificate.forged") from None
    checked = await check_certificate(raw, context.queues.published(slug))
    return _view(event, checked.attempt, context.visit(request).language), checked


def _check_page(
    request: WebRequest,
    context: RequestContext,
    found: tuple[CertificateView | None, CheckedCertificate | None] = (None, None),
    refusal: Refusal | None = None,
    *,
    code: str = "",
    text: str = "",
) -> Response[bytes]:
    """Shows what a certificate says (`found`), or the forms, with the `code` or `text` that was refused."""
    view, checked = found
    return context.page(
        request,
        "certificate_check.html",
        status=http_status(refusal),
        is_kept=view is None,  # what was found in a file is nowhere but in this answer
        view=view,
        is_logged=checked is not None and checked.is_logged,
        is_missing=checked is not None and checked.is_missing(context.service.clock()),
        is_lost=checked is not None and checked.is_lost,
        action=context.visit(request).link(CHECK),
        code=code,
        text=text,
        **told(refusal),
    )


def _view(event: Event, attempt: Attempt, language: str) -> CertificateView:
    tongues = [language, *(other for other in languages() if other != language)]
    return CertificateView(
        attempt,
        event,
        tuple((tongue, _sentence(event, attempt, tongue)) for tongue in tongues),
        _moment(attempt.joined_at),
        _moment(attempt.closed_at),
        _moment(attempt.seen_at),
        _moment(attempt.knocked_at) if attempt.knocked_at is not None else None,
        _moment(attempt.issued_at),
    )


def _sentence(event: Event, attempt: Attempt, language: str) -> str:
    def told(unix: int | None) -> str:
        return "" if unix is None else second_text(_moment(unix), language, event.zone)

    return state_text(f"certificate.{attempt.outcome}", language).what.format(
        contact=attempt.contact,
        event=event.name_in(language),
        joined=told(attempt.joined_at),
        closed=told(attempt.closed_at),
        knocked=told(attempt.knocked_at),
    )


def _moment(unix: int) -> datetime:
    return datetime.fromtimestamp(unix, UTC)


ROUTES = [show_check, check_file, download]
