"""The one route of the wire: finds the endpoint, who calls and what they say, and answers with a code.

Clients look at no HTTP status. It is 404, 405 or 413 where no endpoint is reached, and 500 or 503 for faults.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import structlog
from litestar import Request, Response, route
from litestar.handlers import HTTPRouteHandler

from meterai.api.access.caller import Caller
from meterai.api.conventions.rate_limits import count_request
from meterai.api.conventions.request_log import RequestLog
from meterai.api.dependencies import Service, one_of
from meterai.api.wire.answers import json_answer, refused
from meterai.api.wire.bodies import read_said
from meterai.api.wire.endpoints import Answered, Endpoint, Style, WireRequest, find
from meterai.api.wire.session import wire_caller
from meterai.bootstrap import App
from meterai.kernel.ids import new_help_code, new_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import is_outage, log_trouble
from meterai.kit.http.status import http_status
from meterai.kit.wire_hosts import BASE
from meterai.partners.usage.model import ApiRequest

log = structlog.get_logger(__name__)

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_OWN_STATUS: Final = (Kind.TOO_LARGE,)


def wire_route(endpoints: Sequence[Endpoint]) -> HTTPRouteHandler:
    """Makes the route of these endpoints, at every address below /wire."""

    @route([BASE, f"{BASE}/{{rest:path}}"], http_method=_METHODS, status_code=200)
    async def answer_wire(request: Request[Any, Any, Any], service: Service) -> Response[Any]:
        found = find(endpoints, request.scope["path"])
        if not found.endpoints:
            return json_answer(refused(Refusal(Kind.NOT_FOUND, "wire.not_found"), Style.BUSINESS), status=404)
        one = found.by(request.method)
        if one is None:
            allowed = ", ".join(method for each in found.endpoints for method in each.methods)
            refusal = Refusal(Kind.MALFORMED, "wire.method", methods=allowed)
            return json_answer(refused(refusal, Style.BUSINESS), status=405, headers={"Allow": allowed})
        return await Answering(request, service, one, names=found.names).answer()

    return answer_wire


class Answering:
    """Answers one request, and notes it with the client's requests."""

    def __init__(
        self, request: Request[Any, Any, Any], service: App, one: Endpoint, *, names: dict[str, str]
    ) -> None:
        self._request = request
        self._service = service
        self._endpoint = one
        self._names = names
        self._caller: Caller | None = None
        self._began = time.monotonic()

    async def answer(self) -> Response[Any]:
        """Answers. Whatever goes wrong has a code."""
        now = self._service.clock()
        refusal = None
        try:
            made = await self._act()
            answer = made if isinstance(made, Response) else json_answer(made)
        except Refusal as raised:
            refusal, answer = raised, self._refused(raised)
        except Exception as error:  # the wire's own last resort: the site's would answer with a page
            refusal = Refusal(Kind.UNAVAILABLE, "server.fault")
            answer = self._failed(error, refusal)
        if self._caller is not None:
            self._note(self._caller, refusal, now)
        return answer

    async def _act(self) -> Answered:
        request, one = self._request, self._endpoint
        said = await read_said(request.scope, request.receive, bytes_max=one.body_bytes_max)
        if one.scope is not None:
            self._caller = await wire_caller(self._service, request.app.state, request.scope, said)
            count_request(request.app.state, self._caller.client_id)
            if one.scope not in self._caller.scopes:
                raise Refusal(Kind.FORBIDDEN, "access.scope", scope=one.scope)
        asked = WireRequest(
            service=self._service,
            state=request.app.state,
            scope=request.scope,
            names=self._names,
            said=said,
            known=self._caller,
        )
        return await one.act(asked)

    def _refused(self, refusal: Refusal) -> Response[Any]:
        log.info("wire_refused", code=refusal.code, path_template=self._endpoint.template)
        status = http_status(refusal) if refusal.kind in _OWN_STATUS else 200
        return json_answer(refused(refusal, self._endpoint.style), status=status)

    def _failed(self, error: Exception, refusal: Refusal) -> Response[Any]:
        """Answers a fault. The log has everything, under the help code that the answer names."""
        code = new_help_code()
        facts = {"help_code": code, "path_template": self._endpoint.template}
        log_trouble(log, error, outage="unavailable", fault="fault", **facts)
        body = refused(refusal, self._endpoint.style) | {"helpCode": code}
        return json_answer(body, status=503 if is_outage(error) else 500)

    def _note(self, caller: Caller, refusal: Refusal | None, now: datetime) -> None:
        """Notes the request. The status is the one that API v1 would have answered with."""
        noted = ApiRequest(
            id=new_id(now),
            organisation_id=caller.organisation_id,
            client_id=caller.client_id,
            at=now,
            method=self._request.method,
            path=self._endpoint.template,
            status=http_status(refusal),
            code=refusal.code if refusal else None,
            milliseconds=int((time.monotonic() - self._began) * 1000),
        )
        requests = one_of(RequestLog, self._request.app.state, lambda: RequestLog(self._service.db))
        requests.add(noted)
