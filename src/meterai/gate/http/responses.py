"""HTTP responses as bytes (RFC 9112)."""

from __future__ import annotations

import time
from collections.abc import Iterable
from email.utils import formatdate
from http import HTTPStatus

type Headers = Iterable[tuple[str, str]]


def respond(status: int, body: bytes, headers: Headers = (), *, always: str = "") -> bytes:
    """A whole response. `always`: more header lines, made beforehand by `lines_of`."""
    return head(status, len(body), headers, always=always) + body


def head(status: int, size: int, headers: Headers = (), *, always: str = "") -> bytes:
    """The head of a response whose body has `size` bytes."""
    lines = always + lines_of(headers)
    return f"{_LINES[status]}content-length: {size}\r\n{_date()}{lines}\r\n".encode("latin-1")


def lines_of(headers: Headers) -> str:
    """Headers as the lines of a response."""
    return "".join([f"{name}: {value}\r\n" for name, value in headers])


def head_of(answer: bytes) -> bytes:
    """A response without its body, for HEAD."""
    return answer[: answer.index(b"\r\n\r\n") + 4]


def closing(answer: bytes) -> bytes:
    """The response with `connection: close`."""
    line, rest = answer.split(b"\r\n", 1)
    return b"%b\r\nconnection: close\r\n%b" % (line, rest)


_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}


class _Clock:
    """The `date` line of the present second."""

    second = 0
    line = ""


def _date() -> str:
    now = int(time.time())
    if now != _Clock.second:
        _Clock.second, _Clock.line = now, f"date: {formatdate(now, usegmt=True)}\r\n"
    return _Clock.line
