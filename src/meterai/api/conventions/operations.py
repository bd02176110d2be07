"""What a handler of the API declares about itself: `@post(PATH, opt=operation(scope="stamps:write"))`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

import msgspec
from litestar.handlers import HTTPRouteHandler

from meterai.kernel.refusals import Kind
from meterai.partners.clients.model import Scope

JSON = "application/json"
JSON_BYTES_MAX = 256 << 10
_NAME = "operation"


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """What an operation needs and gives, besides what its handler's signature says."""

    scope: str | None
    """The scope that a token needs. None: nobody has to sign in."""
    keyed: bool
    """Its POST needs an Idempotency-Key."""
    streams: bool
    """The handler reads the body while it arrives. Otherwise it is read before, whole."""
    body: tuple[str, ...]
    """The media types of the body, where the handler has no `data`."""
    gives: str
    """The media type of the answer, where it is no JSON."""
    own_security: str
    """The name of a security scheme that the handler itself checks."""
    body_bytes_max: int
    answers: Mapping[int, Any]
    """Answers besides the one of the handler's return type: a type, a media type, or None for no body."""
    refuses: Mapping[str, Kind]
    """The codes of refusals besides those that conventions make."""
    cors: bool
    """Pages of other sites may read the answer."""
    deprecated_at: datetime | None
    sunset_at: datetime | None
    successor: str
    """The page about what replaces it."""


def operation(
    *,
    scope: Scope | None,
    keyed: bool = True,
    streams: bool = False,
    body: tuple[str, ...] = (),
    gives: str = "",
    own_security: str = "",
    body_bytes_max: int = JSON_BYTES_MAX,
    answers: Mapping[int, Any] | None = None,
    refuses: Mapping[str, Kind] | None = None,
    cors: bool = False,
    deprecated_at: datetime | None = None,
    sunset_at: datetime | None = None,
    successor: str = "",
) -> dict[str, Any]:
    """Makes the `opt` of a handler. The fields are those of `Operation`."""
    made = Operation(
        scope=scope,
        keyed=keyed and scope is not None,
        streams=streams,
        body=body,
        gives=gives,
        own_security=own_security,
        body_bytes_max=body_bytes_max,
        answers=answers or {},
        refuses=refuses or {},
        cors=cors,
        deprecated_at=deprecated_at,
        sunset_at=sunset_at,
        successor=successor,
    )
    return {_NAME: made}


def operation_of(handler: HTTPRouteHandler) -> Operation | None:
    """What a handler declared."""
    return cast("Operation | None", handler.opt.get(_NAME))
