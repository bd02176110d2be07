"""The API's own description (OpenAPI 3.1), kept beside the code and compared with the routes by a test."""

from __future__ import annotations

from pathlib import Path

from litestar import Response, get

_DESCRIPTION = (Path(__file__).parent / "openapi.json").read_bytes()


@get("/api/openapi.json")
async def read_openapi() -> Response[bytes]:
    """The OpenAPI 3.1 document."""
    return Response(_DESCRIPTION, media_type="application/json")
