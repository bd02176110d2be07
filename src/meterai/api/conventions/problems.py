"""Refusals as problem details (RFC 9457). Only here the API maps the kind of a refusal to a status."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from litestar import Response

from meterai.kernel.refusals import Refusal
from meterai.kit.http.status import http_status
from meterai.texts.api_problems import explanation_of
from meterai.texts.mechanism.translation import translate
from meterai.texts.refusals import TABLE

_WAIT_S = 5
"""For refusals that do not say how long to wait."""
MEDIA_TYPE = "application/problem+json"
PAGE_PATH = "/api/problems"


class FieldError(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one field of the request."""

    at: str
    """`body` with a JSONPath, such as `body.places[0].x`; `query.limit`; `header`."""
    message: str
    """In English, for developers. It does not repeat what was sent."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """The members of RFC 9457, with `detail` in English, and our own.

    `type` is the address of a page about the code. `code` is stable. `detail_id` is the detail in Indonesian.
    `help_code` finds the case in our logs. `errors`: the fields that are wrong.
    """

    type: str
    title: str
    status: int
    detail: str
    """What happened and what to do, in the words of a page."""
    code: str
    detail_id: str
    help_code: str = ""
    errors: tuple[FieldError, ...] = ()


def problem_response(
    refusal: Refusal, help_code: str = "", status: int = 0, base: str = ""
) -> Response[bytes]:
    """Makes the answer for a refusal. `status`: instead of that of the refusal's kind. `base`: our address.

    It shows only those facts of the refusal that the words of a page name. The caller must not learn others.
    """
    status = status or http_status(refusal)
    words = explanation_of(refusal.code) or TABLE["server.fault"]
    facts = {**words.facts, **refusal.facts}

    def detail(language: str) -> str:
        return " ".join(translate(sentence, language, facts) for sentence in (words.what, words.next))

    errors = refusal.facts.get("errors", ())
    body = Problem(
        type=f"{base}{PAGE_PATH}/{refusal.code}",
        title=refusal.kind.value.replace("_", " "),
        status=status,
        detail=detail("en"),
        code=refusal.code,
        detail_id=detail("id"),
        help_code=help_code,
        errors=errors if isinstance(errors, tuple) else (),
    )
    return Response(
        msgspec.json.encode(body),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers=_headers(status, refusal.facts),
    )


def _headers(status: int, facts: Mapping[str, object]) -> dict[str, str]:
    if status in (429, 503):
        return {"Retry-After": str(facts.get("retry_after_s", _WAIT_S))}
    return {"WWW-Authenticate": "Bearer"} if status == 401 else {}
