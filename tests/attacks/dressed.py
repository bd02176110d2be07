"""Further signature fields and archive data as wrapping for what no signature needs.

A validator that allows "a further signature field" or "archive data" must look at what the field and the
catalog hold, not only at their kind.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import IO

import pikepdf
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, append_signature_field

from meterai.pdf.profiles import Profile
from tests.attacks.bases import Bases
from tests.attacks.evidence import (
    both,
    keeps_signed_bytes,
    looks_different,
    opens,
    prints_differently,
)
from tests.attacks.programs import by_poppler
from tests.attacks.raw import anatomy, append, edited, form_xobject, stream
from tests.attacks.shadow import SHOWN, document
from tests.attacks.signing import (
    BLANK,
    TEXT,
    Box,
    Edit,
    add_field,
    black,
    signed_by_somebody,
    with_archive_stamp,
    with_store,
)
from tests.attacks.suite import PROFILES, Attack, Maker, attacks
from tests.verification.making import certificate

Field = generic.DictionaryObject


def _script() -> generic.DictionaryObject:
    return generic.DictionaryObject(
        {pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): pdf_string("app.alert(1)")}
    )


def _actions(event: str) -> generic.DictionaryObject:
    return generic.DictionaryObject({pdf_name(event): _script()})


def _rectangle(box: Box) -> generic.ArrayObject:
    return generic.ArrayObject(map(generic.NumberObject, box))


def _field(writer: IncrementalPdfFileWriter, box: Box | None) -> Field:
    """Mallory's empty signature field, with a black face when it has a place."""
    if box is None:
        append_signature_field(writer, SigFieldSpec(sig_field_name="Mallory", box=None))
    else:
        add_field(writer, "Mallory", box)
    field = writer.root["/AcroForm"]["/Fields"][-1]
    writer.update_container(field)
    return field


def field_with(box: Box | None = None, **entries: generic.PdfObject) -> Edit:
    def edit(writer: IncrementalPdfFileWriter) -> None:
        field = _field(writer, box)
        for key, value in entries.items():
            field[pdf_name(f"/{key}")] = value

    return edit


class _Written(generic.ArrayObject):
    """A list that stands in the file otherwise than pyHanko, which signs, may know."""

    text = b""

    def write_to_stream(self, stream: IO[bytes], *_: object, **__: object) -> None:
        stream.write(self.text)


def placed(numbers: bytes) -> Edit:
    """A field over the whole page, its place written in this way; its face is one that was there before."""

    def edit(writer: IncrementalPdfFileWriter) -> None:
        field = _field(writer, None)
        field["/AP"] = generic.DictionaryObject(writer.root["/AcroForm"]["/Fields"][-2]["/AP"])
        field["/Rect"] = place = _Written(map(generic.NumberObject, (0, 0, 0, 0)))
        place.text = numbers

    return edit


def parted(flags: int, box: Box) -> Edit:
    """The field has no place of its own; its widget is another object, with these flags."""

    def edit(writer: IncrementalPdfFileWriter) -> None:
        field, page = _field(writer, None), writer.root["/Pages"]["/Kids"][0]
        own = writer.root["/AcroForm"]["/Fields"].raw_get(-1)
        for key in ("/Rect", "/Subtype", "/P", "/F"):
            if key in field:
                del field[key]
        if field.get("/Type") == "/Annot":
            del field["/Type"]
        widget = generic.DictionaryObject(
            {
                pdf_name("/Type"): pdf_name("/Annot"),
                pdf_name("/Subtype"): pdf_name("/Widget"),
                pdf_name("/Parent"): own,
                pdf_name("/F"): generic.NumberObject(flags),
                pdf_name("/Rect"): _rectangle(box),
                pdf_name("/AP"): generic.DictionaryObject({pdf_name("/N"): writer.add_object(black(box))}),
            }
        )
        reference = writer.add_object(widget)
        field["/Kids"] = generic.ArrayObject([reference])
        listed = page["/Annots"]
        kept = [item for item in list.__iter__(listed) if item != own]
        page["/Annots"] = generic.ArrayObject([*kept, reference])
        writer.update_container(page)

    return edit


