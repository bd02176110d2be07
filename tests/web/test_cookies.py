"""Cookies as we read and write them mean what Litestar and Python's own classes make of them."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest
from litestar._parsers import parse_cookie_string
from litestar.datastructures import Cookie

from meterai.web.requests.cookies import PageRequest, cookie_header, read_cookies


@pytest.mark.parametrize(
    "cookie",
    [
        Cookie(key="a", value="v"),
        Cookie(key="a", value="", max_age=0, httponly=True),
        Cookie(key="antre_casn", value="K7~QF.2-M_9D", max_age=600, httponly=True, secure=True),
        Cookie(key="a", value="v", samesite="strict", path="/saya"),
        Cookie(key="a", value='with blank; and "quotes"', httponly=True),
        Cookie(key="a", value="v", domain="contoh.id"),
    ],
)
def test_a_cookie_is_written_as_pythons_own_classes_write_it(cookie: Cookie) -> None:
    assert _meaning(cookie_header(cookie).decode()) == _meaning(cookie.to_header(header=""))


def _meaning(header: str) -> list[tuple[str, str, dict[str, str]]]:
    return [(name, morsel.value, dict(morsel)) for name, morsel in SimpleCookie(header).items()]


@pytest.mark.parametrize("text", ["", "a=1", "a=1; b=2", "a=1;b=x=y", "a=1; a=2", ' a = 1 ; b = "q"; c='])
def test_cookies_are_read_as_litestar_reads_them(text: str) -> None:
    ours = {name: value for name, value in read_cookies(text).items() if name}
    assert ours == parse_cookie_string(text)


def test_a_request_gives_headers_and_cookies_by_name() -> None:
    headers = [(b"cookie", b"kunjungan=abc; masuk=def"), (b"content-type", b"text/plain")]
    request = PageRequest({"type": "http", "headers": headers})  # type: ignore[typeddict-item]
    assert request.cookies == {"kunjungan": "abc", "masuk": "def"}
    assert request.headers.get("content-type") == "text/plain"
    assert request.content_length is None
    assert PageRequest({"type": "http", "headers": []}).cookies.get("masuk", "") == ""  # type: ignore[typeddict-item]
