"""Verification for machines: by digest, serial number or document. No sign-in is needed, nothing is kept."""

from __future__ import annotations

import re
from typing import Annotated, Any

from litestar import Request, get, post
from msgspec import Meta

from meterai.api.conventions.operations import operation
from meterai.api.dependencies import Service
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.kit.http.body_budget import read_body
from meterai.pdf.limits import CHECKED_BYTES_MAX
from meterai.verification.model import Judgement, SerialAnswer, Verdict
from meterai.verification.reasons import PASSING, leading_to
from meterai.verification.use_cases.judge_document import judge_digest, judge_document
from meterai.verification.use_cases.look_up_serial import look_up_serial

_LINE_END = re.compile(rb"[\r\n]")
"""Every PDF has line ends. Some clients send a whole PDF under a form's content type."""
_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*[\[{\x22]")


async def read_document(request: Request[Any, Any, Any]) -> bytes:
    """Reads the body of a request that is to be judged.

    Bodies that hold something else, or a PDF that was changed on its way, are refused: their verdict would be
    wrong.

    Raises: Refusal INVALID
    - `api.form` for a form with a file, a form with fields, JSON with a file, and what `curl --data` makes of
      a file (it removes the line ends).
    - `api.packed` for a compressed body (Content-Encoding).
    - `api.empty` for an empty body, as of a client that repeats a request with a file that it has read to its
      end.

    Further refusals as `read_body`.
    """
    kind = request.headers.get("content-type", "").strip().lower()
    if kind.startswith("multipart/"):
        raise Refusal(Kind.INVALID, "api.form")
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise Refusal(Kind.INVALID, "api.packed")
    data = await read_body(request.stream())
    if not data:
        raise Refusal(Kind.INVALID, "api.empty")
    if kind.startswith("application/json") and _JSON.match(data):
        raise Refusal(Kind.INVALID, "api.form")
    if not _LINE_END.search(data):
        is_form = kind.startswith("application/x-www-form-urlencoded")
        if is_form or b"%%EOF" in data:
            raise Refusal(Kind.INVALID, "api.form")
    return data


def refuse_passing(judgement: Judgement) -> None:
    """Refuses, instead of a verdict, when nobody had time to open the document. The caller can ask again.

    Raises: Refusal BUSY `jail.busy`; UNAVAILABLE `jail.unavailable`.
    """
    if judgement.verdict is Verdict.CANNOT_CHECK:
        for code in PASSING & leading_to(Verdict.CANNOT_CHECK, judgement.reasons):
            raise Refusal(Kind.BUSY if code == "jail.busy" else Kind.UNAVAILABLE, code)


def read_sha256(text: str) -> str:
    """Reads a digest, in lower case. Raises: Refusal INVALID `digest.unreadable`."""
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise Refusal(Kind.INVALID, "digest.unreadable")
    return text.lower()


_DIGEST_REFUSES = {
    "digest.unreadable": Kind.INVALID,
    "digest.unknown": Kind.NOT_FOUND,
    "register.unreachable": Kind.UNAVAILABLE,
}
_SERIAL_REFUSES = {
    "serial.malformed": Kind.NOT_FOUND,
    "serial.unknown": Kind.NOT_FOUND,
    "register.unreachable": Kind.UNAVAILABLE,
}
_DOCUMENT_REFUSES = {
    "api.empty": Kind.INVALID,
    "api.form": Kind.INVALID,
    "api.packed": Kind.INVALID,
    "pdf.too_large": Kind.TOO_LARGE,
    "form.unreadable": Kind.INVALID,
    "form.busy": Kind.BUSY,
    "jail.busy": Kind.BUSY,
    "jail.budget_spent": Kind.BUSY,
    "jail.unavailable": Kind.UNAVAILABLE,
}
Sha256 = Annotated[str, Meta(pattern="^[0-9a-fA-F]{64}$", description="64 hexadecimal digits.")]
Serial = Annotated[str, Meta(description="Spaces and dashes in it do no harm.")]


BY_DIGEST = operation(scope=None, cors=True, refuses=_DIGEST_REFUSES)
BY_SERIAL = operation(scope=None, cors=True, refuses=_SERIAL_REFUSES)
BY_DOCUMENT = operation(
    scope=None, cors=True, body=("application/pdf", "application/octet-stream"), refuses=_DOCUMENT_REFUSES
)


@get("/api/v1/digests/{sha256:str}", opt=BY_DIGEST)
async def read_digest(service: Service, sha256: Sha256) -> Judgement:
    """Judges a file by its SHA-256.

    The digest is that of the whole file, whose bytes stay with you. `digest.unknown` says nothing against the
    file. It may have been changed, or may never have been ours: send it whole.
    """
    judgement = await judge_digest(service.db, read_sha256(sha256))
    if judgement is None:
        raise Refusal(Kind.NOT_FOUND, "digest.unknown")
    return judgement


@get("/api/v1/serials/{serial:str}", opt=BY_SERIAL)
async def read_serial(service: Service, serial: Serial) -> SerialAnswer:
    """Reads what the register knows of a serial number.

    That says nothing about a document.
    """
    return await known_serial(service.db, serial)


async def known_serial(db: Database | None, serial: str) -> SerialAnswer:
    """Looks a serial number up. Nothing stands at the address of one that is unknown, or that can't be one.

    Raises: serial.malformed, serial.unknown (404); as `look_up_serial`.
    """
    try:
        answer = await look_up_serial(db, serial)
    except Refusal as refusal:
        kind = Kind.NOT_FOUND if refusal.code == "serial.malformed" else refusal.kind
        raise Refusal(kind, refusal.code, **refusal.facts) from refusal
    if not answer.known:
        raise Refusal(Kind.NOT_FOUND, "serial.unknown")
    return answer


@post(
    "/api/v1/verifications",
    status_code=200,
    request_max_body_size=CHECKED_BYTES_MAX,
    opt=BY_DOCUMENT,
)
async def verify_document(request: Request[Any, Any, Any], service: Service) -> Judgement:
    """Judges a PDF.

    The body is the PDF alone, byte for byte, and at most 12 MB. What can't be opened is judged, not refused.
    With 429 or 503 it could not be opened now: send it again. `jail.budget_spent`: your network has used too
    much computing time. No Idempotency-Key is needed, because nothing is kept.
    """
    data = await read_document(request)
    judgement = await judge_document(
        service.db,
        service.check_jail,
        data,
        trust=service.trust,
        now=service.clock(),
        limits=service.face_limits,
    )
    refuse_passing(judgement)
    return judgement
