"""pyHanko's view of a file's earlier revision, for files in which pyHanko takes too long. Runs in the jail.

pyHanko asks by which paths the objects of a later revision can be reached, and walks every path of the file
to find out. That takes too long where objects refer to each other densely. This code walks only the paths
that lead to one of these objects, and finds the same result.
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

from meterai.pdf.opening.cross_references import named_numbers


class RevisionView(HistoricalResolver):
    """A revision without nulls in its catalog and in the form's list of fields: null means absent (7.3.9).

    pyHanko leaves the references of the trailer to the reader of the newest revision: `/Info` of an earlier
    revision would be the newest one. Here they lead to this revision.
    """

    def __init__(self, reader: PdfFileReader, revision: int) -> None:
        super().__init__(reader, revision)
        self._trailer = _in_view(self._trailer, self)
        self._trailer.container_ref = generic.TrailerReference(self)
        self._leading: set[Reference] | None = None
        _drop_null_entries(self.root)
        drop_null_fields(self.root)

    def __call__(self, ref: Reference) -> Any:
        """Returns an object.

        During the walk of paths, an object that leads to nothing of interest becomes null.
        """
        if self._leading is not None and ref not in self._leading:
            nothing = generic.NullObject()
            nothing.container_ref = ref
            return nothing
        return super().__call__(ref)

    def is_ref_unassignable(self, ref: Reference) -> bool:
        """Whether an object is new for this revision: beyond its /Size, or a number that it left out.

        Poppler uses numbers that other programs left out. Nothing in the revision may refer to it.
        """
        if super().is_ref_unassignable(ref):
            return True
        if any(ref.idnum in named_numbers(self.reader, number) for number in range(self.revision + 1)):
            return False
        self._load_reverse_xref_cache()
        known = self._indirect_object_access_cache
        return known is not None and ref not in known

    def _load_reverse_xref_cache(self) -> None:
        if self._indirect_object_access_cache is not None:
            return
        self._leading = self._find_leading()
        try:
            super()._load_reverse_xref_cache()
        finally:
            self._leading = None

    def _find_leading(self) -> set[Reference]:
        """Finds the objects from which a path leads to an object of interest.

        Of interest are objects that a later revision names, and the appearances of an annotation, whose uses
        pyHanko counts. As in pyHanko, a page is entered from the page tree only. Its place there is found by
        other code, and no rule allows a change of it by path.
        """
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
        """Lists the nodes of the page tree. pyHanko, which walks the tree next, refuses a broken one."""
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
    """A reader that gives earlier revisions as `RevisionView`."""

    def get_historical_resolver(self, revision: int) -> HistoricalResolver:
        known = self._historical_resolver_cache
        if revision not in known:
            known[revision] = RevisionView(self, revision)
        return known[revision]


def _drop_null_entries(root: Any) -> None:
    """Removes entries that are null, or refer to nothing, from a catalog."""
    for key in [key for key in root if isinstance(root.raw_get(key).get_object(), generic.NullObject)]:
        del root[key]


def _in_view(item: Any, view: HistoricalResolver) -> Any:
    """A copy of a direct object in which references are resolved in `view`."""
    if isinstance(item, generic.IndirectObject):
        return generic.IndirectObject(idnum=item.idnum, generation=item.generation, pdf=view)
    if isinstance(item, generic.DictionaryObject):
        return generic.DictionaryObject({key: _in_view(value, view) for key, value in dict.items(item)})
    if isinstance(item, generic.ArrayObject):
        return generic.ArrayObject(_in_view(value, view) for value in list.__iter__(item))
    return item


def drop_null_fields(root: Any) -> Any:
    """Removes nulls from the form's list of fields. Returns the list if there were any."""
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
    """References in an object by their key, without those to a parent."""
    waiting = [("", item)]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, generic.IndirectObject):
            yield key, value.reference
        elif isinstance(value, dict):
            waiting += [(name, part) for name, part in dict.items(value) if name != "/Parent"]
        elif isinstance(value, list):
            waiting += [(key, part) for part in list.__iter__(value)]
