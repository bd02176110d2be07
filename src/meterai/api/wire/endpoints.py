"""What an endpoint of the wire declares about itself, and what it is given.

    @endpoint("stampv2", "POST", "/chanel/stampv2", scope="stamps:write")
    async def take_serial(asked: WireRequest) -> dict[str, Any]: ...

`meterai.api.wire.routes` lists the endpoints.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Any, Final

import msgspec
from litestar import Response
from litestar.datastructures import State
from litestar.types import HTTPScope

from meterai.api.access.caller import Caller
from meterai.api.conventions.operations import JSON_BYTES_MAX
from meterai.api.wire.bodies import Said
from meterai.bootstrap import App
from meterai.kit.wire_hosts import BASE
from meterai.partners.clients.model import Scope


class Style(StrEnum):
    """How an answer says how it went."""

    BUSINESS = "business"
    """`statusCode` and `message`; a refusal has `result.err` too."""
    SIGNING = "signing"
    """`status` "True" or "False", `errorCode` and `errorMessage`."""


class WireRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request to an endpoint."""

    service: App
    state: State
    """Of the application."""
    scope: HTTPScope
    names: dict[str, str]
    """What stands in the address, where the endpoint's path has `{names}`."""
    said: Said
    known: Caller | None
    """Who calls; None: the endpoint is for everybody."""

    @property
    def caller(self) -> Caller:
        """Who calls, at an endpoint with a scope."""
        assert self.known is not None
        return self.known


type Answered = dict[str, Any] | Response[Any]
type Act = Callable[[WireRequest], Awaitable[Answered]]


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint of the wire."""

    role: str
    methods: tuple[str, ...]
    path: str
    scope: Scope | None
    """The scope that the client of the login needs. None: nobody has to log in."""
    style: Style
    body_bytes_max: int
    """Of a body that is no multipart form."""
    act: Act
    """Answers: an object as JSON with status 200, or a whole answer."""

    @property
    def template(self) -> str:
        """The address without ids, as logs have it."""
        return f"{BASE}/{self.role}{self.path}"


def endpoint(
    role: str,
    methods: str,
    path: str,
    *,
    scope: Scope | None,
    style: Style = Style.BUSINESS,
    body_bytes_max: int = JSON_BYTES_MAX,
) -> Callable[[Act], Endpoint]:
    """Makes an endpoint of a function. `methods`: such as "GET POST". The fields are those of `Endpoint`."""

    def make(act: Act) -> Endpoint:
        return Endpoint(
            role=role,
            methods=tuple(methods.split()),
            path=path,
            scope=scope,
            style=style,
            body_bytes_max=body_bytes_max,
            act=act,
        )

    return make


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The endpoints at an address, with what stands in it."""

    endpoints: Sequence[Endpoint]
    names: dict[str, str]

    def by(self, method: str) -> Endpoint | None:
        """The endpoint for a method. A client that asks with HEAD gets what GET gives."""
        return next((one for one in self.endpoints if method in one.methods), None)


_NOTHING: Final = Found(endpoints=(), names={})


def find(endpoints: Sequence[Endpoint], path: str) -> Found:
    """The endpoints at `path`, as `addresses.wire_path` writes it."""
    parts = path.split("/")
    for one in endpoints:
        names = _names(one.template.split("/"), parts)
        if names is not None:
            same = [other for other in endpoints if other.template == one.template]
            return Found(endpoints=same, names=names)
    return _NOTHING


def _names(template: Sequence[str], parts: Sequence[str]) -> dict[str, str] | None:
    if len(template) != len(parts):
        return None
    names = {}
    for wanted, part in zip(template, parts, strict=True):
        if wanted.startswith("{"):
            names[wanted.strip("{}")] = part
        elif wanted != part:
            return None
    return names