def with_the_stamps_face(writer: IncrementalPdfFileWriter) -> None:
    """Mallory's field wears the genuine stamp's own drawing, as if there were two."""
    field = _field(writer, (300, 300, 390, 390))
    field["/AP"] = generic.DictionaryObject(writer.root["/AcroForm"]["/Fields"][0]["/AP"])


def _part_of_the_stamp(name: str, left: int, right: int) -> Edit:
    """A field that shows the genuine stamp's drawing from `left` to `right` of its 90 points, where it would
    lie if a whole second stamp stood there."""

    def edit(writer: IncrementalPdfFileWriter) -> None:
        add_field(writer, name, (300 + left, 300, 300 + right, 390))
        stamp, field = (writer.root["/AcroForm"]["/Fields"][n].get_object() for n in (0, -1))
        drawings = generic.DictionaryObject({pdf_name("/S"): stamp["/AP"].raw_get("/N")})
        face = black((0, 0, right - left, 90))
        face["/BBox"] = _rectangle((left, 0, right, 90))
        face["/Resources"] = generic.DictionaryObject({pdf_name("/XObject"): drawings})
        shown = generic.StreamObject(dict(face), stream_data=b"/S Do")
        field["/AP"] = generic.DictionaryObject({pdf_name("/N"): writer.add_object(shown)})
        writer.update_container(field)

    return edit


def in_two_halves(_: Bases, data: bytes) -> bytes:
    for name, left, right in (("M1", 0, 45), ("M2", 45, 90)):
        edit = _part_of_the_stamp(name, left, right)
        data = signed_by_somebody(data, name=name, edit=edit, existing=True)
    return data


def in_four_large_faces(_: Bases, data: bytes) -> bytes:
    """None of them takes a sixth of the page, together they take most of it."""
    for number in range(4):
        box = (20, 200 + 130 * number, 575, 320 + 130 * number)
        data = signed_by_somebody(data, name=f"M{number}", box=box)
    return data


def _field_of_budi(writer: IncrementalPdfFileWriter) -> Field:
    fields = writer.root["/AcroForm"]["/Fields"]
    return next(f.get_object() for f in fields if f.get_object()["/T"] == "Budi")


def _half_black() -> generic.StreamObject:
    face = black(BLANK)
    return generic.StreamObject(dict(face), stream_data=b"0 0 100 60 re f")


def another_face_for_budi(writer: IncrementalPdfFileWriter) -> None:
    field = _field_of_budi(writer)
    field["/AP"] = generic.DictionaryObject({pdf_name("/N"): writer.add_object(_half_black())})
    writer.update_container(field)


def another_drawing_in_budis_face(writer: IncrementalPdfFileWriter) -> None:
    """The appearance stream that Budi's signature has, under its old number."""
    place = _field_of_budi(writer)["/AP"].raw_get("/N").reference
    drawing = _half_black()
    drawing.container_ref = place
    writer.objects[place.generation, place.idnum] = drawing


def another_place_for_budi(writer: IncrementalPdfFileWriter) -> None:
    field = _field_of_budi(writer)
    field["/Rect"] = _rectangle((40, 400, 240, 460))
    writer.update_container(field)


def _note(number: int) -> bytes:
    """Seen on paper only."""
    return b"<< /Type /Annot /Subtype /Stamp /F 36 /Rect [50 730 450 790] /AP << /N %d 0 R >> >>" % number


def with_notes() -> bytes:
    """Two notes over the sum, the one over the other; a page without any comes first."""
    faces = [
        form_xobject(b"1 1 1 rg 0 0 400 60 re f 0 g 10 20 %d 9 re f" % width, 400, 60) for width in (90, 10)
    ]
    noted = document(SHOWN, _note(6), faces[0], _note(8), faces[1], page=b"/Annots [5 0 R 7 0 R]")
    with pikepdf.open(io.BytesIO(noted)) as pdf:
        pdf.add_blank_page(page_size=(595, 842))
        pdf.pages.reverse()
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


