"""Describes one operation: its words, parameters, body and answers."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from http import HTTPStatus
from types import NoneType
from typing import Any, Final, get_args, get_origin

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.typing import FieldDefinition

from meterai.api.conventions.bodies import header_of, query_fields
from meterai.api.conventions.operations import JSON, Operation
from meterai.api.conventions.problems import MEDIA_TYPE, Problem
from meterai.api.openapi.refusals import codes_by_status
from meterai.api.openapi.schemas import Schemas

_BINARY = {"type": "string", "format": "binary", "minLength": 1}
_BODIES: Final[dict[str, Any]] = {JSON: {"type": "object"}, "application/x-ndjson": {"type": "string"}}
"""Schemas of bodies without a struct. Lines may be none."""
_SOME_KEY = "^[!-~]*[!#-~][!-~]*$"
"""ASCII without spaces. Quotation marks alone name nothing: those around a key are not part of it."""
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "Names the request. Sent again with the same key, it gets the same answer.",
    "schema": {"type": "string", "pattern": _SOME_KEY, "maxLength": 255},
}
_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}


class OperationObject:
    """Describes a handler under one method and path."""

    def __init__(self, handler: HTTPRouteHandler, operation: Operation, *, method: str, path: str) -> None:
        self._handler = handler
        self._operation = operation
        self._method = method
        self._path = path

    def types(self) -> list[Any]:
        """The types whose schemas `describe` reads."""
        answers = [
            kind for kind in self._answers().values() if kind is not None and not isinstance(kind, str)
        ]
        data = [self._data.raw] if self._data else []
        return [Problem, *answers, *data, *(field.raw for _, field in self._named())]

    def describe(self, schemas: Schemas) -> dict[str, Any]:
        """Makes the Operation Object."""
        summary, description = _words(self._handler)
        described: dict[str, Any] = {
            "operationId": _camel(self._handler.handler_name),
            "tags": [self._handler.fn.__module__.rpartition(".")[2].replace("_", " ")],
            "summary": summary,
            "parameters": list(self._parameters(schemas)),
            "responses": self._responses(schemas),
        }
        if description:
            described["description"] = description
        if body := self._body(schemas):
            described["requestBody"] = body
        if self._operation.scope is not None:
            described["security"] = [{"oauth2": [self._operation.scope]}]
        elif self._operation.own_security:
            described["security"] = [{self._operation.own_security: []}]
        if self._operation.deprecated_at:
            described["deprecated"] = True
        return described

    @property
    def _data(self) -> FieldDefinition | None:
        return self._handler.parsed_fn_signature.parameters.get("data")

    def _named(self) -> Iterator[tuple[str, FieldDefinition]]:
        """The parameters of the handler that clients give, with the place from which they come."""
        query = query_fields(self._handler)
        for name, field in self._handler.parsed_fn_signature.parameters.items():
            if name in query:
                yield "query", field
            elif f"{{{name}}}" in self._path:
                yield "path", field
            elif header_of(field):
                yield "header", field

    def _parameters(self, schemas: Schemas) -> Iterator[dict[str, Any]]:
        for place, field in self._named():
            schema = dict(schemas.of(field.raw))
            made: dict[str, Any] = {"name": header_of(field) or field.name, "in": place, "schema": schema}
            if description := schema.pop("description", ""):
                made["description"] = description
            if place == "path" or not (field.has_default or field.is_optional):
                made["required"] = True
            if field.has_default and field.default not in (None, ""):
                schema["default"] = field.default
            yield made
        if self._operation.keyed and self._method == "POST":
            yield _KEY

    def _body(self, schemas: Schemas) -> dict[str, Any]:
        if self._data:
            content: dict[str, Any] = {JSON: {"schema": schemas.of(self._data.raw)}}
        else:
            content = {kind: {"schema": _BODIES.get(kind, _BINARY)} for kind in self._operation.body}
        return {"required": True, "content": content} if content else {}

    def _answers(self) -> dict[int, Any]:
        given = self._handler.parsed_fn_signature.return_type.annotation
        if get_origin(given) is Response:
            (given,) = get_args(given)
        if self._operation.gives:
            given = self._operation.gives
        elif given is bytes or given is NoneType:
            given = None
        return {self._handler.status_code: given, **self._operation.answers}

    def _responses(self, schemas: Schemas) -> dict[str, Any]:
        made = {str(status): self._answer(status, kind, schemas) for status, kind in self._answers().items()}
        for status, codes in codes_by_status(
            self._handler, self._operation, self._method, self._path
        ).items():
            made[str(status)] = self._refusal(status, codes, schemas)
        return dict(sorted(made.items()))

    def _answer(self, status: int, kind: Any, schemas: Schemas) -> dict[str, Any]:
        answer: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        headers = self._headers()
        if status in (201, 202, 303):
            headers["Location"] = {"schema": _TEXT, "description": "The address of what was made."}
        if self._operation.keyed and self._method == "POST":
            headers["Idempotency-Replayed"] = {
                "schema": {"type": "string", "enum": ["true"]},
                "description": "The request was done before; this is its answer.",
            }
        if "cursor" in query_fields(self._handler):
            headers["Link"] = {"schema": _TEXT, "description": 'The next page (rel="next").'}
        if headers:
            answer["headers"] = headers
        if isinstance(kind, str):
            answer["content"] = {kind: {"schema": _BINARY}}
        elif kind is not None:
            answer["content"] = {JSON: {"schema": schemas.of(kind)}}
        return answer

    def _refusal(self, status: int, codes: list[str], schemas: Schemas) -> dict[str, Any]:
        named = {"properties": {"code": {"enum": codes}}}
        schema = {"allOf": [schemas.of(Problem), named]}
        headers = self._headers() if status not in (401, 500, 503) else {}
        if status in (429, 503):
            headers["Retry-After"] = {"schema": _COUNT, "description": "Seconds to wait."}
        if status == 401:
            headers["WWW-Authenticate"] = {"schema": _TEXT}
        answer: dict[str, Any] = {
            "description": ", ".join(f"`{code}`" for code in codes),
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        return {**answer, "headers": headers} if headers else answer

    def _headers(self) -> dict[str, Any]:
        headers: dict[str, Any] = {}
        if self._operation.scope is not None:
            headers["Request-Id"] = {"schema": _TEXT, "description": "Its id in the last requests."}
            headers["RateLimit-Policy"] = {"schema": _TEXT, "description": "Requests (q) in w seconds."}
            headers["RateLimit"] = {
                "schema": _TEXT,
                "description": "r requests are left; all are in t seconds.",
            }
        if self._operation.deprecated_at:
            headers["Deprecation"] = {"schema": _TEXT}
        if self._operation.sunset_at:
            headers["Sunset"] = {"schema": _TEXT}
        return headers


def _words(handler: HTTPRouteHandler) -> tuple[str, str]:
    """The first line of the docstring, and the rest of it for people who call from outside."""
    summary, _, rest = inspect.cleandoc(handler.fn.__doc__ or "").partition("\n\n")
    return summary.replace("\n", " ").rstrip("."), re.split(r"^Raises:", rest, maxsplit=1, flags=re.M)[
        0
    ].strip()


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
