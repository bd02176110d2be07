"""Verification for machines: by digest, by serial number, by document. No sign-in; nothing is kept."""

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
"""Every PDF has some. Clients that are told no content type may send a whole one under that of a form."""
_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*[\[{\x22]")


async def read_document(request: Request[Any, Any, Any]) -> bytes:
    """The body of a request that is to be judged.

    Raises: Refusal INVALID `api.form` for a form with a file in it: as a whole it would be judged as a
    document to which something was added; also for a form of fields, for JSON with a file in it, and for
    what `curl --data` makes of a file, whose line ends it takes out; `api.packed` for one that is packed on
    its way (Content-Encoding); `api.empty` for none, as of a client that tries again with a file that it has
    read to its end. These would be judged as no document. What `arriving` says.
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
    """A machine is told to ask again, not that a document can't be verified when nobody had time to open it.

    Raises: Refusal BUSY `jail.busy`; UNAVAILABLE `jail.unavailable`.
    """
    if judgement.verdict is Verdict.CANNOT_CHECK:
        for code in PASSING & leading_to(Verdict.CANNOT_CHECK, judgement.reasons):
            raise Refusal(Kind.BUSY if code == "jail.busy" else Kind.UNAVAILABLE, code)


def read_sha256(text: str) -> str:
    """A digest in lower case. Raises: Refusal INVALID `digest.unreadable`."""
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise Refusal(Kind.INVALID, "digest.unreadable")
    return text.lower()


@get("/api/v1/digests/{sha256:str}")
async def read_digest(service: Service, sha256: str) -> Judgement:
    """Judges by the SHA-256 of the whole file (64 hexadecimal digits): the bytes stay with the asker.

    Raises: digest.unreadable (422); digest.unknown (404), which says nothing against the file;
    register.unreachable (503).
    """
    judgement = await judge_digest(service.db, read_sha256(sha256))
    if judgement is None:
        raise Refusal(Kind.NOT_FOUND, "digest.unknown")
    return judgement


@get("/api/v1/serials/{serial:str}")
async def read_serial(service: Service, serial: str) -> SerialAnswer:
    """What the register knows of a serial number. Says nothing of any document."""
    answer = await look_up_serial(service.db, serial)
    if not answer.known:
        raise Refusal(Kind.NOT_FOUND, "serial.unknown")
    return answer


@post("/api/v1/verifications", status_code=200, request_max_body_size=CHECKED_BYTES_MAX)
async def verify_document(request: Request[Any, Any, Any], service: Service) -> Judgement:
    """Judges the PDF in the request's body (application/pdf, at most 12 MB).

    Raises: api.empty, api.form, api.packed (422); jail.busy (429), jail.unavailable (503), when it could not
    be opened now.
    """
    data = await read_document(request)
    judgement = await judge_document(
        service.db, service.check_jail, data, trust=service.trust, now=service.clock()
    )
    refuse_passing(judgement)
    return judgement
