"""Makes an example of a body from its schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

_NAMED: Final[Mapping[str, Any]] = {
    "name": "Toko Maju",
    "x": 72,
    "y": 54,
    "pieces": 100,
    "file": "JVBERi0xLjcK",
    "url": "https://contoh.id/meterai",
    "code": "toko-maju",
    "npwp": "012345678901234",
    "month": "2026-11",
    "period": "2026-11",
    "keyword": "Tanda tangan",
    "description": "Produksi",
    "reason": "Belum dibayar sejak Mei",
    "unit_price": 10_000,
    "service_fee": 500,
    "serials": "A2RNTMJKJ9CHXNWDVA9KXC",
}
"""By the name of a field, where its schema alone says little."""
_LEFT_OUT: Final = frozenset({"facts", "document_id", "deliveries", "stamps_per_document_max", "valid_until"})
"""Optional fields that would make an example longer than it is useful."""
_ID: Final = "01h455vb4pex5vsknk084sn02q"
_DEPTH_MAX: Final = 4


def example_of(schema: Mapping[str, Any], components: Mapping[str, Any]) -> str:
    """An example as JSON in lines; empty where the schema has no fields."""
    made = _example(schema, components, name="", depth=0)
    return json.dumps(made, indent=2, ensure_ascii=False) if made and isinstance(made, dict) else ""


def _example(schema: Mapping[str, Any], components: Mapping[str, Any], *, name: str, depth: int) -> Any:
    schema = resolved(schema, components)
    if depth > _DEPTH_MAX:
        return None
    if "properties" in schema:
        return {
            field: _example(part, components, name=field, depth=depth + 1)
            for field, part in schema["properties"].items()
            if field not in _LEFT_OUT
        }
    if schema.get("type") == "array":
        return [_example(schema.get("items", {}), components, name=name, depth=depth + 1)]
    return _plain(schema, name)


def _plain(schema: Mapping[str, Any], name: str) -> Any:
    if schema.get("default"):
        return schema["default"]
    if name in _NAMED:
        return _NAMED[name]
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [""])[0])
    match schema.get("type"):
        case "integer" | "number":
            return max(1, schema.get("minimum", 1))
        case "boolean":
            return False
    return _text(schema)


def _text(schema: Mapping[str, Any]) -> str:
    pattern = schema.get("pattern", "")
    if pattern[4:6] == "_[":  # an id, such as ^doc_[0-7]...
        return f"{pattern[1:4]}_{_ID}"
    if pattern.startswith("^("):  # one of some words
        return str(pattern[2:].partition("|")[0].rstrip(")$").replace("\\", ""))
    match schema.get("format", ""):
        case "date":
            return "2026-12-01"
        case "date-time":
            return "2026-12-01T02:00:00Z"
    return "…"


def resolved(schema: Mapping[str, Any], components: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema behind a reference, or the first one of several that is not null."""
    if "$ref" in schema:
        return resolved(components[schema["$ref"].rpartition("/")[2]], components)
    for several in ("anyOf", "oneOf"):
        for one in schema.get(several, ()):
            if one.get("type") != "null":
                return {
                    **resolved(one, components),
                    **{k: v for k, v in schema.items() if k == "description"},
                }
    return schema
