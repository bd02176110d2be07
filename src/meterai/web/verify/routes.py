"""Verification for people: a file, its digest made in the browser, a serial number, or a scanned 2-D code."""

from __future__ import annotations

import re

from litestar import Response, get, post

from meterai.kernel.refusals import Kind, Refusal
from meterai.pdf.limits import CHECKED_BYTES_MAX
from meterai.verification.model import Judgement
from meterai.verification.use_cases.judge_document import judge_digest, judge_document
from meterai.verification.use_cases.look_up_serial import look_up_code, look_up_serial
from meterai.web.requests.desk import Desk, WebRequest
from meterai.web.requests.forms import FormLimits, read_form
from meterai.web.verify.stamp_pictures import ShownStamp, with_pictures, without_pictures

_DIGEST = re.compile(r"[0-9a-f]{64}")
_LIMITS = FormLimits(files_max=1, file_bytes_max=CHECKED_BYTES_MAX)


@post("/periksa", status_code=200)
async def check_file(request: WebRequest, desk: Desk) -> Response[bytes]:
    """Judges an uploaded file and keeps nothing of it.

    Needs no proof of a form: it changes nothing and shows only what the sender sent.
    """
    form = await read_form(request.headers.get("content-type", ""), request.stream(), _LIMITS)
    uploads = form.uploads("berkas")
    if not uploads:
        return desk.page(request, "verify.html", status=422, refused="form.no_file", serial="")
    upload = uploads[0]
    if upload.too_large:
        return desk.page(request, "verify.html", status=422, refused="verification.too_large", serial="")
    data = bytes(upload.content)
    house = desk.house
    judgement = await judge_document(house.db, house.check_jail, data, trust=house.trust, now=house.clock())
    stamps = await with_pictures(house.check_jail, data, judgement)
    return _result(request, desk, judgement, stamps, name=upload.name)


@get("/periksa/sidik/{sha256:str}")
async def check_digest(request: WebRequest, desk: Desk, sha256: str) -> Response[bytes]:
    """The result for a digest that the browser made: the document itself never left the phone.

    It says that no file was seen, for its address can be sent to anybody beside another file. The script
    takes that away where it made the digest itself.
    """
    digest = sha256.lower()
    judgement = await judge_digest(desk.house.db, digest) if _DIGEST.fullmatch(digest) else None
    if judgement is None:
        raise Refusal(Kind.NOT_FOUND, "digest.unknown")
    return _result(request, desk, judgement, without_pictures(judgement), by_digest=True)


@get("/periksa/nomor")
async def go_to_serial(request: WebRequest, desk: Desk) -> Response[bytes]:
    """Takes the serial number from the form to its own address."""
    typed = re.sub(r"[^0-9A-Za-z]", "", request.query_params.get("nomor", ""))
    return desk.go(request, f"/periksa/nomor/{typed[:40]}" if typed else "/periksa")


@get("/periksa/nomor/{serial:str}")
async def check_serial(request: WebRequest, desk: Desk, serial: str) -> Response[bytes]:
    """What the register knows of a serial number; says nothing of a document."""
    try:
        answer = await look_up_serial(desk.house.db, serial)
    except Refusal as refusal:
        return desk.page(request, "verify.html", status=422, refused=refusal.code, serial=serial[:40])
    return desk.page(request, "serial.html", status=200 if answer.known else 404, answer=answer)


@get("/C/{payload:str}")
async def land_from_code(request: WebRequest, desk: Desk, payload: str) -> Response[bytes]:
    """Where the 2-D code leads. Never says that a document is valid: a picture can be copied."""
    answer = await look_up_code(desk.house.db, payload, trust=desk.house.trust)
    return desk.page(request, "serial.html", status=200 if answer.known else 404, answer=answer)


def _result(
    request: WebRequest,
    desk: Desk,
    judgement: Judgement,
    stamps: list[ShownStamp],
    *,
    name: str = "",
    by_digest: bool = False,
) -> Response[bytes]:
    return desk.page(
        request,
        "verify_result.html",
        judgement=judgement,
        stamps=stamps,
        name=name,
        by_digest=by_digest,
        checked_at=desk.house.clock(),
        private=True,
    )


ROUTES = [check_file, check_digest, go_to_serial, check_serial, land_from_code]
