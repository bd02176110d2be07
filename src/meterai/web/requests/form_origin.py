"""Tells which page sent a form, by Fetch Metadata, or by `Origin` (RFC 6454), all that old browsers send."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request

type WebRequest = Request[Any, Any, Any]

_COME_FROM: Final = "sec-fetch-site"
"""From which site a request comes, as browsers say (W3C Fetch Metadata). No page can set this header."""
_UNKNOWN: Final = "null"
"""The origin of a page that keeps it to itself."""


def is_from_our_page(request: WebRequest) -> bool:
    """Tells whether the browser says that one of our own pages sent this form."""
    return request.headers.get(_COME_FROM) == "same-origin"


def is_from_elsewhere(request: WebRequest, *, tls: bool) -> bool:
    """Tells whether a page of another origin sent this form, such as one on another host of our domain.

    `tls`: people reach us by HTTPS.
    """
    come_from = request.headers.get(_COME_FROM)
    if come_from:
        return come_from not in ("same-origin", "none")  # `none`: no page, but the person
    return _origin_of(request) not in (_UNKNOWN, _our_origin(request, tls=tls))


def is_ticket_form_of_ours(request: WebRequest, *, gate: str, tls: bool) -> bool:
    """Tells whether one of our pages, or of our gate's, sent this ticket, so that it came with our cookies.

    `gate`: the gate's address. It may be another host of our site.
    """
    match request.headers.get(_COME_FROM):
        case "same-origin":
            return True
        case "same-site":
            return _origin_of(request) == gate
        case None | "":
            return _origin_of(request) == _our_origin(request, tls=tls)
    return False


def _origin_of(request: WebRequest) -> str:
    return str(request.headers.get("origin", _UNKNOWN))


def _our_origin(request: WebRequest, *, tls: bool) -> str:
    return f"{'https' if tls else 'http'}://{request.headers.get('host', '')}"
