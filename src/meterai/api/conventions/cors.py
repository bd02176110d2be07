"""Lets pages of other sites call the operations that need no token (the Fetch standard, CORS)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, route
from litestar.handlers import HTTPRouteHandler

from meterai.api.conventions.operations import operation, operation_of

_DAY_S = 86_400


def preflights(handlers: Sequence[Any]) -> list[HTTPRouteHandler]:
    """Makes the handler that answers what browsers ask before they call these operations."""
    open_ones = [one for one in handlers if (declared := operation_of(one)) and declared.cors]
    paths = sorted({path for one in open_ones for path in one.paths})
    methods = ", ".join(sorted({method for one in open_ones for method in one.http_methods}))
    headers = {
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": "Content-Type",
        "Access-Control-Max-Age": str(_DAY_S),
        "Allow": f"{methods}, OPTIONS",
    }

    @route(paths, http_method="OPTIONS", status_code=204, opt=operation(scope=None, cors=True))
    async def answer_preflight() -> Response[None]:
        return Response(None, headers=headers)

    return [answer_preflight] if paths else []
