"""Reads which objects cross-reference sections name (ISO 32000-2, 7.5.4, 7.5.5, 7.5.8). Runs in the jail."""

from __future__ import annotations

from typing import Any


def named_numbers(reader: Any, revision: int) -> set[int]:
    """Numbers of all objects that a revision's section names, free ones too, without 0."""
    section = reader.xrefs.get_xref_data(revision)
    return {*section.standard_xrefs, *section.xrefs_in_objstm, *section.freed}


def names_beyond_size(reader: Any) -> bool:
    """Whether a section names an object beyond its `/Size`.

    Some readers find such an object and others don't, so nobody could tell an old one from a new one. A
    stream that is a section need not count itself: nothing refers to it.
    """
    xrefs = reader.xrefs
    for revision in range(xrefs.total_revisions):
        section = xrefs.get_xref_container_info(revision)
        own = {section.stream_ref.idnum} if section.stream_ref is not None else set()
        if max(named_numbers(reader, revision) - own, default=0) >= section.size:
            return True
    return False
