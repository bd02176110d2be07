"""What cross-reference sections name (ISO 32000-2, 7.5.4, 7.5.5, 7.5.8). Runs in the jail."""

from __future__ import annotations

from typing import Any


def named_numbers(reader: Any, revision: int) -> set[int]:
    """The numbers of all objects that a revision's section names, free ones too; 0 is none."""
    section = reader.xrefs.get_xref_data(revision)
    return {*section.standard_xrefs, *section.xrefs_in_objstm, *section.freed}
