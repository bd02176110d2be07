"""Accepts unusual cross-reference tables if every reader finds the same in them. Runs in the jail.

Programs that append a revision often give a new object the number of an older cross-reference stream, which
nothing refers to (ISO 32000-2, 7.5.8). Every reader takes the newest section, so all find the new object.
pyHanko refuses such files only because of encryption, which signed files here do not have.

A hybrid section is a table and a stream (7.5.8.4). Readers differ in which of both they ask first, and old
ones ask only the table. It is accepted if all these readings find the same objects. Only the stream may name
parts of the tree of structure: Word hides them from old readers, and no page shows them.
"""

# mypy: disallow-untyped-calls=False
# pyHanko types only part of its own functions.

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pikepdf
from pyhanko.pdf_utils.misc import PdfStrictReadError
from pyhanko.pdf_utils.xref import (
    XRefBuilder,
    XRefCache,
    XRefSection,
    XRefSectionData,
    XRefSectionType,
    _check_xref_consistency,
)

_TREE_OF_STRUCTURE = "/StructTreeRoot"
_FREE_FOR_EVER = re.compile(rb"([\r\n ][0-9]{10}) 65536 f")
"""A free entry of a generation beyond the highest one, as MuPDF and many scanners write it."""
_SAME_IN_TRAILER = ("/Root", "/Info", "/Encrypt")


class AmbiguousTables(PdfStrictReadError):
    """Readers may find different objects in these tables."""


class Sections(XRefCache):
    """Sections in which objects that are not there may be referred to, and freed.

    iText lists its own cross-reference stream as free. A number that no earlier section names had no object.
    """

    def refs_freed_in_revision(self, revision: int) -> set[Any]:
        """The references that a revision freed, of objects that were there."""
        freed: set[Any] = super().refs_freed_in_revision(revision)
        return freed - self._freed_for_nothing(revision)

    def explicit_refs_in_revision(self, revision: int) -> set[Any]:
        """The references that a revision names, without those that it freed for nothing."""
        named: set[Any] = super().explicit_refs_in_revision(revision)
        return named - self._freed_for_nothing(revision)

    def _freed_for_nothing(self, revision: int) -> set[Any]:
        freed: set[Any] = super().refs_freed_in_revision(revision)
        if not freed:
            return freed
        earlier = [section.xref_data for section in self._xref_sections[:revision]]
        known = {n for data in earlier for n in (*data.standard_xrefs, *data.xrefs_in_objstm, *data.freed)}
        return {reference for reference in freed if reference.idnum not in known}

    def get_introducing_revision(self, ref: Any) -> int:
        """The revision that first had an object. 0 for one that is not there: no later revision made it."""
        try:
            return int(super().get_introducing_revision(ref))
        except KeyError:
            return 0


def with_usual_free_entries(data: bytes) -> bytes:
    """The file with the highest generation in free entries of a higher one. No reader looks at it."""
    return _FREE_FOR_EVER.sub(rb"\1 65535 f", data)


def give_first_generations(sections: Sequence[XRefSection]) -> frozenset[int]:
    """Lists objects whose generation never began under their first one. Returns their numbers."""
    known: set[int] = set()
    found: set[int] = set()
    for section in sections:
        data = section.xref_data
        for number, (generation, place) in data.standard_xrefs.items():
            if generation and number not in known:
                data.standard_xrefs[number] = (0, place)
                data.explicit_refs_in_revision ^= {(number, generation), (number, 0)}
                found.add(number)
        known.update(data.standard_xrefs, data.xrefs_in_objstm, data.freed)
    return frozenset(found)


def check_mended(sections: Sequence[XRefSection]) -> None:
    """Makes pyHanko's checks of the sections, which are in the order of time, but for their own numbers.

    Raises: PdfStrictReadError; AmbiguousTables if a section names its own stream at another place.
    """
    _check_xref_consistency([_without_own_number(section) for section in sections])
    for section in sections:
        own, data = section.meta_info.stream_ref, section.xref_data
        if own is None or is_hybrid(section):
            continue
        generation, place = data.standard_xrefs.get(own.idnum, (0, section.meta_info.start_location))
        if own.idnum in data.xrefs_in_objstm or place != section.meta_info.start_location or generation:
            raise AmbiguousTables("A cross-reference stream names itself at another place.")


def _without_own_number(section: XRefSection) -> XRefSection:
    return replace(section, meta_info=replace(section.meta_info, stream_ref=None))


def is_hybrid(section: XRefSection) -> bool:
    """Whether a section is a table with a stream beside it."""
    return section.xref_data.hybrid is not None


def without_hybrids(reader: Any, data: bytes) -> list[XRefSection]:
    """Makes plain sections of hybrid ones, in the order of time.

    Raises: AmbiguousTables unless all readings find the same objects. Parts of the tree of structure may be
    missing in one.
    """
    sections = reader.xrefs._xref_sections
    hidden = _hidden(sections)
    agree = all(_same_trailer(reader, n, s) for n, s in enumerate(sections) if is_hybrid(s))
    if hidden is None or not agree:
        raise AmbiguousTables("A table and its stream contradict each other.")
    if hidden and _reaches(data, hidden):
        raise AmbiguousTables("A page or another visible part lies in a stream that old readers don't read.")
    return [_merged(section) if is_hybrid(section) else section for section in sections]