def notes_exchanged(writer: IncrementalPdfFileWriter) -> None:
    page = writer.root["/Pages"]["/Kids"][1]
    first, second, *rest = list.__iter__(page["/Annots"])
    page["/Annots"] = generic.ArrayObject([second, first, *rest])
    writer.update_container(page)


def notes_exchanged_beside_a_field(writer: IncrementalPdfFileWriter) -> None:
    """The field is a reason to rewrite the page."""
    append_signature_field(writer, SigFieldSpec(sig_field_name="Mallory", on_page=1, box=BLANK))
    notes_exchanged(writer)


def on_both_pages(writer: IncrementalPdfFileWriter) -> None:
    """A field without a face, which many readers paint white: on the one page blank paper, on the other the
    sum. PDFium paints none."""
    append_signature_field(writer, SigFieldSpec(sig_field_name="Mallory", on_page=0, box=TEXT))
    field, page = writer.root["/AcroForm"]["/Fields"][-1], writer.root["/Pages"]["/Kids"][1]
    white = generic.ArrayObject(map(generic.NumberObject, (1, 1, 1)))
    field["/MK"] = generic.DictionaryObject({pdf_name("/BG"): white})
    writer.update_container(field)
    page["/Annots"].append(writer.root["/AcroForm"]["/Fields"].raw_get(-1))
    writer.update_container(page["/Annots"])


def form_with(**entries: generic.PdfObject) -> Edit:
    def edit(writer: IncrementalPdfFileWriter) -> None:
        form = writer.root["/AcroForm"]
        for key, value in entries.items():
            form[pdf_name(f"/{key}")] = value
        writer.update_container(form)

    return edit


def under_the_mouse(state: str) -> Edit:
    """A white face that turns black."""

    def edit(writer: IncrementalPdfFileWriter) -> None:
        field = _field(writer, BLANK)
        shown = field["/AP"].raw_get("/N")
        white = generic.StreamObject(dict(black(BLANK)), stream_data=b"")
        field["/AP"] = generic.DictionaryObject(
            {pdf_name("/N"): writer.add_object(white), pdf_name(state): shown}
        )

    return edit


def inside(content: bytes, layer_of: Callable[[Field, Field, generic.PdfObject], None]) -> Edit:
    """The face draws another form, which lies in the document's layer: it is seen on paper only."""

    def edit(writer: IncrementalPdfFileWriter) -> None:
        field, drawn = _field(writer, BLANK), black(BLANK)
        resources = generic.DictionaryObject()
        layer_of(drawn, resources, list.__getitem__(writer.root["/OCProperties"]["/OCGs"], 0))
        resources["/XObject"] = generic.DictionaryObject({pdf_name("/X"): writer.add_object(drawn)})
        face = generic.StreamObject(dict(black(BLANK)), stream_data=content)
        face["/Resources"] = resources
        field["/AP"] = generic.DictionaryObject({pdf_name("/N"): writer.add_object(face)})

    return edit


def _by_its_own_entry(drawn: Field, _: Field, layer: generic.PdfObject) -> None:
    drawn["/OC"] = layer


def _by_a_name(_: Field, resources: Field, layer: generic.PdfObject) -> None:
    resources["/Properties"] = generic.DictionaryObject({pdf_name("/L"): layer})


def poor(content: bytes) -> Edit:
    """The face names what it has not: readers look in the page's resources."""

    def edit(writer: IncrementalPdfFileWriter) -> None:
        field = _field(writer, BLANK)
        face = generic.StreamObject(dict(black(BLANK)), stream_data=content)
        face["/Resources"] = generic.DictionaryObject()
        field["/AP"] = generic.DictionaryObject({pdf_name("/N"): writer.add_object(face)})

    return edit


