"""What a recipe is, and how programs are asked to make a file."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

OWN = "as this project"


@dataclass(frozen=True)
class Recipe:
    """One file of the corpus and what must become of it."""

    file: str
    producer: str
    special: str
    """What is special about it, in a few words."""
    make: Callable[[], bytes]
    mutation: bool = False
    """Another file altered, or written by hand to be odd."""
    expect: str = "stamped"
    """`stamped`, or the code of the refusal with its `what`."""
    repaired: bool = False
    """qpdf has to guess."""
    profile: str = "final"
    password: str = ""
    source: str = "made by script/make-corpus"
    licence: str = OWN
    tolerated: str = ""
    """A judge that rightly complains, because the page's own content was broken before: `qpdf`."""


def run(
    *command: str, files: dict[str, str | bytes] | None = None, out: str = "out.pdf", stdin: str = ""
) -> bytes:
    """Runs a program in a folder of its own that holds `files`; gives what it wrote to `out`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in (files or {}).items():
            data = content.encode() if isinstance(content, str) else content
            (folder / file).write_bytes(data)
        done = subprocess.run(
            command, cwd=folder, input=stdin.encode(), capture_output=True, timeout=300, check=False
        )
        result = folder / out
        if out == "-":
            return done.stdout
        if not result.is_file():
            raise RuntimeError(f"{command[0]} made nothing: {done.stderr.decode()[-800:]}")
        return result.read_bytes()
