"""Puts the facts of a refusal into its words, as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from string import Formatter

from meterai.kit.formats import display


def fill(text: str, facts: Mapping[str, object], language: str) -> str:
    """`text` with its `{facts}`; one that is missing leaves a dash, because a message must always appear."""
    return Formatter().vformat(text, (), _readable(facts, language)) if "{" in text else text


def named(text: str) -> set[str]:
    """Which facts `text` names."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


class _Facts(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "–"


def _readable(facts: Mapping[str, object], language: str) -> _Facts:
    shown = _Facts()
    for name, value in facts.items():
        if isinstance(value, int) and name.endswith(("bytes", "_bytes_max", "size")):
            shown[name] = display.size_text(value, language)
        elif isinstance(value, int) and name.endswith("_s"):
            shown[name] = display.wait_text(value, language)
        elif isinstance(value, datetime):
            shown[name] = display.moment_text(value, language)
        else:
            shown[name] = str(value)
    return shown
