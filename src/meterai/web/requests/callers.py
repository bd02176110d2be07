"""For whom the jails of this process work: the network and the visitor of a request."""

from __future__ import annotations

from typing import Any

from meterai.jail.queueing.callers import Caller
from meterai.kit.http.client_network import network_of
from meterai.web.requests.request_context import VISITOR_COOKIE

_MARK = f"{VISITOR_COOKIE}=".encode()
_VISITOR_BYTES_MAX = 64


def caller_of_request(scope: Any) -> Caller:
    """The sender of a request (an ASGI scope). The server has replaced a trusted proxy's address before."""
    client = scope.get("client")
    return Caller(network_of(client[0] if client else ""), _visitor(scope["headers"]))


def _visitor(headers: Any) -> str:
    for name, value in headers:
        if name == b"cookie" and _MARK in value:
            visitor: bytes = value.partition(_MARK)[2].partition(b";")[0]
            return visitor[:_VISITOR_BYTES_MAX].decode("latin-1")
    return ""
