"""The JSON schemas of all types that the API takes and gives, as msgspec checks them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

_AT = "#/components/schemas/{name}"


class Schemas:
    """Schemas by type. A type has to be added before its schema can be read."""

    def __init__(self) -> None:
        self._types: list[Any] = []
        self._made: dict[int, dict[str, Any]] = {}
        self.components: dict[str, Any] = {}

    def add(self, types: Sequence[Any]) -> None:
        """Adds types."""
        self._types += types
        schemas, self.components = msgspec.json.schema_components(self._types, ref_template=_AT)
        self._made = {id(kind): made for kind, made in zip(self._types, schemas, strict=True)}

    def of(self, kind: Any) -> dict[str, Any]:
        """The schema of a type that was added."""
        return self._made[id(kind)]
