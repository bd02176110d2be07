"""Reads what a request says: query, body as bytes, body as JSON. Each is checked strictly."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from functools import cache
from typing import Any, cast
from urllib.parse import parse_qsl

import msgspec
from litestar.dto import AbstractDTO
from litestar.handlers import HTTPRouteHandler
from litestar.types import HTTPScope, Receive
from litestar.typing import FieldDefinition

from meterai.api.conventions.operations import JSON, Operation
from meterai.api.conventions.problems import FieldError
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.body_budget import read_body

_GIVEN = frozenset({"request", "data", "body", "headers", "scope", "state", "cookies", "query"})


def query_fields(handler: HTTPRouteHandler) -> dict[str, FieldDefinition]:
    """The parameters of a handler that come from the query."""
    given = _GIVEN | handler.resolve_dependencies().keys()
    return {
        name: field
        for name, field in handler.parsed_fn_signature.parameters.items()
        if name not in given and not _is_of_path(handler, name) and not header_of(field)
    }


def _is_of_path(handler: HTTPRouteHandler, name: str) -> bool:
    return any(f"{{{name}:" in path for path in handler.paths)


def header_of(field: FieldDefinition) -> str:
    """The name of the header that a parameter comes from; empty: it comes from elsewhere."""
    return str(getattr(field.kwarg_definition, "header", None) or "")


def header_fields(handler: HTTPRouteHandler) -> dict[str, FieldDefinition]:
    """The parameters of a handler that come from headers."""
    return {name: field for name, field in handler.parsed_fn_signature.parameters.items() if header_of(field)}


@cache
def _query_type(handler: HTTPRouteHandler) -> type[msgspec.Struct]:
    fields = _members(query_fields(handler))
    return msgspec.defstruct("Query", fields, kw_only=True, forbid_unknown_fields=True)


@cache
def _headers_type(handler: HTTPRouteHandler) -> type[msgspec.Struct]:
    named = header_fields(handler)
    names = {name: header_of(field) for name, field in named.items()}
    return msgspec.defstruct("Headers", _members(named), kw_only=True, rename=names)


def _members(fields: Mapping[str, FieldDefinition]) -> list[Any]:
    return [
        (name, field.raw, field.default) if field.has_default else (name, field.raw)
        for name, field in fields.items()
    ]


def check_query(handler: HTTPRouteHandler, scope: HTTPScope) -> None:
    """Refuses a query that the handler's signature does not allow, or that says a thing twice.

    Raises: api.invalid (422).
    """
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    asked = dict(pairs)
    if len(asked) < len(pairs):
        raise invalid("query", "a parameter was given twice")
    try:
        msgspec.convert(asked, _query_type(handler), strict=False)
    except msgspec.ValidationError as error:
        raise invalid("query", str(error)) from error


def check_headers(handler: HTTPRouteHandler, scope: HTTPScope) -> None:
    """Refuses headers that the handler's signature does not allow. Raises: api.invalid (422)."""
    names = [header_of(field) for field in header_fields(handler).values()]
    given = {name: header(scope, name.lower().encode()) for name in names}
    try:
        sent = {name: value for name, value in given.items() if value}
        msgspec.convert(sent, _headers_type(handler), strict=False)
    except msgspec.ValidationError as error:
        raise invalid("header", str(error)) from error


def invalid(part: str, message: str) -> Refusal:
    """The refusal for a part of the request that does not fit its schema. `message`: as msgspec says it."""
    what, _, place = message.partition(" - at ")
    at = part + place.strip("`").removeprefix("$")
    return Refusal(Kind.INVALID, "api.invalid", field=at, errors=(FieldError(at=at, message=what),))


def check_length(scope: HTTPScope, operation: Operation) -> None:
    """Refuses a body that says itself that it is too large. Raises: api.body_too_large (413)."""
    declared = header(scope, b"content-length")
    if declared.isdigit() and int(declared) > operation.body_bytes_max:
        raise _too_large(operation.body_bytes_max)


async def read_whole(
    handler: HTTPRouteHandler, scope: HTTPScope, receive: Receive, *, operation: Operation
) -> bytes:
    """Reads the body.

    Raises: api.body_too_large (413), api.body_unreadable (400) when JSON is missing, and as `read_body`.
    """
    body = await read_body(chunks_of(receive, operation.body_bytes_max))
    if not body and "data" in handler.parsed_fn_signature.parameters:
        raise Refusal(Kind.MALFORMED, "api.body_unreadable")
    return body


async def chunks_of(receive: Receive, most: int) -> AsyncIterator[bytes]:
    """The pieces of a body of at most `most` bytes.

    Raises: api.body_too_large (413); api.body_cut (400) when the client has gone.
    """
    seen, more = 0, True
    while more:
        message = cast("dict[str, Any]", await receive())
        if message["type"] == "http.disconnect":
            raise Refusal(Kind.MALFORMED, "api.body_cut")
        chunk = message.get("body", b"")
        seen += len(chunk)
        if seen > most:
            raise _too_large(most)
        more = message.get("more_body", False)
        yield chunk


def _too_large(most: int) -> Refusal:
    return Refusal(Kind.TOO_LARGE, "api.body_too_large", maximum=most)


def give_again(body: bytes, receive: Receive) -> Receive:
    """Gives a body that was read to the handler."""
    is_given = False

    async def receive_again() -> Any:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


def header(scope: HTTPScope, name: bytes) -> str:
    """A header of the request; empty when it is missing."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name), "")


def check_media_type(handler: HTTPRouteHandler, scope: HTTPScope, operation: Operation) -> None:
    """Refuses a body of another media type than the operation takes, or one that is packed.

    Raises: api.media_type (415).
    """
    wanted = (JSON,) if "data" in handler.parsed_fn_signature.parameters else operation.body
    given = header(scope, b"content-type").partition(";")[0].strip().lower()
    is_packed = header(scope, b"content-encoding").strip().lower() not in ("", "identity")
    if wanted and (given not in wanted or is_packed):
        raise Refusal(Kind.WRONG_TYPE, "api.media_type", media_type=" / ".join(wanted))


class JsonBody(AbstractDTO[Any]):
    """Decodes the body for a handler's `data`, strictly: Litestar itself takes "1" for 1."""

    _types: dict[str, Any] = {}  # noqa: RUF012  # by handler

    def decode_bytes(self, value: bytes) -> Any:
        """Decodes a body. Raises: api.invalid (422); api.body_unreadable (400) when it is no JSON."""
        handler: Any = self.asgi_connection.route_handler
        try:
            return msgspec.json.decode(value, type=self._types[handler.handler_id])
        except msgspec.ValidationError as error:
            raise invalid("body", str(error)) from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Refusal(Kind.MALFORMED, "api.body_unreadable") from error

    @classmethod
    def create_for_field_definition(
        cls, field_definition: FieldDefinition, handler_id: str, backend_cls: Any = None
    ) -> None:
        """Notes the type of a handler's `data`."""
        cls._types[handler_id] = field_definition.raw

    @classmethod
    def is_supported_model_type_field(cls, field_definition: FieldDefinition) -> bool:
        """Takes every type."""
        return True

    @classmethod
    def generate_field_definitions(cls, model_type: type[Any]) -> Any:
        """Litestar makes no type of its own from the handler's."""
        yield from ()

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:
        """As above."""
        return False
