"""Makes the document at /api/openapi.json from the routes of a running application."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from meterai.api.access import authentication
from meterai.api.conventions.operations import JSON, operation, operation_of
from meterai.api.openapi.operation_objects import OperationObject
from meterai.api.openapi.schemas import Schemas
from meterai.partners.clients.model import SCOPES

_DESCRIPTION = (
    "Electronic revenue stamps. Times are RFC 3339 in UTC, sums whole rupiah. Ids have a prefix that says "
    "what they name. Refusals are problem details with a stable `code`; `type` leads to a page about it. "
    "At any address: 404 `api.not_found` and 405 `api.unreadable`."
)
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@get("/api/openapi.json", opt=operation(scope=None, cors=True, gives=JSON))
async def read_openapi(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Describes the API (OpenAPI 3.1)."""
    state = request.app.state
    if "openapi" not in state:
        state.openapi = msgspec.json.encode(make_document(request.app, state.service.public_url))
    return Response(state.openapi, media_type=JSON)


def make_document(app: Litestar, url: str) -> dict[str, Any]:
    """Makes the document for all operations of an application. `url`: where it answers."""
    schemas = Schemas()
    operations = list(_operations(app))
    schemas.add([kind for _, _, described in operations for kind in described.types()])
    paths: dict[str, dict[str, Any]] = {}
    for path, method, described in operations:
        paths.setdefault(path, {})[method.lower()] = described.describe(schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Meterai", "version": "1", "description": _DESCRIPTION},
        "servers": [{"url": url}],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": schemas.components, "securitySchemes": _security()},
    }


def _operations(app: Litestar) -> Iterator[tuple[str, str, OperationObject]]:
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        path = re.sub(r":\w+}", "}", route.path)
        for handler in route.route_handlers:
            assert isinstance(handler, HTTPRouteHandler)
            declared = operation_of(handler)
            for method in _METHODS:
                if declared is not None and method in handler.http_methods:
                    yield path, method, OperationObject(handler, declared, method=method, path=path)


def _security() -> dict[str, Any]:
    return {
        "oauth2": {
            "type": "oauth2",
            "description": "Client credentials with `private_key_jwt` (RFC 7523).",
            "flows": {
                "clientCredentials": {
                    "tokenUrl": authentication.TOKEN_PATH,
                    "scopes": dict.fromkeys(SCOPES, ""),
                }
            },
        },
        "metricsToken": {
            "type": "http",
            "scheme": "bearer",
            "description": "The content of DATA/secrets/metrics-token.",
        },
    }
