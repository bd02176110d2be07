"""Whether an earlier revision of the file held a stamp that is no longer in its form.

A reader shows only the last revision's form, but the face of a removed stamp may still stand on its page.
"""

from __future__ import annotations

from pyhanko.pdf_utils import generic
from pyhanko.sign.fields import enumerate_sig_fields

from meterai.verification.rules.document import Document, Unreadable, serial_of, text_of

REVISIONS_MAX = 60
_MARK = b"/ByteRange"


def stamps_removed(document: Document) -> bool:
    """Whether a stamp was taken out. Every stamp is written with a plain `/ByteRange`, so most files need no
    look into their earlier revisions. Raises: Unreadable, or any parser's exception.
    """
    if all(_is_known(document, place) for place in _places(document.data)):
        return False
    reader, known = document.reader, {(s.field, s.content) for s in document.signatures}
    if reader.xrefs.total_revisions > REVISIONS_MAX:
        raise Unreadable("pdf.too_complex")
    for revision in range(reader.xrefs.total_revisions - 1):
        for name, value, _ in enumerate_sig_fields(reader.get_historical_resolver(revision)):
            signature = value.get_object() if value is not None else None
            if not isinstance(signature, generic.DictionaryObject) or "/Contents" not in signature:
                continue
            content = getattr(signature.raw_get("/Contents"), "original_bytes", b"")
            stamp = serial_of(text_of(signature.get("/Reason")), str(name))
            if stamp and (str(name), content) not in known:
                return True
    return False


def _places(data: bytes) -> list[int]:
    places, place = [], data.find(_MARK)
    while place >= 0:
        places.append(place)
        place = data.find(_MARK, place + 1)
    return places


def _is_known(document: Document, place: int) -> bool:
    """Whether the mark at `place` stands in the object of a signature of the form."""
    for signature in document.signatures:
        shape = signature.byte_range
        if shape is not None and (
            document.data.rfind(b" obj", 0, shape.gap_start) < place
            and place < document.data.find(b"endobj", shape.gap_end)
        ):
            return True
    return False
