"""Puts facts into sentences, as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from string import Formatter

from meterai.kit.formats import display
from meterai.texts.mechanism.moments import moment_text


def fill(text: str, facts: Mapping[str, object], language: str) -> str:
    """`text` with its `{facts}`. A missing one leaves a dash: a message must always appear.

    An integer named `..._bytes`, `..._bytes_max` or `size` is shown as a size, one named `..._s` as a time.
    """
    return Formatter().vformat(text, (), _readable(facts, language)) if "{" in text else text


def named(text: str) -> set[str]:
    """The names of the facts in `text`."""
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
            shown[name] = moment_text(value, language)
        else:
            shown[name] = str(value)
    return shown
