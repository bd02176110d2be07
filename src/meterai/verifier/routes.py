"""The routes of the verifier: pages for people and JSON for machines, in the same words."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import structlog
from litestar import Litestar, Request, Response, get, post
from litestar.exceptions import HTTPException

from meterai.api.conventions.problems import problem_response
from meterai.api.conventions.router import api_router
from meterai.api.verification import (
    BY_DIGEST,
    BY_DOCUMENT,
    BY_SERIAL,
    known_serial,
    read_document,
    read_sha256,
    refuse_passing,
)
from meterai.jail.pool import JailPool
from meterai.kernel.clock import Clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database, is_outage, log_trouble
from meterai.kit.http.status import http_status
from meterai.pdf.limits import CHECKED_BYTES_MAX
from meterai.texts.mechanism.languages import languages
from meterai.texts.mechanism.translation import translate
from meterai.texts.reasons import REASONS
from meterai.texts.told import text_of
from meterai.verification.model import FaceLimits, Judgement, SerialAnswer, Trust
from meterai.verification.reasons import UNEXPECTED
from meterai.verification.use_cases.judge_document import judge_digest, judge_document
from meterai.verification.use_cases.look_up_serial import look_up_serial
from meterai.web.pages import icon_routes, problem_routes
from meterai.web.pages.cached_pages import CachedPages, cache_page
from meterai.web.pages.problem_routes import problem_text
from meterai.web.pages.templates import Pages
from meterai.web.requests.forms import read_form
from meterai.web.requests.http_refusals import api_refusal, page_refusal, with_methods
from meterai.web.requests.load_meter import LoadMeter
from meterai.web.requests.middleware import SiteMiddleware
from meterai.web.requests.visits import Visit, visit_of
from meterai.web.verify.checking import LIMITS, Checker, CheckPage, asked_again, digest_page, sealed_file
from meterai.web.verify.code_reader import code_reader_pages

log = structlog.get_logger(__name__)
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")

type VerifierRequest = Request[Any, Any, Any]


_FACE_LIMITS = FaceLimits()


@dataclass(frozen=True, slots=True)
class VerifierService:
    """What the verifier works with."""

    db: Database | None
    """The register, read-only; None: there is none to ask."""
    jail: JailPool
    trust: Trust
    pages: Pages
    clock: Clock
    face_limits: FaceLimits = _FACE_LIMITS

    @property
    def public_url(self) -> str:
        """The address people see, without a slash at its end."""
        return self.pages.facts.public_url


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """The words of a page for a reason code."""

    code: str
    text_id: str
    text_en: str
    next_id: str
    next_en: str


class SpokenJudgement(Judgement, frozen=True, kw_only=True):
    """A judgement with the words for its reasons and for what is wrong with each stamp."""

    words: tuple[Words, ...]


def speak(judgement: Judgement) -> SpokenJudgement:
    """Adds the words of the site's page to a judgement."""
    codes = [*judgement.reasons, *(problem for stamp in judgement.stamps for problem in stamp.problems)]
    words = [_words(code) for code in dict.fromkeys(codes)]
    return SpokenJudgement(**msgspec.structs.asdict(judgement), words=tuple(words))


def _words(code: str) -> Words:
    reason = REASONS.get(code, REASONS[UNEXPECTED])
    return Words(
        code=code,
        text_id=translate(reason.what, "id"),
        text_en=translate(reason.what, "en"),
        next_id=translate(reason.next, "id"),
        next_en=translate(reason.next, "en"),
    )


@post("/api/v1/verifications", status_code=200, request_max_body_size=CHECKED_BYTES_MAX, opt=BY_DOCUMENT)
async def verify_document(request: VerifierRequest) -> SpokenJudgement:
    """Judges the PDF in the request's body (application/pdf, at most 12 MB).

    Raises: api.empty, api.form, api.packed; jail.busy, jail.unavailable, when it could not be opened now.
    """
    service, data = _service(request), await read_document(request)
    judgement = await judge_document(
        service.db,
        service.jail,
        data,
        trust=service.trust,
        now=service.clock(),
        limits=service.face_limits,
    )
    refuse_passing(judgement)
    return speak(judgement)


@get("/api/v1/digests/{sha256:str}", opt=BY_DIGEST)
async def read_digest(request: VerifierRequest, sha256: str) -> SpokenJudgement:
    """Judges by the SHA-256 of the whole file.

    Raises: digest.unreadable; digest.unknown; register.unreachable; register.not_asked when there is none.
    """
    return speak(await _judge_digest(_service(request), read_sha256(sha256)))


@get("/api/v1/serials/{serial:str}", opt=BY_SERIAL)
async def read_serial(request: VerifierRequest, serial: str) -> SerialAnswer:
    """Answers with what the register knows of a serial number.

    Raises: serial.malformed; serial.unknown; register.unreachable; register.not_asked when there is none.
    """
    return await known_serial(_service(request).db, serial)


@post("/periksa", status_code=200)
async def check_file(request: VerifierRequest) -> Response[bytes]:
    """Judges an uploaded file, or reads the codes of a picture, and shows the site's page."""
    form = await read_form(request.headers.get("content-type", ""), request.stream(), LIMITS)
    return _show(request, await _checker(request).check(form))


