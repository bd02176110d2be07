"""Checks that whole revisions follow a signed one, and that every reader finds them in the same way.

A reader that cannot parse a cross-reference table searches for objects itself, also inside streams. It may
then show a different document. Of two entries for one object, some readers take the first and others the
last. Therefore only tables that every reader can parse may follow a stamp, and only objects that they name,
each once (ISO 32000-2, 7.5.4, 7.5.5, 7.5.7, 7.5.8).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.decode_limits import DecodePurpose

from meterai.pdf.opening.cross_references import named_numbers, names_beyond_size
from meterai.verification.in_jail.document import Document, Signature, Unreadable

_END = re.compile(rb"%%EOF(?:\r\n|\r|\n)?\Z")
_END_BYTES = 16
_TAIL = re.compile(rb"startxref(?:\r\n|\r|\n)(\d{1,12})(?:\r\n|\r|\n)%%EOF(?:\r\n|\r|\n)?\Z")
_TAIL_BYTES = 40
_SPACE = rb"[\x00\t\n\f\r ]+"
_HEAD = re.compile(rb"[0-9]+" + _SPACE + rb"[0-9]+" + _SPACE + rb"obj(?![a-z])")
_BACKWARDS = rb"(?:[\x00\t\n\f\r ]|[\r\n][^\r\n]*%)"
_OBJECT = re.compile(rb"(?<![a-z])jbo" + _BACKWARDS + rb"*[0-9]+" + _BACKWARDS + rb"+[0-9]+(?![0-9])")
"""The start of an object, read backwards. A comment counts as a blank, and no line is read twice."""
_LINE = rb"[ ]?(?:\r\n|\r|\n)"
_STARTXREF = re.compile(rb"startxref" + _LINE + rb"([0-9]{1,12})" + _LINE + rb"%%EOF")
_ENTRIES = rb"(?:[0-9]{10} [0-9]{5} [nf](?: \r| \n|\r\n))*"
_ENTRY_BYTES = 20
_SUBSECTION = rb"([0-9]+) ([0-9]+)" + _LINE + rb"(" + _ENTRIES + rb")"
_TABLE = re.compile(rb"xref" + _LINE + rb"(?:" + _SUBSECTION + rb")+[\r\n ]*trailer")
_BLANKS = re.compile(rb"[\t\n\r ]{1,4}")
_SUBSECTIONS = re.compile(_SUBSECTION)
_ROOT = re.compile(rb"/Root" + _SPACE + rb"([0-9]+)" + _SPACE + rb"([0-9]+)" + _SPACE + rb"R(?![a-zA-Z])")


def signed_revision(document: Document, signature: Signature) -> int | None:
    """The revision that a signature closes, with everything before it in the signed bytes; None if there
    is none."""
    assert signature.byte_range is not None
    xrefs, end = document.reader.xrefs, signature.byte_range.end
    revision = int(xrefs.get_last_change(signature.object.container_ref))
    earlier = (xrefs.get_xref_container_info(number) for number in range(revision))
    whole = all(section.end_location <= end for section in earlier)
    return revision if whole and closes(document, signature, revision) else None


def closes(document: Document, signature: Signature, revision: int) -> bool:
    """Whether the signature was made in this revision and signs all of it, cross-references included."""
    if signature.byte_range is None:
        return False
    xrefs, end = document.reader.xrefs, signature.byte_range.end
    if revision >= xrefs.total_revisions:
        return False
    tail = _TAIL.search(document.data, end - _TAIL_BYTES, end)
    return (
        tail is not None
        and int(tail[1]) == xrefs.get_startxref_for_revision(revision)
        and xrefs.get_last_change(signature.object.container_ref) == revision
        and xrefs.get_xref_container_info(revision).end_location <= end
    )


def only_whole_revisions(document: Document, signed: int, start: int) -> bool:
    """Whether only revisions follow the signed one, which ends at `start`, each built on the one before.

    They may hold only the objects that their tables name. Raises: Unreadable `pdf.ambiguous` for a table that
    readers may understand differently.
    """
    data, xrefs = document.data, document.reader.xrefs
    if not _END.search(data, max(start, len(data) - _END_BYTES)):
        return False
    later = range(signed + 1, xrefs.total_revisions)
    if not later or data.count(b"startxref", start) != len(later):
        return False
    ends = list(_STARTXREF.finditer(data, start))
    places = [xrefs.get_startxref_for_revision(revision) for revision in later]
    if [int(end[1]) for end in ends] != places:
        raise Unreadable("pdf.ambiguous")
    beginnings = [start, *(end.end() for end in ends)]
    if not all(b <= place < end.start() for b, place, end in zip(beginnings, places, ends, strict=False)):
        return False
    if not all(_is_plain(document, revision) for revision in later) or names_beyond_size(document.reader):
        raise Unreadable("pdf.ambiguous")
    known = {*(_start(document, revision) for revision in later), *_object_places(document, later)}
    return all(place in known for place in _objects(data, start))


def _start(document: Document, revision: int) -> int:
    """Where a section begins. @signpdf names the end of the line before it, and readers skip blanks."""
    place = document.reader.xrefs.get_startxref_for_revision(revision)
    blanks = _BLANKS.match(document.data, place)
    return blanks.end() if blanks is not None else place


def _objects(data: bytes, start: int) -> Iterator[int]:
    """Positions after `start` at which something looks like the start of an object."""
    return (len(data) - found.end() for found in _OBJECT.finditer(data[start:][::-1]))


def _is_plain(document: Document, revision: int) -> bool:
    """Whether a table or cross-reference stream is well formed and names the catalog and each object once.

    Its object streams must hold what it says.
    """
    if revision in document.reader.hybrid_revisions:
        return False
    data, place = document.data, _start(document, revision)
    table = _TABLE.match(data, place)
    if table is None and _HEAD.match(data, place) is None:
        return False
    end = data.find(b"startxref" if table else b"stream", place)
    names = _ROOT.findall(data, place, end)
    reference = document.reader.root_ref
    if names != [(b"%d" % reference.idnum, b"%d" % reference.generation)]:
        return False
    if data.count(b"/Root", place, end) != 1:
        return False
    entries = _entries_of_table(table) if table else _entries_of_stream(document.reader, revision)
    return entries == len(named_numbers(document.reader, revision)) and _streams_are_plain(document, revision)


def _entries_of_table(table: re.Match[bytes]) -> int:
    """The number of entries without those for object 0; -1 if a subsection has fewer than it states."""
    total = 0
    for first, count, entries in _SUBSECTIONS.findall(table.string, table.start(), table.end()):
        if len(entries) != _ENTRY_BYTES * int(count):
            return -1
        total += int(count) - (int(first) == 0 < int(count))
    return total


def _entries_of_stream(reader: Any, revision: int) -> int:
    """The number of entries without that for object 0. Entries of unknown types count too: for some
    readers they name no object, for others they hide an older one."""
    try:
        index = list(reader.trailer.raw_get("/Index", revision=revision))
    except KeyError:
        index = [0, reader.trailer.raw_get("/Size", revision=revision)]
    return sum(int(count) for count in index[1::2]) - int(index[0] == 0 < index[1])


def _streams_are_plain(document: Document, revision: int) -> bool:
    """Whether the object streams of a revision hold exactly the objects that its section places in them.

    Each must be there once, in its place, and no older stream may be used.
    """
    section = document.reader.xrefs.get_xref_data(revision)
    named: dict[int, dict[int, int]] = {}
    for number, place in section.xrefs_in_objstm.items():
        named.setdefault(place.obj_stream_id, {})[place.ix_in_stream] = number
    for number, (generation, _) in section.standard_xrefs.items():
        reference = generic.Reference(number, generation, document.reader)
        found = document.reader.get_object(reference, revision=revision)
        held = _numbers_in(found) if _is_object_stream(found) else []
        if dict(enumerate(held)) != named.pop(number, {}):
            return False
    return not named


def _is_object_stream(value: Any) -> bool:
    return isinstance(value, generic.StreamObject) and "/Type" in value and value["/Type"] == "/ObjStm"


def _numbers_in(stream: Any) -> list[int]:
    """The numbers of the objects in an object stream (7.5.7), in their order. Raises: ValueError."""
    head = stream.read_data(DecodePurpose.OBJECT_STREAM)[: stream["/First"]].split()
    if len(head) != 2 * stream["/N"]:
        raise ValueError("the head of an object stream")
    return [int(number) for number in head[::2]]


def _object_places(document: Document, revisions: range) -> Iterator[int]:
    """Where the objects of these revisions lie: one that no table names is a hidden one."""
    for revision in revisions:
        section = document.reader.xrefs.get_xref_data(revision)
        yield from (place for _, place in section.standard_xrefs.values())
