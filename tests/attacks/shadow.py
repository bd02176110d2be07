"""Shadow attacks (Mainka, Mladenov, Rohlmann, NDSS 2021): prepared before stamping, switched on afterwards.

Mallory writes the document, so its hidden part is stamped along. The product's own engine would take most of
it out; here such documents were stamped by another program, as approvals and as certifications.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pyhanko.sign.fields import MDPPerm

from tests.attacks.bases import Bases
from tests.attacks.evidence import Evidence, both, looks_different, opens
from tests.attacks.raw import anatomy, append, edited, form_xobject, stream
from tests.attacks.suite import Attack
from tests.verification.making import assemble

SHOWN = b"BT /F1 18 Tf 60 750 Td (Surat kuasa: Rp10.000.000) Tj ET\n"
HIDDEN = b"BT /F1 18 Tf 60 750 Td (Surat kuasa: Rp99.000.000) Tj ET\n"
_FONT = b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> %s >>"


def document(
    content: bytes, *more: bytes, page: bytes = b"", resources: bytes = b"", root: bytes = b""
) -> bytes:
    """Objects: 1 catalog, 2 pages, 3 page, 4 content, then `more` from 5 on."""
    return assemble(
        [
            b"<< /Type /Catalog /Pages 2 0 R %s >>" % root,
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R %s %s >>"
            % (_FONT % resources, page),
            stream(content),
            *more,
        ]
    )


Prepared = Callable[[], bytes]
Switch = Callable[[bytes], bytes]
"""Takes the stamped file and switches the hidden part on."""

_COVER = b"1 1 1 rg 0 0 400 60 re f 0 g BT /F1 18 Tf 10 20 Td (Surat kuasa: Rp10.000.000) Tj ET"
_COVERED = HIDDEN + b"q 1 0 0 1 50 730 cm /X0 Do Q"
_WIDGET = (
    b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (jumlah) /V (Rp10.000.000) /DA (/Helv 12 Tf 0 g) /F 4"
    b" /Rect [60 700 260 720] /AP << /N 6 0 R >> >>"
)
_FORM = b"/AcroForm << /Fields [5 0 R] /DR << /Font << /Helv 7 0 R >> >> /DA (/Helv 12 Tf) >>"
_FACE = b"BT /Helv 12 Tf 2 4 Td (Rp10.000.000) Tj ET"
_HELV = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
_NUMBERS = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /Differences [49 /nine] >> >>"


def covered_by_drawing() -> bytes:
    return document(_COVERED, _cover(), resources=b"/XObject << /X0 5 0 R >>")


def _cover() -> bytes:
    return form_xobject(_COVER, 400, 60, _FONT % b"")


def covered_by_picture() -> bytes:
    kind = b"/Type /XObject /Subtype /Image /Width 8 /Height 8 /ColorSpace /DeviceGray /BitsPerComponent 8"
    picture = stream(b"\xff" * 64, kind)
    content = HIDDEN + b"q 400 0 0 60 50 730 cm /X0 Do Q"
    return document(content, picture, resources=b"/XObject << /X0 5 0 R >>")


def layered() -> bytes:
    """Two layers, the genuine one on."""
    return document(
        b"/OC /On BDC " + SHOWN + b"EMC /OC /Off BDC " + HIDDEN + b"EMC",
        b"<< /Type /OCG /Name (a) >>",
        b"<< /Type /OCG /Name (b) >>",
        resources=b"/Properties << /On 5 0 R /Off 6 0 R >>",
        root=b"/OCProperties << /OCGs [5 0 R 6 0 R] /D << /ON [5 0 R] /OFF [6 0 R] >> >>",
    )


def with_field() -> bytes:
    face = form_xobject(_FACE, 200, 20, b"/Resources << /Font << /Helv 7 0 R >> >>")
    return document(SHOWN, _WIDGET, face, _HELV, page=b"/Annots [5 0 R]", root=_FORM)


def with_annotation() -> bytes:
    """A note that covers the hidden sum."""
    note = (
        b"<< /Type /Annot /Subtype /FreeText /F 4 /Rect [50 730 450 790] /Contents (x) /AP << /N 6 0 R >> >>"
    )
    return document(HIDDEN, note, _cover(), page=b"/Annots [5 0 R]")


def font_apart() -> bytes:
    """The page's font is an object of its own."""
    return document(SHOWN, _HELV, resources=b"/ExtGState << >>").replace(
        b"/F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>", b"/F1 5 0 R" + b" " * 49
    )


