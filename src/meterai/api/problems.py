"""Refusals as problem details (RFC 9457). Only here the API maps the kind of a refusal to a status."""

from __future__ import annotations

import msgspec
from litestar import Response

from meterai.kernel.refusals import Refusal
from meterai.kit.http.status import http_status
from meterai.texts.api_problems import FOR_MACHINES
from meterai.texts.mechanism.translation import translate
from meterai.texts.refusals import TABLE

_WAIT_S = 5
"""For refusals that do not say how long to wait."""
MEDIA_TYPE = "application/problem+json"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """The members of RFC 9457, with `detail` in English, and our own.

    `code` is stable. `detail_id` is the detail in Indonesian. `help_code` finds the case in our logs.
    """

    type: str
    title: str
    status: int
    detail: str
    """What happened and what to do, in the words of a page."""
    code: str
    detail_id: str
    help_code: str = ""


def problem_response(refusal: Refusal, help_code: str = "", status: int = 0) -> Response[bytes]:
    """Makes the answer for a refusal. `status`: instead of that of the refusal's kind.

    It shows only those facts of the refusal that the words of a page name. The caller must not learn others.
    """
    status = status or http_status(refusal)
    words = FOR_MACHINES.get(refusal.code) or TABLE.get(refusal.code) or TABLE["server.fault"]
    facts = {**words.facts, **refusal.facts}

    def detail(language: str) -> str:
        return " ".join(translate(sentence, language, facts) for sentence in (words.what, words.next))

    body = Problem(
        type=f"urn:meterai:problem:{refusal.code}",
        title=refusal.kind.value.replace("_", " "),
        status=status,
        detail=detail("en"),
        code=refusal.code,
        detail_id=detail("id"),
        help_code=help_code,
    )
    wait_s = str(refusal.facts.get("retry_after_s", _WAIT_S))
    headers = {"Retry-After": wait_s} if status in (429, 503) else {}
    return Response(msgspec.json.encode(body), status_code=status, media_type=MEDIA_TYPE, headers=headers)
