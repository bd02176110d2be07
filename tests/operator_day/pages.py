"""The documents that the day follows: their blocks of commands and files, with values filled in."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

DOCS: Final = Path(__file__).parents[2] / "docs"
_BLOCK: Final = re.compile(r"^( *)```\w+\n(.*?)^\1```$", re.M | re.S)


@dataclass(frozen=True)
class Block:
    """A block of a page."""

    text: str

    def filled(self, values: Mapping[str, str] | None = None) -> str:
        """Its text, with other words for what stands in `values`.

        Raises: LookupError for a word that it does not have, and when a `…` is left.
        """
        text = self.text
        for word, value in (values or {}).items():
            if word not in text:
                raise LookupError(f"the block does not say {word!r} any more:\n{self.text}")
            text = text.replace(word, value)
        if "…" in text:
            raise LookupError(f"the day knows no value for a … of this block:\n{text}")
        return text


class Page:
    """A document. Remembers which of its blocks were used."""

    def __init__(self, name: str) -> None:
        self.name = name
        found = _BLOCK.findall((DOCS / name).read_text())
        self._blocks = [Block(textwrap.dedent(text)) for _, text in found]
        self._used: set[Block] = set()

    def block(self, words: str) -> Block:
        """The one block that says `words`. Raises: LookupError when there is none, or another one."""
        found = [block for block in self._blocks if words in block.text]
        if len(found) != 1:
            raise LookupError(f"{self.name}: {len(found)} blocks say {words!r}")
        self._used.add(found[0])
        return found[0]

    def unused(self) -> list[Block]:
        """The blocks that nobody asked for."""
        return [block for block in self._blocks if block not in self._used]


def with_settings(text: str, values: Mapping[str, str]) -> str:
    """Lines `NAME=value` with these values instead.

    Raises: LookupError when one of them has no line, or a `…` is left.
    """
    changed = dict(values)
    lines = []
    for line in text.splitlines():
        name = line.partition("=")[0]
        lines.append(f"{name}={changed.pop(name)}" if name in changed else line)
    if changed or any("…" in line for line in lines):
        text = "\n".join(lines)
        raise LookupError(f"no line for {sorted(changed)}, or a … is left in:\n{text}")
    return "\n".join(lines) + "\n"


def settings(text: str) -> dict[str, str]:
    """The `NAME=value` lines of a block."""
    return dict(re.findall(r"^([A-Z][A-Z0-9_]*)=(.*)$", text, re.M))
