"""Answers of the API that are ready as bytes, as `web/requests/direct.py` sends them."""

from __future__ import annotations

import msgspec
from litestar import Response


def json_response(body: msgspec.Struct) -> Response[bytes]:
    """`body` as JSON."""
    return Response(msgspec.json.encode(body), media_type="application/json")
