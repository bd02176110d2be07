"""Puts the conventions around the handlers of the API."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router
from litestar.di import Provide
from litestar.middleware import DefineMiddleware
from litestar.types import ControllerRouterHandler

from meterai.api.conventions.bodies import JsonBody
from meterai.api.conventions.handling import Handling, give_caller, give_once
from meterai.api.conventions.options import options_handlers


def api_router(handlers: Sequence[ControllerRouterHandler]) -> Router:
    """Makes the router for these handlers."""
    return Router(
        "/",
        route_handlers=[*options_handlers(handlers), *handlers],
        middleware=[DefineMiddleware(Handling)],
        dependencies={
            "caller": Provide(give_caller, sync_to_thread=False),
            "once": Provide(give_once, sync_to_thread=False),
        },
        dto=JsonBody,
        return_dto=None,
    )