@post("/periksa/disegel", status_code=200)
async def download_sealed(request: VerifierRequest) -> Response[bytes]:
    """Sends back the sealed revision of an uploaded file, as the site does."""
    form = await read_form(request.headers.get("content-type", ""), request.stream(), LIMITS)
    try:
        return sealed_file(await _checker(request).sealed_revision(form))
    except Refusal as refusal:
        if refusal.kind is not Kind.INVALID:
            raise
        return _show(request, asked_again(refusal.code))


@get("/periksa/sidik/{sha256:str}")
async def check_digest(request: VerifierRequest, sha256: str) -> Response[bytes]:
    """Shows the result for a digest that the browser made."""
    service = _service(request)
    return _show(request, digest_page(await _judge_digest(service, sha256), service.clock))


@get(["/periksa/nomor", "/periksa/nomor/{serial:str}"])
async def check_serial(request: VerifierRequest, serial: str = "") -> Response[bytes]:
    """Shows what the register knows of the serial number in the form, or in the address on a result."""
    typed = (serial or request.query_params.get("nomor", ""))[:60]
    try:
        answer = await look_up_serial(_service(request).db, typed)
    except Refusal as refusal:
        status = http_status(refusal)
        return _page(request, "verify.html", status=status, refused=refusal.code, serial=typed)
    return _page(request, "serial.html", status=200 if answer.known else 404, answer=answer)


async def _judge_digest(service: VerifierService, sha256: str) -> Judgement:
    judgement = await judge_digest(service.db, sha256.lower()) if _DIGEST.fullmatch(sha256) else None
    if judgement is None:
        raise Refusal(Kind.NOT_FOUND, "digest.unknown")
    return judgement


@get("/api/problems/{code:str}")
async def show_problem(request: VerifierRequest, code: str) -> Response[bytes]:
    """Shows what a refusal of the API means."""
    return _page(request, problem_routes.TEMPLATE, text=problem_text(code, visit_of(request.scope).language))


def _service(request: VerifierRequest) -> VerifierService:
    service = request.app.state.service
    assert isinstance(service, VerifierService)
    return service


def _page(request: VerifierRequest, template: str, *, status: int = 200, **context: Any) -> Response[bytes]:
    body = _service(request).pages.render(visit_of(request.scope), template, **context)
    return Response(body, status_code=status, media_type="text/html")


def _checker(request: VerifierRequest) -> Checker:
    service = _service(request)
    return Checker(service.db, service.jail, service.trust, service.clock, service.face_limits)


def _show(request: VerifierRequest, shown: CheckPage) -> Response[bytes]:
    return _page(request, shown.template, status=shown.status, **shown.values)


def _refused(request: VerifierRequest, refusal: Refusal) -> Response[Any]:
    return _answer(request, refusal, http_status(refusal))


def _answer(
    request: VerifierRequest, refusal: Refusal, status: int, *, help_code: str = ""
) -> Response[bytes]:
    visit = visit_of(request.scope)
    if _is_api(request):
        return problem_response(refusal, help_code, status, _service(request).public_url)
    told = text_of(refusal.code, visit.language, refusal.facts)
    text = replace(told, money_kind="", money="")  # nothing is sold here
    return _page(request, "error.html", status=status, text=text, back="", private=True)


def _is_api(request: VerifierRequest) -> bool:
    return visit_of(request.scope).path.startswith("/api/")


def _http_refused(request: VerifierRequest, error: HTTPException) -> Response[Any]:
    if _is_api(request):
        response = _answer(request, api_refusal(error), error.status_code)
    else:
        response = _refused(request, page_refusal(error))
    return with_methods(response, error)


def _failed(request: VerifierRequest, error: Exception) -> Response[Any]:
    """Answers an unexpected fault. An outage is answered with 503. The log has the rest, under the help
    code.
    """
    help_code = visit_of(request.scope).help_code
    log_trouble(log, error, outage="unavailable", fault="fault", help_code=help_code)
    status = 503 if is_outage(error) else 500
    return _answer(request, Refusal(Kind.UNAVAILABLE, "server.fault"), status, help_code=help_code)


ROUTES: list[Any] = [
    api_router([verify_document, read_digest, read_serial]),
    check_file,
    download_sealed,
    check_digest,
    check_serial,
    show_problem,
]


def build_verifier(service: VerifierService) -> SiteMiddleware:
    """Makes the ASGI application."""
    litestar = Litestar(
        route_handlers=[*ROUTES, *icon_routes.ROUTES],
        exception_handlers={Refusal: _refused, HTTPException: _http_refused, Exception: _failed},
        request_max_body_size=None,
        openapi_config=None,
        logging_config=None,
    )
    litestar.state.service = service

    def make_pages() -> tuple[CachedPages, float]:
        made: CachedPages = {}
        if service.trust.code_keys:
            made |= code_reader_pages(service.pages, service.trust.code_keys)
        for language in languages():
            for path in ("/", "/periksa"):
                visit = Visit(language, path, "", "")
                body = service.pages.render(visit, "verify.html", refused="", serial="")
                made[language, path] = cache_page(body)
        return made, float("inf")

    measured = LoadMeter(litestar, dict, apart=("/",))  # nobody reports the load of this process
    return SiteMiddleware(measured, service.pages.assets, make_pages, tls=False)
