"""Old phones read the scripts of pages, and to them one unknown sign is the end of the script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "src" / "meterai"
MODERN = re.compile(r"\?\.(?!\d)|\?\?|\|\|=|&&=|^\s*(static\s+)?#\w+", re.MULTILINE)
"""Optional chaining, nullish values, logical assignment, private names: newer than ECMAScript 2019."""
NEEDS_A_NEW_BROWSER = {"code_reader.js"}
"""WebAssembly and camera; the page says so where they are missing."""
SCRIPTS = [
    path
    for door in ("web", "gate")
    for path in sorted((SOURCES / door / "static").glob("*.js"))
    if path.name not in NEEDS_A_NEW_BROWSER
]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_an_old_phone_reads_it(path: Path) -> None:
    text = re.sub(r"//.*|\"[^\"\n]*\"|`[^`]*`", "", path.read_text())
    assert not (found := MODERN.search(text)), f"{path.name}: {found}"


def test_what_is_too_new_is_seen() -> None:
    for line in ("a?.b", "a ?? b", "a ||= b", "  #hidden = 1"):
        assert MODERN.search(line)
    for line in ("a ? .5 : 1", "a ? b : c", "a || b", "x = '#a'"):
        assert not MODERN.search(line)
