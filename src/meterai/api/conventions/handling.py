"""The middleware around every operation: who calls, how often, what the request says, and once only."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from typing import Any, cast

from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from meterai.api.access import authentication
from meterai.api.access.caller import Caller
from meterai.api.conventions.bodies import (
    check_headers,
    check_length,
    check_media_type,
    check_query,
    give_again,
    read_whole,
)
from meterai.api.conventions.once import REPLAYED, KeyedRequest, LateEnds, Once
from meterai.api.conventions.operations import Operation, operation_of
from meterai.api.conventions.problems import problem_response
from meterai.api.conventions.rate_limits import count_request
from meterai.api.conventions.request_log import Noted, RequestLog
from meterai.api.dependencies import one_of
from meterai.bootstrap import App
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.idempotency import KeptAnswer

_WITH_BODY = ("POST", "PUT", "PATCH")
_EXPOSED = "Retry-After, Deprecation, Sunset, Link"


class Handling:
    """The middleware of the API's handlers. One that declares no operation is passed on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        http = cast(HTTPScope, scope)
        handler = cast(HTTPRouteHandler, scope["route_handler"])
        operation = operation_of(handler)
        if operation is None:
            await self._app(scope, receive, send)
            return
        headers = _constant_headers(operation)
        send = _adding(headers, send)
        try:
            if operation.scope is None:
                check_query(handler, http)
                await self._app(scope, receive, send)
            else:
                await self._noting(operation, handler, http, receive=receive, send=send, headers=headers)
        except Refusal as refusal:
            await _refuse(refusal, scope, receive, send)

    async def _noting(
        self,
        operation: Operation,
        handler: HTTPRouteHandler,
        scope: HTTPScope,
        *,
        receive: Receive,
        send: Send,
        headers: dict[str, str],
    ) -> None:
        """Answers a partner, and notes how."""
        state = scope["litestar_app"].state
        noted = Noted(state.service.clock())
        headers.update(noted.header)
        send = noted.watching(send)
        try:
            await self._as_partner(operation, handler, scope, receive=receive, send=send, headers=headers)
        except Refusal as refusal:
            await _refuse(refusal, scope, receive, send)
        finally:
            caller = scope["state"].get("caller")
            if isinstance(caller, Caller):
                requests = one_of(RequestLog, state, lambda: RequestLog(state.service.db))
                requests.add(noted.as_answered(caller, scope["method"], min(handler.paths)))

    async def _as_partner(
        self,
        operation: Operation,
        handler: HTTPRouteHandler,
        scope: HTTPScope,
        *,
        receive: Receive,
        send: Send,
        headers: dict[str, str],
    ) -> None:
        state = scope["litestar_app"].state
        service: App = state.service
        caller = await authentication.authenticate(service, scope)
        scope["state"]["caller"] = caller
        headers.update(count_request(state, caller.client_id))
        if operation.scope not in caller.scopes:
            raise Refusal(Kind.FORBIDDEN, "access.scope", scope=operation.scope)
        check_query(handler, scope)
        check_headers(handler, scope)
        body = b""
        if scope["method"] in _WITH_BODY:
            check_media_type(handler, scope, operation)
            check_length(scope, operation)
            if not operation.streams:
                body = await read_whole(handler, scope, receive, operation=operation)
                receive = give_again(body, receive)
        receive = await authentication.check_message(
            service, caller, scope, body=None if operation.streams else body, receive=receive
        )
        if operation.keyed and scope["method"] == "POST":
            late = one_of(LateEnds, state, LateEnds)
            request = KeyedRequest(service, caller.client_id, scope, body, late=late)
            await self._once(request, operation, scope, receive=receive, send=send)
        else:
            await self._app(scope, receive, send)

    async def _once(
        self, request: KeyedRequest, operation: Operation, scope: HTTPScope, *, receive: Receive, send: Send
    ) -> None:
        begun = await request.begin()
        if isinstance(begun, KeptAnswer):
            await _replay(begun, scope, receive, send)
            return
        scope["state"]["once"] = Once(id=begun.request_id, is_repeat=begun.is_repeat)
        try:
            await self._app(scope, receive, request.noting(send))
        finally:
            await request.end()


def give_caller(request: Request[Any, Any, Any]) -> Caller:
    """The dependency `caller`."""
    caller = request.scope["state"]["caller"]
    assert isinstance(caller, Caller)
    return caller


def give_once(request: Request[Any, Any, Any]) -> Once:
    """The dependency `once`."""
    once = request.scope["state"]["once"]
    assert isinstance(once, Once)
    return once


def _constant_headers(operation: Operation) -> dict[str, str]:
    """The headers that all answers of an operation have (RFC 9745, RFC 8594, the Fetch standard)."""
    headers: dict[str, str] = {}
    if operation.deprecated_at:
        headers["Deprecation"] = f"@{int(operation.deprecated_at.timestamp())}"
    if operation.sunset_at:
        headers["Sunset"] = _http_date(operation.sunset_at)
    if operation.successor:
        headers["Link"] = f'<{operation.successor}>; rel="deprecation"'
    if operation.cors:
        headers["Access-Control-Allow-Origin"] = "*"
        headers["Access-Control-Expose-Headers"] = _EXPOSED
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return headers


def _http_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


def _adding(headers: dict[str, str], send: Send) -> Send:
    """A `send` that adds headers, also those that are put into `headers` before the answer begins."""

    async def add(message: Message) -> None:
        if message["type"] == "http.response.start":
            added = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
            message = cast(Message, {**message, "headers": [*message["headers"], *added]})
        await send(message)

    return add


async def _refuse(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    more = refusal.facts.get("headers")
    response = problem_response(refusal, base=scope["litestar_app"].state.service.public_url)
    response.headers.update(more if isinstance(more, dict) else {})
    await _answer(response, scope, receive, send)


async def _replay(kept: KeptAnswer, scope: Scope, receive: Receive, send: Send) -> None:
    headers = {name: value for name, value in kept.headers.items() if name != "content-type"}
    response = Response(
        kept.body,
        status_code=kept.status,
        media_type=kept.headers.get("content-type"),
        headers={**headers, REPLAYED: "true"},
    )
    await _answer(response, scope, receive, send)


async def _answer(response: Response[bytes], scope: Scope, receive: Receive, send: Send) -> None:
    request: Request[Any, Any, Any] = Request(scope)
    await response.to_asgi_response(app=None, request=request)(scope, receive, send)
