"""Refusals as problem details (RFC 9457): the one place where the API maps a kind to a status."""

from __future__ import annotations

import msgspec
from litestar import Response

from meterai.kernel.errors import Refusal
from meterai.kit.http_status import http_status

MEDIA_TYPE = "application/problem+json"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457 members; `code` is ours and stable, `help_code` finds the case in our logs."""

    type: str
    title: str
    status: int
    code: str
    help_code: str = ""


def problem_response(refusal: Refusal, help_code: str = "", status: int = 0) -> Response[bytes]:
    """The answer for a refusal. Its facts stay inside: they may name what the caller must not learn.

    `status`: where its kind does not say it.
    """
    status = status or http_status(refusal)
    body = Problem(
        type=f"urn:meterai:problem:{refusal.code}",
        title=refusal.kind.value.replace("_", " "),
        status=status,
        code=refusal.code,
        help_code=help_code,
    )
    headers = {"Retry-After": "5"} if status in (429, 503) else {}
    return Response(msgspec.json.encode(body), status_code=status, media_type=MEDIA_TYPE, headers=headers)
