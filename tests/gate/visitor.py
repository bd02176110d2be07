"""People at a gate, for tests: plain HTTP requests, one connection each."""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlencode

from meterai.waiting_room.rules.tickets import Ticket, decode_ticket

_TICKET = re.compile(r"/t/([A-Za-z0-9_-]{128})")


@dataclass(frozen=True)
class Answer:
    """An answer of the gate."""

    status: int
    headers: dict[str, str]
    """By their names in lower case; cookies as `cookies`."""
    body: bytes
    cookies: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The page."""
        return self.body.decode()

    @property
    def ticket(self) -> str:
        """The ticket to which the answer redirects."""
        found = _TICKET.search(self.headers.get("location", ""))
        assert found, f"{self.status} without a ticket"
        return found[1]

    @property
    def read(self) -> Ticket:
        """That ticket, decoded."""
        return decode_ticket(self.ticket)


def get(port: int, path: str, **headers: str) -> Answer:
    """GETs a page."""
    return _ask(port, "GET", path, None, headers)


def post(port: int, path: str, fields: dict[str, str], **headers: str) -> Answer:
    """Sends a form."""
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return _ask(port, "POST", path, urlencode(fields).encode(), kind | headers)


def join(port: int, contact: str, **headers: str) -> Answer:
    """Takes a place."""
    return post(port, "/antre/casn", {"kontak": contact}, **headers)


def raw(port: int, *request: bytes, seconds: float = 5) -> bytes:
    """Sends bytes, piece by piece. Reads until the server ends the connection or is silent for a moment."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        for piece in request:
            connection.sendall(piece)
            time.sleep(0.05 if len(request) > 1 else 0)
        connection.settimeout(0.4)
        found = b""
        try:
            while piece := connection.recv(65_536):
                found += piece
        except (TimeoutError, ConnectionResetError):
            pass
        return found


def _ask(port: int, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, told)
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        cookies = tuple(answer.headers.get_all("set-cookie", ()))
        return Answer(answer.status, found, answer.read(), cookies)
    finally:
        connection.close()