def _hidden(sections: Sequence[XRefSection]) -> set[int] | None:
    """Numbers that readers without hybrid streams resolve differently. None if both contradict each other."""
    with_streams: dict[int, Any] = {}
    tables_only: dict[int, Any] = {}
    for section in sections:
        table = dict(_entries(section.xref_data))
        found = section.xref_data.hybrid
        stream = dict(_entries(found.xref_data)) if found is not None else {}
        if any(number in table and table[number] not in (None, place) for number, place in stream.items()):
            return None
        with_streams |= table | stream
        tables_only |= table
    return {number for number, place in with_streams.items() if place != tables_only.get(number)}


def _entries(data: XRefSectionData) -> Iterator[tuple[int, Any]]:
    """Number and place of each entry; None for a free one."""
    yield from ((number, None) for number in data.freed)
    yield from data.standard_xrefs.items()
    yield from data.xrefs_in_objstm.items()


def _same_trailer(reader: Any, revision: int, section: XRefSection) -> bool:
    """Whether the stream's own dictionary, which some readers use as a trailer, says the same."""
    found = section.xref_data.hybrid
    assert found is not None
    builder = XRefBuilder(handler=reader, stream=reader.stream, strict=True, last_startxref=0)
    reader.stream.seek(found.meta_info.start_location)
    _, stream = builder._read_xref_stream_object()
    main = reader.trailer.flatten(revision)
    own = {key: _raw(stream, key) for key in _SAME_IN_TRAILER if key in stream}
    before = [s.meta_info.declared_startxref for s in reader.xrefs._xref_sections[:revision]]
    passed = _passed_over(before, stream.get("/Prev", before[-1] if before else None))
    return (
        all(value == _raw(main, key) for key, value in own.items())
        and passed is not None
        and _repeats(found, reader.xrefs._xref_sections[:revision], passed)
    )


def _passed_over(places: list[int], previous: Any) -> int | None:
    """How many sections a reader passes over if it follows the stream's own /Prev. None: it goes astray."""
    if not places:
        return 0 if previous is None else None
    return len(places) - 1 - places.index(previous) if previous in places else None


def _repeats(stream: XRefSection, before: Sequence[XRefSection], passed: int) -> bool:
    """Whether the stream repeats the entries of the last `passed` sections before it.

    A free entry need not be repeated where nothing was.
    """
    kept, own = before[: len(before) - passed], dict(_entries(stream.xref_data))
    used = {number for section in kept for number, place in _entries(section.xref_data) if place}
    entries = [entry for section in before[len(kept) :] for entry in _entries(section.xref_data)]
    return all(own.get(n) == place if place else n not in used for n, place in entries)


def _raw(holder: Any, key: str) -> Any:
    return holder.raw_get(key) if key in holder else None


def _reaches(data: bytes, hidden: set[int]) -> bool:
    """Whether anything but the tree of structure leads from the catalog to an object of these numbers."""
    with pikepdf.open(io.BytesIO(data), suppress_warnings=True, inherit_page_attributes=False) as pdf:
        top = [value for key, value in pdf.Root.items() if key != _TREE_OF_STRUCTURE]
        waiting: list[Any] = [*top, *(v for k, v in pdf.trailer.items() if k not in ("/Root", "/Prev"))]
        seen = {pdf.Root.objgen}  # a signature may refer to it (12.8.2.2)
        while waiting:
            item = waiting.pop()
            if not isinstance(item, pikepdf.Object):
                continue
            if item.is_indirect:
                if item.objgen[0] in hidden:
                    return True
                if item.objgen in seen:
                    continue
                seen.add(item.objgen)
            if isinstance(item, pikepdf.Array):
                waiting += list(item)
            elif isinstance(item, pikepdf.Dictionary | pikepdf.Stream):
                waiting += [value for _, value in item.items()]
    return False


def _merged(section: XRefSection) -> XRefSection:
    table, found = section.xref_data, section.xref_data.hybrid
    assert found is not None
    stream, merged = found.xref_data, XRefSectionData()
    merged.standard_xrefs = stream.standard_xrefs | table.standard_xrefs
    merged.xrefs_in_objstm = stream.xrefs_in_objstm | table.xrefs_in_objstm
    used = {*merged.standard_xrefs, *merged.xrefs_in_objstm}
    merged.freed = {n: g for n, g in (stream.freed | table.freed).items() if n not in used}
    merged.obj_streams_used = stream.obj_streams_used | table.obj_streams_used
    merged.explicit_refs_in_revision = (
        {(number, generation) for number, (generation, _) in merged.standard_xrefs.items()}
        | {(number, 0) for number in merged.xrefs_in_objstm}
        | {(number, generation - 1) for number, generation in merged.freed.items()}
    )
    return XRefSection(replace(section.meta_info, xref_section_type=XRefSectionType.STANDARD), merged)
