"""What happened to a document after it was stamped, and whether the stamp's profile allows it."""

from __future__ import annotations

import re

from meterai.kernel.errors import Refusal
from meterai.kit.pdf.reading import InspectRequest, inspect
from meterai.verification.model import Box
from meterai.verification.rules import rendered
from meterai.verification.rules.document import Document, Unreadable
from meterai.verification.rules.stamps import Examined

_END = re.compile(rb"%%EOF(?:\r\n|\r|\n)?\Z")
_DOCMDP_NO_CHANGES = 1


def check_afterwards(document: Document, examined: list[Examined]) -> list[str]:
    """Reason codes of what is wrong with the file as a whole, stamps of ours being present.

    A last stamp that covers the whole file settles it: then the file is what was sealed, to the byte. Else
    only archive updates (document security store, document time stamps: ETSI EN 319 142-1, 5.4-5.5) may
    follow, or, where the stamp is no final one, further intact signatures; and all pages must look as before.
    """
    ours = [e for e in examined if e.ours]
    problems = ["stamp.incomplete"] if document.open_stamp_fields else []
    if any(e.opinion is not None and not e.opinion.allowed for e in ours):
        problems.append("file.changed_after")
    serials = [e.signature.serial for e in ours]
    if len(serials) != len(set(serials)):
        problems.append("stamp.serial_twice")
    last = ours[-1]
    assert last.signature.byte_range is not None
    if last.signature.byte_range.end == len(document.data) or problems:
        return problems
    later = [e for e in examined[examined.index(last) + 1 :] if e.signature.byte_range is not None]
    if not _is_allowed(document, last, later) or not _looks_the_same(document, last, later):
        problems.append("file.changed_after")
    return problems


def _is_allowed(document: Document, last: Examined, later: list[Examined]) -> bool:
    opinion, tail = last.opinion, document.data[_end(last) :]
    if opinion is None or not _END.search(tail) or not _is_revisions(document, _end(last)):
        return False
    if opinion.later_changes in ("NONE", "LTA_UPDATES"):
        return True
    if opinion.later_changes != "FORM_FILLING" or opinion.permitted_level == _DOCMDP_NO_CHANGES:
        return False
    # Form filling is too wide a word: it would let the face of any field be swapped. Only signatures pass.
    new = {e.signature.field for e in later if e.report.intact}
    return opinion.changed_fields <= new and bool(later) and _end(later[-1]) == len(document.data)


def _is_revisions(document: Document, start: int) -> bool:
    """Whether what follows consists of revisions that the reader knows: nothing hides outside of them."""
    xrefs = document.reader.xrefs
    places = [xrefs.get_xref_container_info(n).start_location for n in range(xrefs.total_revisions)]
    later = [place for place in places if place >= start]
    return bool(later) and document.data.count(b"startxref", start) == len(later)


def _looks_the_same(document: Document, last: Examined, later: list[Examined]) -> bool:
    try:
        inspection = inspect(InspectRequest(data=document.data, allow_signed=True))
    except Refusal as refusal:  # too heavy or too odd to be rendered: it can't be compared
        raise Unreadable(refusal.code) from refusal
    if len(inspection.pages) != len(document.pages):
        return False
    before = rendered.page_images(document.data[: _end(last)])
    after = rendered.page_images(document.data)
    if not len(before) == len(after) == len(document.pages):
        return False
    allowed: dict[int, list[Box]] = {}
    for examined in later:
        place = examined.signature
        if place.page is not None and place.box is not None:
            allowed.setdefault(place.page, []).append(place.box)
    return not rendered.differing_pages(before, after, allowed, rendered.COMPARE_DPI)


def _end(examined: Examined) -> int:
    assert examined.signature.byte_range is not None
    return examined.signature.byte_range.end