def with_a_layer_for_paper() -> bytes:
    """Nothing that is drawn lies in it yet; what could waits among the page's resources."""
    group = (
        b"<< /Type /OCG /Name (x) /Usage << /Print << /PrintState /ON >> /View << /ViewState /OFF >> >> >>"
    )
    events = (
        b"<< /Event /%s /Category [/%s] /OCGs [5 0 R] >>" % (event, event) for event in (b"Print", b"View")
    )
    usual = b"<< /OFF [5 0 R] /AS [%s] >>" % b" ".join(events)
    hidden = form_xobject(b"0 0 200 60 re f", 200, 60, b"/OC 5 0 R")
    resources = b"/Properties << /L 5 0 R >> /XObject << /X 6 0 R >>"
    layers = b"/OCProperties << /OCGs [5 0 R] /D %s >>" % usual
    return document(SHOWN, group, hidden, resources=resources, root=layers)


def two_faces(writer: IncrementalPdfFileWriter) -> None:
    """Seen by whoever heeds the state; the other face is white."""
    field, name = _field(writer, BLANK), pdf_name("/Off")
    face, white = field["/AP"].raw_get("/N"), black(BLANK)
    white = generic.StreamObject(dict(white), stream_data=b"")
    faces = generic.DictionaryObject({pdf_name("/On"): face, name: writer.add_object(white)})
    field["/AP"] = generic.DictionaryObject({pdf_name("/N"): faces})
    field["/AS"] = name


def called(generation: int) -> Maker:
    """The signature's face is an object whose generation never began: to some readers there is none."""
    return lambda _, d: by_poppler(d, BLANK, face=b"%d %d R" % (anatomy(d).size + 1, generation))


def with_a_drawing_to_come() -> bytes:
    """What is drawn on the page draws something that is not there."""
    face = form_xobject(b"/Y Do", 500, 800, b"/Resources << /XObject << /Y %d 0 R >> >>" % AWAITED)
    return document(SHOWN + b" /X Do", face, resources=b"/XObject << /X 5 0 R >>")


def it_comes(_: Bases, data: bytes) -> bytes:
    """And lies left behind now, where it is shown by readers to which generations are one."""
    assert anatomy(data).size + 1 == AWAITED
    return by_poppler(data)


def signs(edit: Edit) -> Maker:
    """Mallory signs into her own field."""
    return lambda _, d: signed_by_somebody(d, name="Mallory", edit=edit, existing=True, forced=True)


def dates(edit: Edit) -> Maker:
    """An archive time stamp fills Mallory's field."""
    return lambda b, d: with_archive_stamp(d, b.time_stamper(b.now), name="Mallory", edit=edit)


def stores(edit: Edit) -> Maker:
    return lambda b, d: with_store(d, certificate(b.folder / "intermediate.pem"), edit=edit)


def signs_beside(edit: Edit) -> Maker:
    return lambda _, d: signed_by_somebody(d, name="Mallory", edit=edit, forced=True)


def dates_beside(edit: Edit) -> Maker:
    return lambda b, d: with_archive_stamp(d, b.time_stamper(b.now), edit=edit)


def permits_annotations(writer: IncrementalPdfFileWriter) -> None:
    """A certification after the fact, which would allow annotations."""
    parameters = generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/TransformParams"),
            pdf_name("/P"): generic.NumberObject(3),
            pdf_name("/V"): pdf_name("/1.2"),
        }
    )
    field = writer.root["/AcroForm"]["/Fields"][0]
    writer.root["/Perms"] = generic.DictionaryObject({pdf_name("/DocMDP"): field.raw_get("/V")})
    writer.root["/MarkInfo"] = parameters
    writer.update_root()


def _raw(data: bytes, number: int, objects: dict[int, bytes], root: bytes, trailer: bytes = b"") -> bytes:
    """Archive data written by hand (pyHanko would write the metadata itself)."""
    parts = anatomy(data)
    store = b"<< /Certs [%d 0 R] >>" % number
    entries = {"/DSS": store} | ({"/Metadata": root} if root else {})
    certificates = {number: stream(b"0"), parts.root: edited(data, parts.root, entries)}
    return append(data, certificates | objects, trailer=trailer)


def other_title(_: Bases, data: bytes) -> bytes:
    number = anatomy(data).size
    information = {number + 1: b"<< /Title (Surat kuasa Rp99.000.000) >>"}
    return _raw(data, number, information, b"", b"/Info %d 0 R" % (number + 1))


