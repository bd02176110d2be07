"""Finds the pages that may look different after later revisions. All others need not be drawn.

A page is what can be reached from it: its own object, what it inherits, its resources, its annotations. If
no later revision names one of these objects, the page is the same. A walk over the file as it is now proves
that. Every object that it meets has the bytes that it had, so a walk over the signed revision would meet the
same ones.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pikepdf

from meterai.pdf.opening.cross_references import named_numbers
from meterai.verification.in_jail.document import PAGE_TREE_DEPTH_MAX, Document

_Key = tuple[int, int]
_REFERENCE = re.compile(rb"(?<![0-9])(\d{1,10}) (\d{1,5}) R(?![a-zA-Z])")
_UPWARDS = frozenset({"/Parent", "/Kids"})


def pages_to_draw(document: Document, signed: int) -> list[int]:
    """1-based numbers of the pages that a revision after `signed` may have changed, in order.

    Raises: pikepdf.PikepdfError.
    """
    reader = document.reader
    later = range(signed + 1, reader.xrefs.total_revisions)
    changed = set().union(*(named_numbers(reader, revision) for revision in later))
    everything = list(range(1, len(document.pages) + 1))
    if changed & _older_object_streams(reader, signed):
        return everything
    with pikepdf.open(
        io.BytesIO(document.data), suppress_warnings=True, inherit_page_attributes=False
    ) as pdf:
        pages = [page.obj for page in pdf.pages]
        if [page.objgen for page in pages] != [page.reference for page in document.pages]:
            return everything  # the parsers disagree, which other rules refuse
        walk = _Walk(pdf, pages, changed)
        if walk.meets(_references(pdf.Root.get("/OCProperties"))):
            return everything
        return [number for number, page in enumerate(pages, 1) if walk.has_changed(page)]


def _older_object_streams(reader: Any, signed: int) -> set[int]:
    """Numbers of the object streams that hold objects of the signed revision and of earlier ones."""
    sections = (reader.xrefs.get_xref_data(revision) for revision in range(signed + 1))
    return {place.obj_stream_id for section in sections for place in section.xrefs_in_objstm.values()}


class _Walk:
    """Walks over objects, and ends at the first one that changed. It enters no page on its way."""

    def __init__(self, pdf: pikepdf.Pdf, pages: list[Any], changed: set[int]) -> None:
        self._pdf, self._changed = pdf, changed
        self._tree = {node.objgen for page in pages for node in _upwards(page)}
        self._same: set[_Key] = set()
        """Objects from which nothing leads to a change."""
        self._held: dict[_Key, list[_Key]] = {}

    def has_changed(self, page: Any) -> bool:
        """Whether a page or something that it shows changed, or what it inherits from the nodes above."""
        nodes = list(_upwards(page))
        if any(node.objgen[0] in self._changed for node in nodes):
            return True
        held = [_references(value) for node in nodes for key, value in node.items() if key not in _UPWARDS]
        if any(_is_drawn_by_readers(item) for item in _annotations(page)):
            form = self._pdf.Root.get("/AcroForm")
            held.append(_references(form.get("/DR") if isinstance(form, pikepdf.Dictionary) else None))
        return self.meets(key for keys in held for key in keys)

    def meets(self, starts: Iterable[_Key]) -> bool:
        """Whether a changed object can be reached from these."""
        waiting, seen = list(starts), set()
        while waiting:
            key = waiting.pop()
            if key in seen or key in self._same or key in self._tree:
                continue
            if key[0] in self._changed:
                return True
            seen.add(key)
            waiting += self._references_in(key)
        self._same |= seen
        return False

    def _references_in(self, key: _Key) -> list[_Key]:
        if key not in self._held:
            found = self._pdf.get_object(*key)
            holder = found.stream_dict if isinstance(found, pikepdf.Stream) else found
            self._held[key] = _references(holder, resolved=True)
        return self._held[key]


def _upwards(page: Any) -> Iterator[Any]:
    """The page and the nodes above it."""
    node: Any = page
    for _ in range(PAGE_TREE_DEPTH_MAX + 2):
        if not isinstance(node, pikepdf.Dictionary):
            return
        yield node
        node = node.get("/Parent")


def _annotations(page: Any) -> list[Any]:
    found = page.get("/Annots")
    return list(found) if isinstance(found, pikepdf.Array) else []


def _is_drawn_by_readers(annotation: Any) -> bool:
    """Whether it may be a field that is no signature. Readers draw it with the fonts of the form."""
    return (
        isinstance(annotation, pikepdf.Dictionary)
        and annotation.get("/Subtype") == "/Widget"
        and annotation.get("/FT") != "/Sig"
    )


def _references(value: Any, *, resolved: bool = False) -> list[_Key]:
    """The objects to which a value refers. Text that looks like a reference counts, too."""
    if not isinstance(value, pikepdf.Object):
        return []
    found = _REFERENCE.findall(value.unparse(resolved=resolved))
    return [(int(number), int(generation)) for number, generation in found]
