"""Checks which objects of an earlier revision later revisions overwrite in place.

pyHanko allows an object by its kind: whoever may write a new `/Info` may also overwrite the old one, or
whatever hangs on it. A list of the objects that archive data and signatures may have to overwrite leaves no
kind out. What they then hold is examined elsewhere (`additions`, `metadata`, pyHanko).
"""

# mypy: disallow-untyped-calls=False
# pyHanko types only part of its own functions.

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.sign.fields import enumerate_sig_fields

from meterai.verification.in_jail.document import Document

type Key = tuple[int, int]

_DSS_OBJECTS_MAX = 2000


def only_known_objects_changed(document: Document, revision: int) -> bool:
    """Whether all objects that the revision had are as they were, but those that additions overwrite."""
    reader = document.reader
    before = reader.get_historical_resolver(revision)
    changed = {_key(ref) for ref in _rewritten(reader, revision) if _differs(before, reader, ref)}
    return not changed or changed <= set(_may_change(document, before))


def _rewritten(reader: Any, revision: int) -> Iterator[Any]:
    """References of the revision's objects that a later one writes again. The number of a cross-reference
    stream names no object of the document."""
    xrefs = reader.xrefs
    for later in range(revision + 1, xrefs.total_revisions):
        for ref in xrefs.explicit_refs_in_revision(later):
            known = xrefs.get_historical_ref(ref, revision) is not None
            if known and ref not in xrefs.xref_stream_refs:
                yield ref


def _differs(before: Any, reader: Any, ref: Any) -> bool:
    return _written(before.get_object(ref)) != _written(reader.get_object(ref))


def _written(value: Any) -> tuple[bytes, bytes]:
    """An object as it is written, references as references, and the bytes of a stream."""
    out = io.BytesIO()
    if isinstance(value, generic.StreamObject):
        generic.DictionaryObject(value).write_to_stream(out, None)
        return out.getvalue(), value.encoded_data
    value.write_to_stream(out, None)
    return out.getvalue(), b""


def _may_change(document: Document, before: Any) -> Iterator[Key]:
    root = before.root
    yield _key(before.root_ref)
    yield from _reference_of(before.trailer_view, "/Info")
    for key in ("/AcroForm", "/Metadata", "/Extensions", "/DSS"):
        yield from _reference_of(root, key)
    form = _entry(root, "/AcroForm")
    for key in ("/Fields", "/DR"):
        yield from _reference_of(form, key)
    for page in document.pages:
        yield page.reference
        yield from _reference_of(before.get_object(generic.Reference(*page.reference, before)), "/Annots")
    for _, value, field in enumerate_sig_fields(before):
        if value is None:
            yield from _parts_of_field(field)
    yield from _parts_of_store(_entry(root, "/DSS"))


def _parts_of_field(field: Any) -> Iterator[Key]:
    """An empty signature field, its widgets, and their appearances."""
    waiting = [field]
    while waiting:
        item = waiting.pop()
        if isinstance(item, generic.IndirectObject):
            yield _key(item)
        faces = _entry(item.get_object(), "/AP")
        yield from _reference_of(item.get_object(), "/AP")
        yield from _reference_of(faces, "/N")
        kids = _entry(item.get_object(), "/Kids")
        waiting += list.__iter__(kids) if isinstance(kids, list) else []


def _parts_of_store(store: Any) -> Iterator[Key]:
    """Lists and dictionaries of a document security store. Its streams never change."""
    waiting: list[Any] = [store]
    seen: set[Key] = set()
    while waiting and len(seen) < _DSS_OBJECTS_MAX:
        item = waiting.pop()
        if isinstance(item, generic.IndirectObject):
            key, item = _key(item), item.get_object()
            if key in seen or isinstance(item, generic.StreamObject):
                continue
            seen.add(key)
            yield key
        if isinstance(item, dict):
            waiting += dict.values(item)
        elif isinstance(item, list):
            waiting += list.__iter__(item)


def _reference_of(holder: Any, key: str) -> Iterator[Key]:
    if isinstance(holder, generic.DictionaryObject) and key in holder:
        found = holder.raw_get(key)
        if isinstance(found, generic.IndirectObject):
            yield _key(found)


def _entry(holder: Any, key: str) -> Any:
    try:
        return holder[key]
    except (KeyError, TypeError):
        return None


def _key(reference: Any) -> Key:
    return reference.idnum, reference.generation
