"""Only pages are drawn that a later revision may have changed, and all of those."""

from __future__ import annotations

import io
from collections.abc import Callable

import pikepdf
import pytest

from meterai.verification.in_jail.document import open_document
from meterai.verification.in_jail.looks.pages_to_draw import pages_to_draw
from tests.attacks.looks import handwriting, signed_with
from tests.attacks.raw import append, edited, longer, stream
from tests.verification.making import assemble

FONT, SHARED, MISSING = 4, 5, 40
PAGES = (6, 7, 8)
CONTENTS = (9, 10, 11)
NOTE, NOTE_FACE, LAYER, FIELD, FORM_FONT = 12, 13, 14, 15, 16


def document() -> bytes:
    """Three pages. The first two inherit a font, the third has a font, a note, a field and a hole."""
    page = b"<< /Type /Page /Parent %d 0 R /Contents %d 0 R /MediaBox [0 0 595 842] %s >>"
    hole = b"/X << /Font << /F 5 0 R >> /XObject << /Y %d 0 R >> >>" % MISSING
    return assemble(
        [
            b"<< /Type /Catalog /Pages 2 0 R /OCProperties << /OCGs [14 0 R] /D << >> >>"
            b" /AcroForm << /Fields [15 0 R] /DR << /Font << /H 16 0 R >> >> >> >>",
            b"<< /Type /Pages /Count 3 /Kids [3 0 R 8 0 R] >>",
            b"<< /Type /Pages /Parent 2 0 R /Count 2 /Kids [6 0 R 7 0 R]"
            b" /Resources << /Font << /F 4 0 R >> >> >>",
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>",
            page
            % (3, 9, b"/Annots [<< /Type /Annot /Subtype /Link /Rect [9 9 20 20] /Dest [8 0 R /Fit] >>]"),
            page % (3, 10, b""),
            page % (2, 11, b"/Annots [12 0 R 15 0 R] /Resources << >> " + hole),
            *(stream(b"BT /F 12 Tf 60 %d Td (Rp 10.000) Tj ET" % (700 - n)) for n in range(3)),
            b"<< /Type /Annot /Subtype /Stamp /Rect [60 60 90 90] /P 8 0 R /AP << /N 13 0 R >> >>",
            stream(b"0 0 30 30 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 30 30]"),
            b"<< /Type /OCG /Name (x) >>",
            b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (n) /Rect [200 60 300 80] /P 8 0 R >>",
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        ]
    )


def found(data: bytes, changes: dict[int, bytes]) -> list[int]:
    later = open_document(append(data, changes))
    return pages_to_draw(later, later.reader.xrefs.total_revisions - 2)


def rewritten(*numbers: int) -> Callable[[bytes], dict[int, bytes]]:
    """A revision that names these objects, whatever it says of them."""
    return lambda data: {number: edited(data, number, {}) for number in numbers}


CHANGES: dict[str, tuple[Callable[[bytes], dict[int, bytes]], list[int]]] = {
    "nothing that is drawn": (lambda _: {41: b"<< >>"}, []),
    "the catalog": (rewritten(1), []),
    "the content of one page": (lambda _: {CONTENTS[1]: stream(b"")}, [2]),
    "one page": (rewritten(PAGES[0]), [1]),
    "a page to which another one links": (rewritten(PAGES[2]), [3]),
    "a font that two pages inherit": (rewritten(FONT), [1, 2]),
    "the node above two pages": (rewritten(3), [1, 2]),
    "the root of the tree": (rewritten(2), [1, 2, 3]),
    "a font behind another name": (rewritten(SHARED), [3]),
    "the face of a note": (lambda _: {NOTE_FACE: stream(b"")}, [3]),
    "an object that was missing": (lambda _: {MISSING: stream(b"")}, [3]),
    "a layer": (rewritten(LAYER), [1, 2, 3]),
    "a font of the form": (rewritten(FORM_FONT), [3]),
    "a new note": (
        lambda data: {
            41: b"<< /Type /Annot /Subtype /Stamp /Rect [0 0 9 9] >>",
            PAGES[1]: edited(data, PAGES[1], {"/Annots": longer(data, PAGES[1], "/Annots", b"41 0 R")}),
        },
        [2],
    ),
}


@pytest.mark.parametrize(("changes", "pages"), CHANGES.values(), ids=CHANGES)
def test_the_pages_are_drawn_from_which_a_changed_object_can_be_reached(
    changes: Callable[[bytes], dict[int, bytes]], pages: list[int]
) -> None:
    data = document()
    assert found(data, changes(data)) == pages


def test_objects_are_followed_through_others() -> None:
    data = append(document(), {PAGES[1]: edited(document(), PAGES[1], {"/Hint": b"17 0 R"})})
    data = append(data, {17: b"<< /Held [18 0 R] >>", 18: b"(old)"})
    assert found(data, {18: b"(new)"}) == [2]


def test_all_pages_are_drawn_if_an_object_stream_of_the_signed_revision_is_replaced() -> None:
    with pikepdf.open(io.BytesIO(document())) as pdf:
        pdf.save(out := io.BytesIO(), object_stream_mode=pikepdf.ObjectStreamMode.generate)
    data = out.getvalue()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        holders = [
            o.objgen[0] for o in pdf.objects if isinstance(o, pikepdf.Stream) and o.get("/Type") == "/ObjStm"
        ]
    reader = open_document(data).reader
    places = reader.xrefs.get_xref_data(reader.xrefs.total_revisions - 1).xrefs_in_objstm.values()
    assert {place.obj_stream_id for place in places} <= set(holders)
    later = open_document(_with_table_stream(data, holders[0]))
    assert pages_to_draw(later, later.reader.xrefs.total_revisions - 2) == [1, 2, 3]


def _with_table_stream(data: bytes, holder: int) -> bytes:
    """A revision whose cross-reference stream names an object stream, with the same content."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        size, root = int(pdf.trailer.Size), pdf.Root.objgen[0]
        held = pdf.get_object(holder, 0)
        head = b"/Type /ObjStm /N %d /First %d" % (held["/N"], held["/First"])
        body = b"%d 0 obj\n%s\nendobj\n" % (holder, stream(held.read_bytes(), head))
    previous = int(data[data.rindex(b"startxref") :].split()[1])
    table = len(data) + len(body)
    rows = b"".join(b"\x01" + place.to_bytes(4, "big") + b"\0" for place in (len(data), table))
    entries = b"/Type /XRef /W [1 4 1] /Index [%d 1 %d 1] /Size %d /Root %d 0 R /Prev %d" % (
        holder,
        size,
        size + 1,
        root,
        previous,
    )
    section = b"%d 0 obj\n%s\nendobj\n" % (size, stream(rows, entries))
    return data + body + section + b"startxref\n%d\n%%%%EOF\n" % table


def test_a_signature_on_one_page_has_that_page_drawn() -> None:
    data = document()
    signed = open_document(signed_with(data, "Budi", (300, 300), handwriting(100, 40), page=1))
    assert pages_to_draw(signed, signed.reader.xrefs.total_revisions - 2) == [2]
