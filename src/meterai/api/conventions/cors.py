"""Lets pages of other sites call the operations that need no token (the Fetch standard, CORS)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, route
from litestar.handlers import HTTPRouteHandler

from meterai.api.conventions.operations import operation, operation_of

_DAY_S = 86_400


def preflights(handlers: Sequence[Any]) -> list[HTTPRouteHandler]:
    """Makes the handlers that answer what browsers ask before they call these operations."""
    methods: dict[str, set[str]] = {}
    for one in handlers:
        declared = operation_of(one)
        for path in one.paths if declared and declared.cors else ():
            methods.setdefault(path, set()).update(one.http_methods)
    return [_preflight(path, sorted(found)) for path, found in sorted(methods.items())]


def _preflight(path: str, methods: Sequence[str]) -> HTTPRouteHandler:
    headers = {
        "Access-Control-Allow-Methods": ", ".join(methods),
        "Access-Control-Allow-Headers": "Content-Type",
        "Access-Control-Max-Age": str(_DAY_S),
        "Allow": ", ".join([*methods, "OPTIONS"]),
    }

    @route(path, http_method="OPTIONS", status_code=204, opt=operation(scope=None, cors=True))
    async def answer_preflight() -> Response[None]:
        return Response(None, headers=headers)

    return answer_preflight
