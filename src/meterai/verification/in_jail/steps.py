"""Recognises files to which only further stamps of ours were added, each filling its field.

Several stamps on one document are the common case of a file with later revisions. Comparing each signed
revision with each later one takes time with the square of their number. This module examines each step once
and recognises only the narrowest one: one new revision fills one empty field, and its signature covers the
whole revision. pyHanko compares everything else, and its pages are drawn.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from pyhanko.pdf_utils import generic

from meterai.pdf.signed.byte_range import ByteRange
from meterai.verification.in_jail.document import Document, Signature
from meterai.verification.in_jail.revisions import closes, signed_revision

_DOCMDP_FORM_FILLING = 2
_FILLED_IN = {"/V", "/AP"}


def only_stamps_between(document: Document, stamps: list[Signature]) -> bool:
    """Whether only these stamps, in the order of signing, happened between the first and the last of them.

    It says nothing about what follows the last one. False is no objection: the document must be compared in
    full.
    """
    first = signed_revision(document, stamps[0])
    if first is None or not all(closes(document, s, first + n) for n, s in enumerate(stamps)):
        return False
    if not all(_range(s).end <= _range(t).gap_start for s, t in pairwise(stamps)):
        return False
    return all(
        _permits_filling(earlier) and _is_filling(document, later, first + number)
        for number, (earlier, later) in enumerate(pairwise(stamps), 1)
    )


def _range(signature: Signature) -> ByteRange:
    assert signature.byte_range is not None
    return signature.byte_range


def _permits_filling(signature: Signature) -> bool:
    """Whether a stamp neither closes the document nor locks a field (DocMDP, FieldMDP, lock dictionary)."""
    if "/Lock" in signature.field_object.get_object():
        return False
    references = signature.object.get("/Reference", [])
    return all(
        reference.get_object().get("/TransformMethod") == "/DocMDP"
        and reference.get_object()["/TransformParams"].get("/P") == _DOCMDP_FORM_FILLING
        for reference in references
    )


def _is_filling(document: Document, stamp: Signature, revision: int) -> bool:
    """Whether a revision only fills the stamp's field, which was there and empty."""
    reader, xrefs = document.reader, document.reader.xrefs
    before, size = revision - 1, xrefs.get_xref_container_info(revision - 1).size
    field = stamp.field_object.reference
    touched = xrefs.explicit_refs_in_revision(revision)
    if xrefs.refs_freed_in_revision(revision) or xrefs.object_streams_used_in(revision):
        return False
    if {ref for ref in touched if ref.idnum < size} != {field}:
        return False
    if any(xrefs.get_historical_ref(ref, before) is not None for ref in touched - {field}):
        return False
    if _root(reader, before) != _root(reader, revision):
        return False
    return _was_filled(reader.get_object(field, revision=before), reader.get_object(field), size)


def _root(reader: Any, revision: int) -> tuple[int, int]:
    root = reader.trailer.raw_get("/Root", revision=revision)
    return root.idnum, root.generation


def _was_filled(old: Any, new: Any, size: int) -> bool:
    """Whether a field got a value and a face, both new objects, and did not change otherwise."""
    if type(old) is not generic.DictionaryObject or type(new) is not generic.DictionaryObject:
        return False
    if "/V" in old or set(new) - set(old) - _FILLED_IN or set(old) - set(new):
        return False
    if not all(_same(old.raw_get(key), new.raw_get(key)) for key in set(old) - _FILLED_IN):
        return False
    return _is_new(new.raw_get("/V"), size) and _is_new_face(new, size)


def _is_new(value: Any, size: int) -> bool:
    return isinstance(value, generic.IndirectObject) and value.idnum >= size


def _is_new_face(field: Any, size: int) -> bool:
    if "/AP" not in field:
        return True
    face = field.raw_get("/AP")
    return (
        type(face) is generic.DictionaryObject and set(face) == {"/N"} and _is_new(face.raw_get("/N"), size)
    )


def _same(old: Any, new: Any) -> bool:
    """Whether two values are written alike: names, numbers, strings, references, and their containers."""
    if type(old) is not type(new):
        return False
    if isinstance(old, generic.ArrayObject):
        pair = list(list.__iter__(old)), list(list.__iter__(new))
        return len(old) == len(new) and all(_same(a, b) for a, b in zip(*pair, strict=True))
    if isinstance(old, generic.StreamObject):
        return False
    if isinstance(old, generic.DictionaryObject):
        return set(old) == set(new) and all(_same(old.raw_get(k), new.raw_get(k)) for k in old)
    if isinstance(old, generic.IndirectObject):
        return (old.idnum, old.generation) == (new.idnum, new.generation)
    if isinstance(old, generic.TextStringObject | generic.ByteStringObject):
        return bool(old.original_bytes == new.original_bytes)
    return bool(old == new)