def other_metadata(_: Bases, data: bytes) -> bytes:
    number = anatomy(data).size
    kind = b"/Type /Metadata /Subtype /XML"
    return _raw(data, number, {number + 1: stream(XMP % b"Rp99.000.000", kind)}, b"%d 0 R" % (number + 1))


XMP = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt><rdf:li xml:lang="x-default">%s'
    b'</rdf:li></rdf:Alt></dc:title></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)


def extensions(writer: IncrementalPdfFileWriter) -> None:
    """An entry that validators pass over, with a script inside."""
    writer.root["/Extensions"] = generic.DictionaryObject({pdf_name("/ADBE"): _actions("/O")})
    writer.update_root()


NUMBER = generic.NumberObject
LAYER = generic.DictionaryObject({pdf_name("/Type"): pdf_name("/OCG"), pdf_name("/Name"): pdf_string("x")})
FIELDS: dict[str, Edit] = {
    "with a script when its page opens": field_with(AA=_actions("/PO")),
    "with a script when its page is seen": field_with(AA=_actions("/PV")),
    "with an action": field_with(A=_script()),
    "widget apart, shown only when printed": parted(36, TEXT),
    "widget apart on blank paper": parted(4, BLANK),
}
PLACED: dict[str, Edit] = {
    "of a fixed size at every zoom": field_with(BLANK, F=NUMBER(4 | 8)),
    "shown only when printed": field_with(BLANK, F=NUMBER(36)),
    "shown only when touched": field_with(BLANK, F=NUMBER(4 | 256)),
    "in a layer": field_with(BLANK, OC=LAYER),
    "that takes a fifth of the page": field_with((20, 200, 575, 400)),
    "with a script as its default value": field_with(BLANK, DV=_script()),
    "with a script instead of a highlight": field_with(BLANK, H=_script()),
    "with a script instead of a colour": field_with(BLANK, C=_script()),
    "with a script instead of a state": field_with(BLANK, AS=_script()),
    "that is a note": field_with(BLANK, Subtype=pdf_name("/Text")),
    "with two faces and a state": two_faces,
    "with another face under the mouse": under_the_mouse("/R"),
    "with another face under the finger": under_the_mouse("/D"),
}
LAYERED: dict[str, Edit] = {
    "with a form in a layer": inside(b"/X Do", _by_its_own_entry),
    "with a part in a layer": inside(b"/OC /L BDC /X Do EMC", _by_a_name),
    "with a form of the page's in a layer": poor(b"/X Do"),
    "with a part in a layer by a name of the page's": poor(b"/OC /L BDC 0 0 200 60 re f EMC"),
    "with a form of the page's, its name not before its operator": poor(b"/X none Do"),
}
TURNED: dict[str, Edit] = {
    "upright on a turned page": field_with(BLANK, F=NUMBER(4 | 16)),
    "that is a note on a turned page": field_with(BLANK, Subtype=pdf_name("/Text")),
}
LEFT: dict[str, Maker] = {
    f"a face left behind, called by its {name} generation": called(generation)
    for name, generation in (("first", 0), ("second", 1), ("third", 2))
}
UNCLEAR: dict[str, Edit] = {"with a place of five numbers": placed(b"[0 0 595 842 0]")}
DRESSED: dict[str, Edit] = {"with the face of a stamp": with_the_stamps_face}
PARTED: dict[str, Maker] = {"the face of a stamp in two halves": in_two_halves}
FILLED: dict[str, Maker] = {"four large faces": in_four_large_faces}
FONTS: dict[str, Edit] = {
    "another font for fields": form_with(DA=pdf_string("/Symb 12 Tf")),
    "other fonts for fields": form_with(DR=generic.DictionaryObject()),
}
REDRAWN = FONTS | {
    "fields to be drawn by the reader": form_with(NeedAppearances=generic.BooleanObject(True)),
}
ENTRIES: dict[str, Edit] = {
    "another form inside": form_with(XFA=pdf_string("<xdp/>")),
    "fields calculated by script": form_with(CO=generic.ArrayObject()),
    "a script in an entry passed over": extensions,
}
BY_HAND: dict[str, Maker] = {
    "archive data, another title": other_title,
    "archive data, another title in the metadata": other_metadata,
    "archive data, permissions": stores(permits_annotations),
}


