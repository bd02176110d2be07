"""Finds stamps that an earlier revision had in its form and the last one has not.

Readers show only the form of the last revision, but the face of a removed stamp may still be on its page.
"""

from __future__ import annotations

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.sign.fields import enumerate_sig_fields

from meterai.signatures.stamp_names import serial_of
from meterai.verification.in_jail.document import Document, Unreadable, text_of

REVISIONS_MAX = 60
_MARK = b"/ByteRange"


def stamps_removed(document: Document) -> bool:
    """Whether a stamp was removed. Raises: Unreadable, or any parser's exception.

    Earlier revisions of most files need not be read. They have no form, or each `/ByteRange` in the file
    belongs to a signature that is still there; every stamp is written with a plain `/ByteRange`.
    """
    reader = document.reader
    earlier = [n for n in range(reader.xrefs.total_revisions - 1) if _has_root(document, n)]
    if not any(_has_form(document, revision) for revision in earlier):
        return False
    if all(_is_known(document, place) for place in _places(document.data)):
        return False
    if len(earlier) > REVISIONS_MAX:
        raise Unreadable("pdf.too_complex")
    known = {(s.field, s.content) for s in document.signatures}
    for revision in earlier:
        for name, value, _ in enumerate_sig_fields(reader.get_historical_resolver(revision)):
            signature = value.get_object() if value is not None else None
            if not isinstance(signature, generic.DictionaryObject) or "/Contents" not in signature:
                continue
            content = getattr(signature.raw_get("/Contents"), "original_bytes", b"")
            stamp = serial_of(text_of(signature.get("/Reason")), str(name))
            if stamp and (str(name), content) not in known:
                return True
    return False


def _has_root(document: Document, revision: int) -> bool:
    """Whether this is a revision, and not the back half of a linearised file (ISO 32000-2, annex F)."""
    try:
        root = document.reader.trailer.raw_get("/Root", revision=revision)
        found = document.reader.get_object(root.reference, revision=revision)
    except (KeyError, PdfReadError):
        return False
    return isinstance(found, generic.DictionaryObject)  # null: it comes with a later revision only


def _has_form(document: Document, revision: int) -> bool:
    root = document.reader.trailer.raw_get("/Root", revision=revision)
    return "/AcroForm" in document.reader.get_object(root.reference, revision=revision)


def _places(data: bytes) -> list[int]:
    places, place = [], data.find(_MARK)
    while place >= 0:
        places.append(place)
        place = data.find(_MARK, place + 1)
    return places


def _is_known(document: Document, place: int) -> bool:
    """Whether the mark at `place` is in the object of a signature of the form."""
    for signature in document.signatures:
        shape = signature.byte_range
        if shape is not None and (
            document.data.rfind(b" obj", 0, shape.gap_start) < place
            and place < document.data.find(b"endobj", shape.gap_end)
        ):
            return True
    return False
