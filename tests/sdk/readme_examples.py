"""The examples of a README, in their order, as one program."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

_BLOCK = r"^( *)```{}\n(.*?)^\1```$"
_IMPORT = re.compile(r"^import .*$\n?", re.MULTILINE)


def program_of(readme: Path, language: str) -> str:
    """All blocks of this language together, also those in steps of a list. They must be there."""
    blocks = re.findall(_BLOCK.format(language), readme.read_text(), re.MULTILINE | re.DOTALL)
    assert blocks, f"{readme} has no {language}"
    return "\n".join(dedent(block) for _, block in blocks)


def module_of(program: str) -> str:
    """A TypeScript module: its imports stand first."""
    return "".join(_IMPORT.findall(program)) + _IMPORT.sub("", program)
