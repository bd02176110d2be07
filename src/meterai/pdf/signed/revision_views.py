"""pyHanko's view of a file as it was in an earlier revision, for files in which pyHanko gets lost.

pyHanko asks by which paths the objects that a later revision names could be reached, and for that it walks
every path of the file: where objects refer to each other densely that takes longer than anybody waits. Here
it walks only paths that lead to one of these objects, and finds for them what it would have found.
"""

# mypy: disallow-untyped-calls=False
# pyHanko types only part of its own functions.

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import Reference
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader


class RevisionView(HistoricalResolver):
    """A revision in which nulls among the fields of the form, which are none, are left out."""

    def __init__(self, reader: PdfFileReader, revision: int) -> None:
        super().__init__(reader, revision)
        self._leading: set[Reference] | None = None
        drop_null_fields(self.root)

    def __call__(self, ref: Reference) -> Any:
        """An object; while paths are walked, null in place of one that leads to nothing of interest."""
        if self._leading is not None and ref not in self._leading:
            nothing = generic.NullObject()
            nothing.container_ref = ref
            return nothing
        return super().__call__(ref)

    def _load_reverse_xref_cache(self) -> None:
        if self._indirect_object_access_cache is not None:
            return
        self._leading = self._find_leading()
        try:
            super()._load_reverse_xref_cache()
        finally:
            self._leading = None

    def _find_leading(self) -> set[Reference]:
        """The objects from which one can get to an object that a later revision names, or to the faces of an
        annotation, whose uses pyHanko counts. A page is entered from the tree of pages alone, as pyHanko does
        it: its place in the tree is found, and who else names it is of no interest, for no rule allows a
        change of it by path."""
        xrefs = self.reader.xrefs
        later = range(self.revision + 1, xrefs.total_revisions)
        pages = set(self._page_tree())
        wanted = set().union(*(xrefs.explicit_refs_in_revision(revision) for revision in later)) - pages
        sources: dict[Reference, set[Reference]] = defaultdict(set)
        waiting: list[tuple[Reference | None, Any]] = [(None, self.trailer_view)]
        seen: set[Reference] = set()
        while waiting:
            source, item = waiting.pop()
            for key, reference in _references(item):
                if source is not None:
                    sources[reference].add(source)
                if key == "/AP":
                    wanted.add(reference)
                if reference not in seen:
                    seen.add(reference)
                    waiting.append((reference, self.get_object(reference)))
        leading = pages | {self.root_ref}
        reached = list(wanted)
        while reached:
            for source in sources[reached.pop()] - leading:
                leading.add(source)
                reached.append(source)
        return leading

    def _page_tree(self) -> Iterator[Reference]:
        """Its nodes. A tree that is none is refused by pyHanko, which walks it next."""
        waiting, seen = [self.root.raw_get("/Pages")], set()
        while waiting:
            item = waiting.pop()
            if isinstance(item, generic.IndirectObject):
                if item.reference in seen:
                    continue
                seen.add(item.reference)
                yield item.reference
            kids = _entry(item.get_object(), "/Kids")
            waiting += list.__iter__(kids) if isinstance(kids, list) else ()


class RevisionReader(PdfFileReader):
    """A reader whose earlier revisions are seen so."""

    def get_historical_resolver(self, revision: int) -> HistoricalResolver:
        known = self._historical_resolver_cache
        if revision not in known:
            known[revision] = RevisionView(self, revision)
        return known[revision]


def drop_null_fields(root: Any) -> Any:
    """Drops nulls from the form's list of fields; the list where there were any."""
    fields = _entry(_entry(root, "/AcroForm"), "/Fields")
    items = list(list.__iter__(fields)) if isinstance(fields, generic.ArrayObject) else []
    kept = [item for item in items if not isinstance(item, generic.NullObject)]
    if len(kept) == len(items):
        return None
    fields[:] = kept
    return fields


def _entry(holder: Any, key: str) -> Any:
    try:
        return holder[key]
    except (KeyError, TypeError):
        return None


def _references(item: Any) -> Iterator[tuple[str, Reference]]:
    """Those in an object itself but for the ones to a parent, by the key under which they stand."""
    waiting = [("", item)]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, generic.IndirectObject):
            yield key, value.reference
        elif isinstance(value, dict):
            waiting += [(name, part) for name, part in dict.items(value) if name != "/Parent"]
        elif isinstance(value, list):
            waiting += [(key, part) for part in list.__iter__(value)]
