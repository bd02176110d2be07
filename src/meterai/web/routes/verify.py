"""Verification for people: a file, its digest made in the browser, a serial number, or a scanned 2-D code."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

import structlog
from litestar import Response, get, post

from meterai.kernel.errors import Kind, Refusal
from meterai.verification.model import Judgement, StampReport
from meterai.verification.use_cases.judge_document import judge_digest, judge_document
from meterai.verification.use_cases.look_up_serial import look_up_code, look_up_serial
from meterai.verification.use_cases.picture_of_stamp import picture_of_stamp
from meterai.web.desk import Desk, WebRequest
from meterai.web.forms import read_form

log = structlog.get_logger(__name__)
PICTURES_MAX = 4
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ShownStamp:
    """A stamp with the picture of its place (a data: address), empty when there is none to show."""

    report: StampReport
    picture: str


@post("/periksa", status_code=200)
async def check_file(request: WebRequest, desk: Desk) -> Response[bytes]:
    """Judges an uploaded file and keeps nothing of it.

    Needs no proof of a form: it changes nothing and shows only what the sender sent.
    """
    form = await read_form(request.headers.get("content-type", ""), request.stream())
    uploads = form.uploads("berkas")
    if not uploads:
        return desk.page(request, "verify.html", status=422, refused="form.no_file", serial="")
    upload = uploads[0]
    if upload.too_large:
        return desk.page(request, "verify.html", status=422, refused="pdf.too_large", serial="")
    data = bytes(upload.content)
    house = desk.house
    judgement = await judge_document(
        house.db, house.jail, data, trust=house.trust, now=house.clock(), details=True
    )
    stamps = await _with_pictures(desk, data, judgement)
    return _result(request, desk, judgement, stamps, name=upload.name)


@get("/periksa/sidik/{sha256:str}")
async def check_digest(request: WebRequest, desk: Desk, sha256: str) -> Response[bytes]:
    """The result for a digest that the browser made: the document itself never left the phone."""
    digest = sha256.lower()
    judgement = await judge_digest(desk.house.db, digest) if _DIGEST.fullmatch(digest) else None
    if judgement is None:
        raise Refusal(Kind.NOT_FOUND, "digest.unknown")
    return _result(request, desk, judgement, [ShownStamp(s, "") for s in judgement.stamps], name="")


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
    request: WebRequest, desk: Desk, judgement: Judgement, stamps: list[ShownStamp], *, name: str
) -> Response[bytes]:
    return desk.page(
        request, "verify_result.html", judgement=judgement, stamps=stamps, name=name, private=True
    )


async def _with_pictures(desk: Desk, data: bytes, judgement: Judgement) -> list[ShownStamp]:
    shown = []
    for number, report in enumerate(judgement.stamps):
        picture = await _picture(desk, data, report) if number < PICTURES_MAX else ""
        shown.append(ShownStamp(report, picture))
    return shown


async def _picture(desk: Desk, data: bytes, report: StampReport) -> str:
    """The picture of a stamp's place. A picture that can't be made is no reason to withhold a verdict."""
    if report.page is None or report.box is None:
        return ""
    try:
        picture = await picture_of_stamp(desk.house.jail, data, page=report.page, box=report.box)
    except Refusal as refusal:
        log.info("stamp_picture_missing", code=refusal.code)
        return ""
    return "data:image/jpeg;base64," + base64.b64encode(picture.jpeg).decode()


ROUTES = [check_file, check_digest, go_to_serial, check_serial, land_from_code]
