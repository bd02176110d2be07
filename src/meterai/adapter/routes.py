"""The adapter's addresses: the welcome, and docSigningZ. Every answer is HTTP 200 with a code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any, Final

import structlog
from litestar import Litestar, Request, Response, get, post
from litestar.exceptions import HTTPException

from meterai.adapter.order import read_order
from meterai.adapter.stampservice import Relayed
from meterai.adapter.work import Adapter
from meterai.api.wire.answers import json_answer, refused, signed
from meterai.api.wire.bodies import read_said
from meterai.api.wire.endpoints import Style
from meterai.kernel.refusals import Kind, Refusal

log = structlog.get_logger(__name__)

DOCUMENTATION: Final = "/pengembang/kawat"
_BODY_BYTES_MAX: Final = 256 << 10

type Scope = Any  # the ASGI specification's own types: dictionaries and callables
type ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]
type AdapterRequest = Request[Any, Any, Any]


@get("/adapter")
async def welcome(request: AdapterRequest) -> dict[str, str]:
    """Says what answers here."""
    return {
        "status": "True",
        "message": "Meterai adapter",
        "version": version("meterai"),
        "documentationUrl": request.app.state.documentation_url,
    }


@post("/adapter/pdfsigning/rest/docSigningZ", status_code=200, request_max_body_size=None)
async def sign_document(request: AdapterRequest) -> Response[bytes]:
    """Stamps a file of the shared folder."""
    said = await read_said(request.scope, request.receive, bytes_max=_BODY_BYTES_MAX)
    adapter: Adapter = request.app.state.adapter
    await adapter.stamp(read_order(said))
    return json_answer(signed())


def _refused(_: AdapterRequest, refusal: Refusal) -> Response[bytes]:
    why = refusal.facts.get("reason") or refusal.facts.get("detail")
    log.info("adapter_refused", code=refusal.code, reason=why)
    return json_answer(refused(refusal, Style.SIGNING))


def _relayed(_: AdapterRequest, relayed: Relayed) -> Response[bytes]:
    log.info("adapter_relayed", code=relayed.code)
    return json_answer({"status": "False", "errorCode": relayed.code, "errorMessage": relayed.words})


def _http_refused(_: AdapterRequest, error: HTTPException) -> Response[bytes]:
    code = "wire.method" if error.status_code == 405 else "wire.not_found"
    facts = {"methods": (error.headers or {}).get("Allow", "")} if error.status_code == 405 else {}
    body = refused(Refusal(Kind.NOT_FOUND, code, **facts), Style.SIGNING)
    return json_answer(body, status=error.status_code)


def _failed(_: AdapterRequest, error: Exception) -> Response[bytes]:
    """Answers a fault, such as a full disk. Clients repeat it."""
    log.error("fault", exc_info=error)
    return json_answer(refused(Refusal(Kind.UNAVAILABLE, "adapter.fault"), Style.SIGNING))


class _Tidy:
    """ASGI middleware: takes slashes out that clients put in, between base and path and at the end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            path = "/" + "/".join(part for part in scope["path"].split("/") if part)
            scope = {**scope, "path": path, "raw_path": path.encode()}
        await self._app(scope, receive, send)


def build_adapter(adapter: Adapter, *, documentation_url: str) -> ASGIApp:
    """Makes the ASGI application."""
    litestar = Litestar(
        route_handlers=[welcome, sign_document],
        exception_handlers={
            Refusal: _refused,
            Relayed: _relayed,
            HTTPException: _http_refused,
            Exception: _failed,
        },
        openapi_config=None,
        logging_config=None,
    )
    litestar.state.adapter = adapter
    litestar.state.documentation_url = documentation_url
    return _Tidy(litestar)
