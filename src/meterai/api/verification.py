"""Verification for machines: by digest, serial number or document. No sign-in is needed, nothing is kept."""

from __future__ import annotations

import re
from typing import Any

from litestar import Request, get, post

from meterai.api.dependencies import Service
from meterai.kernel.refusals import Kind, Refusal
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


@get("/api/v1/digests/{sha256:str}")
async def read_digest(service: Service, sha256: str) -> Judgement:
    """Judges by the SHA-256 of the whole file (64 hexadecimal digits). The file stays with the caller.

    Raises: digest.unreadable (422); digest.unknown (404), which does not mean that the file is bad;
    register.unreachable (503).
    """
    judgement = await judge_digest(service.db, read_sha256(sha256))
    if judgement is None:
        raise Refusal(Kind.NOT_FOUND, "digest.unknown")
    return judgement


@get("/api/v1/serials/{serial:str}")
async def read_serial(service: Service, serial: str) -> SerialAnswer:
    """Answers with what the register knows of a serial number. That says nothing about a document."""
    answer = await look_up_serial(service.db, serial)
    if not answer.known:
        raise Refusal(Kind.NOT_FOUND, "serial.unknown")
    return answer


@post("/api/v1/verifications", status_code=200, request_max_body_size=CHECKED_BYTES_MAX)
async def verify_document(request: Request[Any, Any, Any], service: Service) -> Judgement:
    """Judges the PDF in the request's body (application/pdf, at most 12 MB).

    Raises: api.empty, api.form, api.packed (422); jail.busy (429) or jail.unavailable (503) when it can't be
    opened now.
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
