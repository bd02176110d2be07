"""Receives webhooks on this machine, for development."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from meterai_sdk.deliveries import open_webhook
from meterai_sdk.problems import UnsafeWebhook
from meterai_sdk.shapes import Event

BODY_BYTES_MAX: Final = 256 << 10
TIME_S: Final = 15


class Receiver(ThreadingHTTPServer):
    """Checks what it receives, and hands each event on once, however often it is delivered."""

    daemon_threads = True

    def __init__(self, port: int, secrets: Sequence[str], take: Callable[[Event], None]) -> None:
        """`port` 0: any free one. `take` gets each event."""
        super().__init__(("127.0.0.1", port), _Delivery)
        self._secrets = secrets
        self._take = take
        self._seen: set[str] = set()
        self._taking = threading.Lock()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def receive(self, body: bytes, headers: dict[str, str]) -> None:
        """Takes a delivery. Raises: UnsafeWebhook when it is not from Meterai."""
        event = open_webhook(body, headers, self._secrets)
        with self._taking:
            if event["id"] not in self._seen:
                self._take(event)
                self._seen.add(event["id"])


class _Delivery(BaseHTTPRequestHandler):
    server: Receiver
    timeout = TIME_S

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            return self._answer(411)
        if int(length) > BODY_BYTES_MAX:
            return self._answer(413)
        try:
            self.server.receive(self.rfile.read(int(length)), dict(self.headers))
        except UnsafeWebhook:
            return self._answer(401)
        return self._answer(204)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing: the events are what is printed."""
