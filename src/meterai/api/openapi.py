"""The description of the API (OpenAPI 3.1).

It is a file, because it says more than Litestar can derive from the routes. A test compares it with them.
"""

from __future__ import annotations

from pathlib import Path

from litestar import Response, get

_DESCRIPTION = (Path(__file__).parent / "openapi.json").read_bytes()


@get("/api/openapi.json")
async def read_openapi() -> Response[bytes]:
    """Answers with the OpenAPI 3.1 document."""
    return Response(_DESCRIPTION, media_type="application/json")