BUDIS: dict[str, Edit] = {
    "another signature's face exchanged": another_face_for_budi,
    "another signature's face overwritten": another_drawing_in_budis_face,
    "another signature moved": another_place_for_budi,
}


def _named(prefix: str, way: Callable[[Edit], Maker], edits: dict[str, Edit]) -> dict[str, Maker]:
    return {f"{prefix} {name}": way(edit) for name, edit in edits.items()}


ALL = both(opens, keeps_signed_bytes)
CHANGED = both(looks_different, keeps_signed_bytes)
FORM = "with field, approval"
NOTES = "with notes, approval"
PAPER = "with a layer for paper, approval"
TURN = "turned, to be signed"
AWAITING = "with a drawing to come, approval"
AWAITED = 14
PREPARED: dict[str, Callable[[Bases], bytes]] = {
    NOTES: lambda b: b.signed(with_notes()),
    PAPER: lambda b: b.signed(with_a_layer_for_paper()),  # our engine would make it one for all
    TURN: lambda b: b.sealed(document(SHOWN, page=b"/Rotate 90"), profile=Profile.SIGN_LATER)[0],
    AWAITING: lambda b: b.signed(with_a_drawing_to_come()),
}
ORDER: dict[str, Edit] = {"notes in another order": notes_exchanged}
BESIDE: dict[str, Edit] = {"notes in another order": notes_exchanged_beside_a_field}
ATTACKS: list[Attack] = [
    *attacks(
        "archive",
        _named("time stamp,", dates_beside, ORDER) | _named("signature,", signs, BESIDE),
        on=(NOTES,),
        shows=both(prints_differently, keeps_signed_bytes),
    ),
    *attacks(
        "sneaky signature", _named("field", signs, {"on both pages": on_both_pages}), on=(NOTES,), shows=ALL
    ),
    *attacks("archive", _named("time stamp's field", dates, FIELDS), on=("final",), shows=ALL),
    *attacks(
        "archive", _named("time stamp's field", dates, UNCLEAR), on=("final", "signed before"), shows=ALL
    ),
    *attacks("archive", _named("unsigned field", stores, FIELDS), on=("final", "two"), shows=ALL),
    *attacks("archive", _named("archive data,", stores, ENTRIES), on=("final",), shows=ALL),
    *attacks("archive", BY_HAND, on=PROFILES, shows=ALL),
    *attacks("archive", _named("archive data,", stores, REDRAWN), on=(FORM,), shows=ALL),
    *attacks(
        "sneaky signature", _named("field", signs, FIELDS | PLACED | UNCLEAR), on=("to be signed",), shows=ALL
    ),
    *attacks(
        "sneaky signature",
        _named("beside it", signs_beside, BUDIS) | _named("archive time stamp,", dates_beside, BUDIS),
        on=("signed afterwards",),
        shows=CHANGED,
    ),
    *attacks(
        "picture", _named("signature", signs, DRESSED), on=("to be signed", "poster"), shows=looks_different
    ),
    *attacks("picture", PARTED, on=("to be signed", "poster"), shows=looks_different),
    *attacks("sneaky signature", _named("field", signs, LAYERED), on=(PAPER,), shows=ALL),
    *attacks("sneaky signature", _named("field", signs, TURNED), on=(TURN,), shows=ALL),
    *attacks("tables", LEFT, on=("to be signed",), shows=ALL),
    *attacks("tables", {"a drawing left behind": it_comes}, on=(AWAITING,), shows=ALL),
    *attacks("sneaky signature", FILLED, on=("to be signed",), shows=CHANGED),
    *attacks("sneaky signature", _named("beside it", signs_beside, ENTRIES), on=("to be signed",), shows=ALL),
    *attacks("sneaky signature", _named("beside it", signs_beside, FONTS), on=(FORM,), shows=ALL),
]
