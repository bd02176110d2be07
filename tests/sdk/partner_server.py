"""A server that speaks the conventions of the API and misbehaves on demand, as the service never would."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey


@dataclass
class Request:
    """What a client sent."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    """What it gets. Status 0: the connection ends without an answer."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class PartnerServer:
    """`answers` are given in turn, the last one again and again. `requests` are those that got one."""

    url: str
    key: ECKey | OKPKey | RSAKey
    answers: list[Answer] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    tokens: list[dict[str, Any]] = field(default_factory=list)
    """The claims of each assertion that bought a token. The token is its number, from 1."""
    token_lives_s: int = 900
    answer_next: Callable[[Request], Answer] | None = None
    """Makes the answers instead of `answers`."""

    def answer(self, request: Request) -> Answer:
        """Gives a token, or the next answer."""
        if request.path == "/api/v1/token":
            return self._token(dict(parse_qs(request.body.decode())))
        self.requests.append(request)
        if self.answer_next is not None:
            return self.answer_next(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def _token(self, form: dict[str, list[str]]) -> Answer:
        read = jwt.decode(form["client_assertion"][0], self.key, algorithms=["Ed25519", "ES256", "PS256"])
        self.tokens.append({**read.claims, "kid": read.header["kid"], "scope": form.get("scope", [""])[0]})
        granted = {"access_token": str(len(self.tokens)), "token_type": "Bearer"}
        return Answer(200, {**granted, "expires_in": self.token_lives_s, "scope": "stamps:write"})


@contextmanager
def partner_server() -> Iterator[PartnerServer]:
    """A server on a real socket, gone at the end."""
    key = OKPKey.generate_key("Ed25519")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body leave together: apart, the client's system waits before it confirms

        def do_GET(self) -> None:
            place = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(place.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = server.answer(Request(self.command, place.path, query, headers, body))
            if answer.status == 0:
                self.close_connection = True
                return
            self._send(answer)

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

        def _send(self, answer: Answer) -> None:
            raw = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            raw = b"" if answer.body is None else raw
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(raw)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    server = PartnerServer(f"http://127.0.0.1:{listening.server_port}", key)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
