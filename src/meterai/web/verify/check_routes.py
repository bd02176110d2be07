"""Verification for people: by file, by a digest made in the browser, by serial number, by 2-D code."""

from __future__ import annotations

import re

from litestar import Response, get, post

from meterai.kernel.refusals import Kind, Refusal
from meterai.verification.use_cases.judge_document import judge_digest
from meterai.verification.use_cases.look_up_serial import look_up_code, look_up_serial
from meterai.web.requests.forms import read_form
from meterai.web.requests.request_context import RequestContext, WebRequest
from meterai.web.verify.checking import LIMITS, Checker, CheckPage, asked_again, digest_page, sealed_file

_DIGEST = re.compile(r"[0-9a-f]{64}")


@post("/periksa", status_code=200)
async def check_file(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Judges an uploaded file, or reads the codes of a picture, and keeps nothing of it.

    The form needs no proof: it changes nothing and shows what its sender sent.
    """
    form = await read_form(request.headers.get("content-type", ""), request.stream(), LIMITS)
    return _show(request, context, await checker_of(context).check(form))


@post("/periksa/disegel", status_code=200)
async def download_sealed(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Sends back the sealed revision of an uploaded file, when it is too large for a link on the result."""
    form = await read_form(request.headers.get("content-type", ""), request.stream(), LIMITS)
    try:
        return sealed_file(await checker_of(context).sealed_revision(form))
    except Refusal as refusal:
        if refusal.kind is not Kind.INVALID:
            raise
        return _show(request, context, asked_again(refusal.code))


@get("/periksa/sidik/{sha256:str}")
async def check_digest(request: WebRequest, context: RequestContext, sha256: str) -> Response[bytes]:
    """Shows the result for a digest that the browser made. The document never left the phone.

    The page says that no file was seen, because its address can be sent to anybody beside another file. The
    script removes this sentence where it made the digest itself.
    """
    digest = sha256.lower()
    judgement = await judge_digest(context.service.db, digest) if _DIGEST.fullmatch(digest) else None
    if judgement is None:
        raise Refusal(Kind.NOT_FOUND, "digest.unknown")
    return _show(request, context, digest_page(judgement, context.service.clock))


@get("/periksa/nomor")
async def go_to_serial(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Redirects from the form to the address of the serial number."""
    typed = re.sub(r"[^0-9A-Za-z]", "", request.query_params.get("nomor", ""))
    return context.redirect(request, f"/periksa/nomor/{typed[:40]}" if typed else "/periksa")


@get("/periksa/nomor/{serial:str}")
async def check_serial(request: WebRequest, context: RequestContext, serial: str) -> Response[bytes]:
    """Shows what the register knows of a serial number. That says nothing about a document."""
    try:
        answer = await look_up_serial(context.service.db, serial)
    except Refusal as refusal:
        return _show(request, context, asked_again(refusal.code, serial[:40]))
    return context.page(request, "serial.html", status=200 if answer.known else 404, answer=answer)


@get("/C/{payload:str}")
async def land_from_code(request: WebRequest, context: RequestContext, payload: str) -> Response[bytes]:
    """Shows the page of a 2-D code. It never says that a document is valid: a picture can be copied."""
    answer = await look_up_code(context.service.db, payload, trust=context.service.trust)
    return context.page(request, "serial.html", status=200 if answer.known else 404, answer=answer)


def checker_of(context: RequestContext) -> Checker:
    """What judges a file for a visitor of the site."""
    service = context.service
    return Checker(service.db, service.check_jail, service.trust, service.clock, service.face_limits)


def _show(request: WebRequest, context: RequestContext, shown: CheckPage) -> Response[bytes]:
    return context.page(request, shown.template, status=shown.status, **shown.values)


ROUTES = [check_file, download_sealed, check_digest, go_to_serial, check_serial, land_from_code]
