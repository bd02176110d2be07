"""Headers and cookies of requests and answers, read and written by a short way.

Litestar's way is for every cookie there may be: 12 us to read those of a request, as much to write one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from litestar import Request
from litestar.datastructures import Cookie

_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*")
"""Text that a cookie holds as it is (RFC 6265 section 4.1.1); all of ours do."""


class PageRequest(Request[Any, Any, Any]):
    """A request to a page."""

    @cached_property
    def headers(self) -> Mapping[str, str]:  # type: ignore[override]
        """By name in small letters; of a header sent twice the last one counts."""
        return {name.decode("latin-1"): value.decode("latin-1") for name, value in self.scope["headers"]}

    @cached_property
    def cookies(self) -> dict[str, str]:
        """By name."""
        return read_cookies(self.headers.get("cookie", ""))


def read_cookies(text: str) -> dict[str, str]:
    """The cookies of a Cookie header, by name (RFC 6265 section 5.4)."""
    cookies = {}
    for pair in text.split(";"):
        name, _, value = pair.partition("=")
        cookies[name.strip()] = value.strip(' \t"')
    return cookies


def cookie_header(cookie: Cookie) -> bytes:
    """The value of the Set-Cookie header that sets a cookie of ours."""
    value = cookie.value or ""
    if not _PLAIN.fullmatch(value) or cookie.expires is not None or cookie.domain is not None:
        return cookie.to_encoded_header()[1]
    header = f"{cookie.key}={value}"
    if cookie.httponly:
        header += "; HttpOnly"
    if cookie.max_age is not None:
        header += f"; Max-Age={cookie.max_age}"
    header += f"; Path={cookie.path}; SameSite={cookie.samesite}"
    if cookie.secure:
        header += "; Secure"
    return header.encode("latin-1")
