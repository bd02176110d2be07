"""The operations of the API as its description has them, and a request for each that fits it.

    for operation in operations(document):
        request = operation.request({slot: own_id for slot in operation.slots})

A slot is a place for an id: in the address, the query or the body. Tests put ids of their choice there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec

from meterai.kernel.typed_ids import Prefix, pattern_of

JSON = "application/json"
WORDS = {"code": "cabang-uji", "month": "2026-08", "url": "https://contoh.id/kait", "types": "block.received"}
"""Texts for fields whose pattern allows few texts."""
CONTENTS = {
    "application/pdf": b"%PDF-1.7 uji",
    "application/partial-upload": b"%PDF-1.7 uji",
    "application/x-ndjson": b'{"path": "lain.pdf", "sha256": "%s", "bytes": 9}' % (b"00" * 32),
}
"""Bodies that are no JSON, by media type."""
_ID = {pattern_of(prefix): prefix for prefix in Prefix}
_NAMES_ID = re.compile(r"(^|_)ids?$")
_TESTED_ELSEWHERE = frozenset({"serial"})
"""Names that are no ids. `test_parents.py` tries serial numbers of others."""


@dataclass(frozen=True)
class Slot:
    """A place for an id. `at`: path, query or body. `name`: of the parameter, or of the field."""

    at: str
    name: str
    prefix: Prefix


@dataclass(frozen=True)
class Request:
    """A request without its token and key."""

    method: str
    address: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Operation:
    """An operation of the description."""

    method: str
    path: str
    told: Mapping[str, Any]
    document: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def scope(self) -> str | None:
        """The scope that it needs; None: it is not for partners alone."""
        for scheme in self.told.get("security", ()):
            if "oauth2" in scheme:
                return str(scheme["oauth2"][0])
        return None

    @cached_property
    def media_type(self) -> str:
        """Of its body; empty: it has none."""
        return next(iter(self.told.get("requestBody", {}).get("content", {})), "")

    @cached_property
    def body_schema(self) -> Mapping[str, Any]:
        """The schema of its JSON body; empty: it has none."""
        if self.media_type != JSON:
            return {}
        return self.plain(self.told["requestBody"]["content"][JSON]["schema"])

    @cached_property
    def slots(self) -> list[Slot]:
        """Where its request may name things. Fails where the description hides that something is an id."""
        found = []
        for each in self.told["parameters"]:
            if each["in"] != "header":
                found += self._slots(each["in"], each["name"], each["schema"], must=each["in"] == "path")
        return found + self._slots("body", "", self.body_schema)

    def codes(self, status: int) -> set[str]:
        """The codes that the description has for this status."""
        contents = self.told["responses"].get(str(status), {}).get("content", {}).values()
        parts = [part for one in contents for part in one["schema"].get("allOf", ())]
        return {code for part in parts for code in part.get("properties", {}).get("code", {}).get("enum", ())}

    def request(self, ids: Mapping[Slot, str], **more: object) -> Request:
        """A request with these ids. `more`: further fields of a JSON body."""
        by_place = {(slot.at, slot.name): id for slot, id in ids.items()}
        path, query, headers = self.path, [], {}
        for each in self.told["parameters"]:
            name, at = each["name"], each["in"]
            if at == "header" and each.get("required") and name != "Idempotency-Key":
                headers[name.lower()] = str(self.sample(each["schema"], name, by_place))
            elif (at, name) in by_place or (each.get("required") and at != "header"):
                value = by_place.get((at, name)) or str(self.sample(each["schema"], name, by_place))
                path = path.replace(f"{{{name}}}", value)
                query += [f"{name}={value}"] if at == "query" else []
        address = path + ("?" + "&".join(query) if query else "")
        return Request(self.method, address, self._body(by_place, more), headers | self._content_type())

    def sample(self, schema: Mapping[str, Any], name: str, ids: Mapping[tuple[str, str], str]) -> Any:
        """A value that fits a schema, with the fields that it must have and those that hold ids."""
        schema = self.plain(schema)
        if "enum" in schema:
            return schema["enum"][0]
        match schema["type"]:
            case "object":
                wanted = {
                    each: inner
                    for each, inner in schema.get("properties", {}).items()
                    if each in schema.get("required", ()) or self._slots("body", _joined(name, each), inner)
                }
                return {each: self.sample(inner, _joined(name, each), ids) for each, inner in wanted.items()}
            case "array":
                return [self.sample(schema["items"], name, ids)]
            case "integer" | "number":
                return schema.get("minimum", 1)
            case "boolean":
                return False
        return ids.get(("body", name)) or _word(schema, name)

    def plain(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """The schema without a reference, and of several kinds the first that is not null."""
        while True:
            if "$ref" in schema:
                schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
            elif "anyOf" in schema:
                schema = next(one for one in schema["anyOf"] if one != {"type": "null"})
            else:
                return schema

    def _slots(self, at: str, name: str, schema: Mapping[str, Any], *, must: bool = False) -> list[Slot]:
        schema = self.plain(schema) if schema else {}
        if schema.get("type") == "array":
            return self._slots(at, name, schema["items"])
        if prefix := _ID.get(schema.get("pattern", "")):
            return [Slot(at, name, prefix)]
        hidden = schema.get("type") == "string" and (must or _NAMES_ID.search(name))
        hidden = hidden and name not in _TESTED_ELSEWHERE
        assert not hidden, f"{self}: {name} takes an id whose kind the description does not tell"
        inner = schema.get("properties", {})
        return [slot for each, one in inner.items() for slot in self._slots(at, _joined(name, each), one)]

    def _body(self, ids: Mapping[tuple[str, str], str], more: Mapping[str, object]) -> bytes | None:
        if self.media_type == JSON:
            return msgspec.json.encode({**self.sample(self.body_schema, "", ids), **more})
        assert not self.media_type or self.media_type in CONTENTS, f"CONTENTS has no body for {self}"
        return CONTENTS[self.media_type] if self.media_type else None

    def _content_type(self) -> dict[str, str]:
        return {"content-type": self.media_type} if self.media_type else {}


def operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    """The operations for partners, by path."""
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            operation = Operation(method.upper(), path, told, document)
            if operation.scope is not None:
                yield operation


def _joined(name: str, inner: str) -> str:
    return f"{name}.{inner}" if name else inner


def _word(schema: Mapping[str, Any], name: str) -> str:
    word = {"date": "2026-12-01", "date-time": "2026-12-01T00:00:00Z"}.get(schema.get("format", ""))
    word = word or WORDS.get(name.rpartition(".")[2]) or "x" * max(3, schema.get("minLength", 0))
    fits = re.search(schema.get("pattern", ""), word) and len(word) <= schema.get("maxLength", len(word))
    assert fits, f"WORDS has no text for the field {name}"
    return word
