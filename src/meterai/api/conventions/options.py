"""Answers OPTIONS: which methods an address has, and which of them pages of other sites may call (CORS)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, route
from litestar.handlers import HTTPRouteHandler

from meterai.api.conventions.operations import operation, operation_of

_DAY_S = 86_400


def options_handlers(handlers: Sequence[Any]) -> list[HTTPRouteHandler]:
    """Makes the handlers of OPTIONS for all addresses of these handlers.

    Litestar's own would name the methods of one handler alone, where several share an address.
    """
    methods: dict[str, set[str]] = {}
    open_paths = set()
    for one in handlers:
        declared = operation_of(one)
        for path in one.paths:
            methods.setdefault(path, set()).update(one.http_methods)
            if declared and declared.cors:
                open_paths.add(path)
    return [
        _options(path, sorted(found), is_open=path in open_paths) for path, found in sorted(methods.items())
    ]


def _options(path: str, methods: Sequence[str], *, is_open: bool) -> HTTPRouteHandler:
    headers = {"Allow": ", ".join([*methods, "OPTIONS"])}
    if is_open:
        headers |= {
            "Access-Control-Allow-Methods": ", ".join(methods),
            "Access-Control-Allow-Headers": "Content-Type",
            "Access-Control-Max-Age": str(_DAY_S),
        }

    @route(path, http_method="OPTIONS", status_code=204, opt=operation(scope=None, cors=is_open))
    async def answer_options() -> Response[None]:
        return Response(None, headers=headers)

    return answer_options
