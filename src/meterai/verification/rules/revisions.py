"""Whether what follows a signed revision consists of whole revisions that every reader finds in the same way.

A reader that stumbles over a cross-reference table looks for objects by itself, also inside of streams, and
may show another document than one that reads on. So behind a stamp only tables are accepted that nobody can
stumble over, and only objects that they name (ISO 32000-2, 7.5.4, 7.5.5, 7.5.8).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from meterai.verification.rules.document import Document, Unreadable

_END = re.compile(rb"%%EOF(?:\r\n|\r|\n)?\Z")
_END_BYTES = 16
_SPACE = rb"[\x00\t\n\f\r ]+"
_OBJECT = re.compile(rb"(?<![0-9])[0-9]+" + _SPACE + rb"[0-9]+" + _SPACE + rb"obj(?![a-z])")
_LINE = rb"[ ]?(?:\r\n|\r|\n)"
_STARTXREF = re.compile(rb"startxref" + _LINE + rb"[0-9]+" + _LINE + rb"%%EOF")
_ENTRIES = rb"(?:[0-9]{10} [0-9]{5} [nf](?: \r| \n|\r\n))*"
_TABLE = re.compile(rb"xref" + _LINE + rb"(?:[0-9]+ [0-9]+" + _LINE + _ENTRIES + rb")+[\r\n ]*trailer")
_ROOT = re.compile(rb"/Root" + _SPACE + rb"([0-9]+)" + _SPACE + rb"([0-9]+)" + _SPACE + rb"R(?![a-zA-Z])")


def only_whole_revisions(document: Document, start: int) -> bool:
    """Whether nothing lies behind `start` but what the tables there name.

    Raises: Unreadable `pdf.ambiguous` for a table that readers may understand differently.
    """
    data, xrefs = document.data, document.reader.xrefs
    if not _END.search(data, max(start, len(data) - _END_BYTES)):
        return False
    sections = [xrefs.get_xref_container_info(number) for number in range(xrefs.total_revisions)]
    later = [number for number, section in enumerate(sections) if section.start_location >= start]
    if not later or data.count(b"startxref", start) != len(later):
        return False
    if len(_STARTXREF.findall(data, start)) != len(later):
        raise Unreadable("pdf.ambiguous")
    places = {sections[number].declared_startxref for number in later}
    if not all(place >= start and _is_plain_table(document, place) for place in places):
        raise Unreadable("pdf.ambiguous")
    known = places | set(_object_places(document, later))
    return all(found.start() in known for found in _OBJECT.finditer(data, start))


def _is_plain_table(document: Document, place: int) -> bool:
    """Whether a table (or the stream instead of one) is well formed and names the catalog once."""
    data = document.data
    table = _TABLE.match(data, place)
    if table is None and _OBJECT.match(data, place) is None:
        return False
    end = data.find(b"startxref" if table else b"stream", place)
    names = _ROOT.findall(data, place, end)
    reference = document.reader.root_ref
    return (
        names == [(b"%d" % reference.idnum, b"%d" % reference.generation)]
        and data.count(b"/Root", place, end) == 1
    )


def _object_places(document: Document, revisions: list[int]) -> Iterator[int]:
    """Where the objects of these revisions lie: one that no table names is a hidden one."""
    xrefs = document.reader.xrefs
    for revision in revisions:
        for reference in xrefs.explicit_refs_in_revision(revision):
            place = xrefs.get_historical_ref(reference, revision)
            if isinstance(place, int):
                yield place