def two_documents() -> bytes:
    """A second page tree and a second catalog wait inside, reached from nowhere."""
    return document(
        SHOWN,
        b"<< /Type /Pages /Kids [6 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 5 0 R /MediaBox [0 0 595 842] /Contents 7 0 R %s >>" % (_FONT % b""),
        stream(HIDDEN),
    )


def two_contents() -> bytes:
    """The content that will be shown waits in a stream of the file, dressed as an object."""
    return document(SHOWN, stream(b"\n4 0 obj\n" + stream(HIDDEN) + b"\nendobj\n"))


def _override(objects: dict[int, bytes]) -> Switch:
    return lambda data: append(data, objects)


def cover_freed(data: bytes) -> bytes:
    return append(data, entries={5: 0})


def layers_exchanged(data: bytes) -> bytes:
    layers = b"<< /OCGs [5 0 R 6 0 R] /D << /ON [6 0 R] /OFF [5 0 R] >> >>"
    return append(data, {1: edited(data, 1, {"/OCProperties": layers})})


def layers_renamed(data: bytes) -> bytes:
    """The page's names for the layers change places."""
    names = b"<< /Properties << /On 6 0 R /Off 5 0 R >> >>"
    return append(data, {3: edited(data, 3, {"/Resources": names})})


def note_hidden(data: bytes) -> bytes:
    return append(data, {5: edited(data, 5, {"/F": b"2"})})


def note_made_small(data: bytes) -> bytes:
    return append(data, {5: edited(data, 5, {"/Rect": b"[0 0 1 1]"})})


def value_exchanged(data: bytes) -> bytes:
    return append(data, {5: edited(data, 5, {"/V": b"(Rp99.000.000)"}), 6: _other_face()})


def value_and_new_face(data: bytes) -> bytes:
    """As form filling does it: a new face under a new number."""
    number = anatomy(data).size
    field = edited(data, 5, {"/V": b"(Rp99.000.000)", "/AP": b"<< /N %d 0 R >>" % number})
    return append(data, {5: field, number: _other_face()})


def _other_face() -> bytes:
    face = b"BT /Helv 12 Tf 2 4 Td (Rp99.000.000) Tj ET"
    return form_xobject(face, 200, 20, b"/Resources << /Font << /Helv 7 0 R >> >>")


def value_alone(data: bytes) -> bytes:
    """The value, but not the face: seen by whoever clicks on it, or reads it by program."""
    return append(data, {5: edited(data, 5, {"/V": b"(Rp99.000.000)"})})


def redrawn_by_the_reader(data: bytes) -> bytes:
    """The value changes and the reader is told to draw it."""
    parts = anatomy(data)
    need = {"/NeedAppearances": b"true"}
    form = {parts.form: edited(data, parts.form, need)} if parts.form else {}
    return append(data, {5: edited(data, 5, {"/V": b"(Rp99.000.000)"}), **form})


def _catalog(data: bytes) -> int:
    return anatomy(data).root


def catalog_exchanged(data: bytes) -> bytes:
    number = anatomy(data).size
    return append(data, {number: edited(data, _catalog(data), {"/Pages": b"5 0 R"})}, root=number)


def pages_exchanged(data: bytes) -> bytes:
    return append(data, {_catalog(data): edited(data, _catalog(data), {"/Pages": b"5 0 R"})})


