"""Walks what one object holds. Runs in the jail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pikepdf


def dictionary_of(item: Any) -> Any:
    """The object, or the dictionary of a stream."""
    return item.stream_dict if isinstance(item, pikepdf.Stream) else item


def dictionaries_in(value: Any) -> Iterator[pikepdf.Dictionary]:
    """Yields every dictionary inside one object, the object included. References are not followed."""
    stack = [(value, 0)]
    while stack:
        node, depth = stack.pop()
        if depth and isinstance(node, pikepdf.Object) and node.is_indirect:
            continue
        if isinstance(node, pikepdf.Dictionary):
            yield node
            stack += [(node[key], depth + 1) for key in node.keys()]  # noqa: SIM118 - items can't be iterated
        elif isinstance(node, pikepdf.Array):
            stack += [(item, depth + 1) for item in node]
