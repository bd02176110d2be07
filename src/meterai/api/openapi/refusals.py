"""Which refusals an operation may answer with, by status: its own, and those of the conventions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from litestar.handlers import HTTPRouteHandler

from meterai.api.access import authentication
from meterai.api.conventions.bodies import query_fields
from meterai.api.conventions.operations import Operation
from meterai.kernel.refusals import Kind
from meterai.kit.http.status import status_of

_FAULT = "server.fault"
_PARTNER = {"api.too_many": Kind.BUSY, "access.scope": Kind.FORBIDDEN}
_ID = {"api.unknown_id": Kind.NOT_FOUND}
_BODY = {"api.media_type": Kind.WRONG_TYPE}
_WHOLE_BODY = {
    "api.body_cut": Kind.MALFORMED,
    "api.body_too_large": Kind.TOO_LARGE,
    "form.unreadable": Kind.INVALID,
    "form.busy": Kind.BUSY,
}
_JSON = {"api.body_unreadable": Kind.MALFORMED}
_KEYED = {
    "api.key_missing": Kind.MALFORMED,
    "api.key_running": Kind.CONFLICT,
    "api.key_reused": Kind.INVALID,
}


def codes_by_status(
    handler: HTTPRouteHandler, operation: Operation, method: str, path: str
) -> dict[int, list[str]]:
    """The codes of the refusals of an operation."""
    by_status: dict[int, list[str]] = {500: [_FAULT], 503: [_FAULT]}
    for refusals in _refusals(handler, operation, method, path):
        for code, kind in refusals.items():
            by_status.setdefault(status_of(kind), []).append(code)
    return {status: sorted(set(codes)) for status, codes in sorted(by_status.items())}


def _refusals(
    handler: HTTPRouteHandler, operation: Operation, method: str, path: str
) -> Iterator[Mapping[str, Kind]]:
    has_body = method in ("POST", "PUT", "PATCH")
    yield {"api.invalid": Kind.INVALID}
    yield operation.refuses
    if "cursor" in query_fields(handler):
        yield {"api.cursor": Kind.NOT_FOUND}
    if operation.scope is None:
        return
    yield authentication.REFUSES
    yield _PARTNER
    if "{" in path:
        yield _ID
    if has_body:
        yield _BODY
        if not operation.streams:
            yield _WHOLE_BODY
        if "data" in handler.parsed_fn_signature.parameters:
            yield _JSON
        if operation.keyed and method == "POST":
            yield _KEYED


def codes_of(document: Mapping[str, Any]) -> set[str]:
    """All codes that a description names."""
    return {
        code
        for methods in document["paths"].values()
        for described in methods.values()
        for answer in described["responses"].values()
        for content in answer.get("content", {}).values()
        for part in content["schema"].get("allOf", ())
        for code in part.get("properties", {}).get("code", {}).get("enum", ())
    }