def kids_exchanged(data: bytes) -> bytes:
    return append(data, {2: b"<< /Type /Pages /Kids [6 0 R] /Count 1 >>"})


def revised() -> bytes:
    """The hidden sum stood in an earlier revision of the document, before it was stamped."""
    old = document(HIDDEN)
    return old + append(old, {4: stream(SHOWN)})[len(old) :]


def table_to_earlier_content(data: bytes) -> bytes:
    """No object at all is added: the table alone says that the content is where it once was."""
    return append(data, entries={4: data.index(b"\n4 0 obj") + 1})


def table_into_stream(data: bytes) -> bytes:
    """The table points into a stream that was signed, where an object is dressed as content."""
    inside = data.index(b"4 0 obj", data.index(b"5 0 obj"))
    return append(data, entries={4: inside})


class Case(NamedTuple):
    kind: str
    name: str
    prepared: Prepared
    switch: Switch
    shows: Evidence = looks_different


_EMPTIED, _NOTHING = _override({5: form_xobject(b"", 1, 1)}), _override({5: b"null"})
CASES = [
    Case("shadow hide", "drawing over the text emptied", covered_by_drawing, _EMPTIED),
    Case("shadow hide", "drawing over the text freed", covered_by_drawing, cover_freed, opens),
    Case("shadow hide", "drawing over the text made nothing", covered_by_drawing, _NOTHING),
    Case("shadow hide", "picture over the text made nothing", covered_by_picture, _NOTHING),
    Case("shadow hide", "layers switched in the catalog", layered, layers_exchanged),
    Case("shadow hide", "layers exchanged on the page", layered, layers_renamed),
    Case("shadow hide", "note over the text hidden", with_annotation, note_hidden),
    Case("shadow hide", "note over the text made small", with_annotation, note_made_small),
    Case("shadow replace", "font of the page with other signs", font_apart, _override({5: _NUMBERS})),
    Case("shadow replace", "font of the form with other signs", with_field, _override({7: _NUMBERS})),
    Case("shadow replace", "field's value and face overwritten", with_field, value_exchanged),
    Case("shadow replace", "field's value and a new face", with_field, value_and_new_face),
    Case("shadow replace", "field's face alone", with_field, _override({6: _other_face()})),
    Case("shadow replace", "field's value alone", with_field, value_alone, opens),
    Case("shadow replace", "field drawn by the reader", with_field, redrawn_by_the_reader, opens),
    Case("shadow hide-and-replace", "catalog exchanged", two_documents, catalog_exchanged),
    Case("shadow hide-and-replace", "page tree exchanged", two_documents, pages_exchanged),
    Case("shadow hide-and-replace", "page exchanged in the tree", two_documents, kids_exchanged),
    Case("shadow hide-and-replace", "back to an earlier revision", revised, table_to_earlier_content),
    Case("shadow hide-and-replace", "content out of a signed stream", two_contents, table_into_stream),
]
LEVELS: dict[str, MDPPerm | None] = {
    "approval": None,
    "certified": MDPPerm.NO_CHANGES,
    "fillable": MDPPerm.FILL_FORMS,
}


def _attack(case: Case, level: str) -> Attack:
    return Attack(
        kind=case.kind,
        name=case.name,
        base=_base(case.prepared, level),
        make=lambda _, data: case.switch(data),
        shows=both(case.shows, opens),
    )


def _base(prepared: Prepared, level: str) -> str:
    return f"{prepared.__name__.replace('_', ' ')}, {level}"


def stamped(prepared: Prepared, level: str) -> Callable[[Bases], bytes]:
    return lambda bases: bases.signed(prepared(), LEVELS[level])


PREPARED = {_base(c.prepared, level): stamped(c.prepared, level) for c in CASES for level in LEVELS}
ATTACKS: list[Attack] = [_attack(case, level) for case in CASES for level in LEVELS]
