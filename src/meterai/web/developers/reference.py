"""Reads the description of the API (OpenAPI 3.1) for the pages of the reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from meterai.texts.developers.groups import GROUPS, Group
from meterai.web.developers.example_bodies import example_of, resolved

type Description = Mapping[str, Any]

_WORDS_OF_LIMITS: Final = {
    "minLength": "≥ {} characters",
    "maxLength": "≤ {} characters",
    "minItems": "≥ {} entries",
    "maxItems": "≤ {} entries",
    "minimum": "≥ {}",
    "maximum": "≤ {}",
}
_PATTERN_LENGTH_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of a body. `place`: `path`, `query` or `header`; empty: a field."""

    name: str
    kind: str
    limits: str
    about: str
    is_required: bool
    place: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """A body or an answer: its media type, and its fields where it is JSON."""

    media_type: str
    about: str
    fields: Sequence[Field]
    parts: Sequence[tuple[str, str, Sequence[Field]]]
    """The objects in it: name, what it is, fields."""
    example: str


@dataclass(frozen=True, slots=True)
class ShownOperation:
    """An operation as its page shows it."""

    id: str
    method: str
    path: str
    summary: str
    about: str
    scope: str
    """Empty: none is needed."""
    is_deprecated: bool
    parameters: Sequence[Field]
    bodies: Sequence[Shape]
    answers: Sequence[tuple[str, Sequence[Shape]]]
    """Status, and what comes with it."""
    refusals: Sequence[tuple[str, Sequence[str]]]
    """Status and codes."""


def group_of(described: Mapping[str, Any]) -> Group | None:
    """The group of an operation, by its tag."""
    (tag,) = described["tags"]
    return next((group for group in GROUPS if tag in group.tags), None)


def operations_of(document: Description, group: Group) -> list[ShownOperation]:
    """The operations of a group, those that come first in a program's work first."""
    reader = _Reader(document["components"]["schemas"])
    found = [
        (group.tags.index(described["tags"][0]), reader.operation(method, path, described))
        for path, methods in document["paths"].items()
        for method, described in methods.items()
        if group_of(described) is group
    ]
    order = ("post", "get", "put", "patch", "delete")
    found.sort(key=lambda pair: (pair[0], pair[1].path.count("/"), order.index(pair[1].method.lower())))
    return [operation for _, operation in found]


class _Reader:
    def __init__(self, components: Mapping[str, Any]) -> None:
        self._components = components

    def operation(self, method: str, path: str, described: Mapping[str, Any]) -> ShownOperation:
        answers, refusals = [], []
        for status, answer in described["responses"].items():
            if status < "400":
                answers.append((status, self._shapes(answer.get("content", {}))))
            else:
                refusals.append((status, _codes(answer)))
        return ShownOperation(
            id=described["operationId"],
            method=method.upper(),
            path=path,
            summary=described["summary"],
            about=described.get("description", ""),
            scope=_scope(described),
            is_deprecated=described.get("deprecated", False),
            parameters=[self._parameter(one) for one in described["parameters"]],
            bodies=self._shapes(described.get("requestBody", {}).get("content", {})),
            answers=answers,
            refusals=refusals,
        )

    def _parameter(self, one: Mapping[str, Any]) -> Field:
        about = one.get("description", "")
        return self._field(one["name"], one["schema"], one.get("required", False), about, one["in"])

    def _field(
        self, name: str, schema: Mapping[str, Any], is_required: bool, about: str = "", place: str = ""
    ) -> Field:
        shown = resolved(schema, self._components)
        said = (
            about
            or schema.get("description")
            or ("" if "properties" in shown else shown.get("description", ""))
        )
        return Field(name, self._kind(schema), _limits(schema, shown), said, is_required, place)

    def _kind(self, schema: Mapping[str, Any]) -> str:
        several = schema.get("anyOf") or schema.get("oneOf")
        if several:
            return " | ".join(dict.fromkeys(self._kind(one) for one in several))
        if "$ref" in schema:
            named: str = schema["$ref"].rpartition("/")[2]
            return named if "properties" in resolved(schema, self._components) else "string"
        if schema.get("type") == "array":
            return f"{self._kind(schema.get('items', {}))}[]"
        return str(schema.get("type", "string" if "enum" in schema or "const" in schema else "any"))

    def _shapes(self, content: Mapping[str, Any]) -> list[Shape]:
        return [self._shape(media_type, part["schema"]) for media_type, part in content.items()]

    def _shape(self, media_type: str, schema: Mapping[str, Any]) -> Shape:
        shown = resolved(schema, self._components)
        inner = {name: part for name, part in self._inner(schema, set()) if part is not shown}
        parts = [(name, part.get("description", ""), self._fields(part)) for name, part in inner.items()]
        example = example_of(schema, self._components) if media_type.endswith("json") else ""
        return Shape(media_type, shown.get("description", ""), self._fields(shown), parts, example)

    def _fields(self, schema: Mapping[str, Any]) -> list[Field]:
        needed = schema.get("required", ())
        return [
            self._field(name, part, name in needed) for name, part in schema.get("properties", {}).items()
        ]

    def _inner(self, schema: Any, seen: set[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The objects that a schema refers to, at any depth, each once."""
        if isinstance(schema, list):
            for one in schema:
                yield from self._inner(one, seen)
        elif isinstance(schema, dict):
            name = schema.get("$ref", "").rpartition("/")[2]
            if name and name not in seen:
                seen.add(name)
                part = self._components[name]
                if "properties" in part:
                    yield name, part
                yield from self._inner(part, seen)
            for key in ("properties", "items", "anyOf", "oneOf", "additionalProperties"):
                inner = schema.get(key)
                yield from self._inner(list(inner.values()) if key == "properties" and inner else inner, seen)


def _limits(schema: Mapping[str, Any], shown: Mapping[str, Any]) -> str:
    """The limits of a value as words; those of an id are left out."""
    said = [words.format(shown[name]) for name, words in _WORDS_OF_LIMITS.items() if name in shown]
    if "enum" in shown:
        said.append(" · ".join(f"{one}" for one in shown["enum"]))
    if shown.get("format"):
        said.append(shown["format"])
    pattern = shown.get("pattern", "")
    if pattern and len(pattern) <= _PATTERN_LENGTH_MAX:
        said.append(pattern)
    if schema.get("default") not in (None, "", False, []):
        said.append(f"default {schema['default']}")
    return ", ".join(said)


def _scope(described: Mapping[str, Any]) -> str:
    for needed in described.get("security", ()):
        for scheme, scopes in needed.items():
            return str(scopes[0] if scopes else scheme)
    return ""


def _codes(answer: Mapping[str, Any]) -> list[str]:
    found = [
        code
        for content in answer.get("content", {}).values()
        for part in content["schema"].get("allOf", ())
        for code in part.get("properties", {}).get("code", {}).get("enum", ())
    ]
    return sorted(set(found))
