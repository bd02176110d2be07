"""Changes to form fields, their faces, and the form itself."""

from __future__ import annotations

import io

import pikepdf

from tests.attacks.raw import append, edited, form_xobject, longer
from tests.changes.editing import Objects, appended, dictionary, page, root, stamp, stamp_with
from tests.changes.kind import HARMLESS, REFUSED, Kind, Make, Start, kinds
from tests.changes.pages import PLACES

_SCRIPT = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"
_NINE = b"BT /F1 10 Tf 2 5 Td (Rp99.000.000) Tj ET"


def field_number(start: Start, name: str) -> int:
    """The object number of a field by its name; 0 if there is none."""
    with pikepdf.open(io.BytesIO(start.data)) as pdf:
        fields = pdf.Root.AcroForm.Fields if "/AcroForm" in pdf.Root else []
        return next((f.objgen[0] for f in fields if str(f.get("/T", "")) == name), 0)


def field_with(name: str, **entries: bytes | None) -> Make:
    """A field by its name, with other entries."""

    def objects(start: Start, _: int) -> Objects | None:
        number = field_number(start, name)
        return dictionary(start, number, **entries) if number else None

    return appended(objects)


def _new_face(name: str, content: bytes, **entries: bytes) -> Make:
    """A field with a new value, and a face as programs make that fill in forms."""

    def objects(start: Start, free: int) -> Objects | None:
        number = field_number(start, name)
        if not number:
            return None
        changed = dictionary(start, number, AP=b"<< /N %d 0 R >>" % free, **entries)
        return {**changed, free: form_xobject(content, 200, 20)}

    return appended(objects)


def _face_in_place(start: Start, _: int) -> Objects | None:
    number = field_number(start, "jumlah")
    if not number:
        return None
    with pikepdf.open(io.BytesIO(start.data)) as pdf:
        face = pdf.get_object(number, 0).AP.N.objgen[0]
    return {face: form_xobject(_NINE, 200, 20)}


def form_with(**entries: bytes | None) -> Make:
    """The form's own entries, wherever the form stands."""

    return appended(lambda start, _: _form(start, **entries))


def _form(start: Start, **entries: bytes | None) -> Objects:
    if start.parts.form:
        return dictionary(start, start.parts.form, **entries)
    with pikepdf.open(io.BytesIO(start.data)) as pdf:
        kept: dict[str, bytes | None] = {key: _text(value) for key, value in pdf.Root.AcroForm.items()}
    kept.update({f"/{key}": value for key, value in entries.items()})
    rows = (key.encode() + b" " + value for key, value in kept.items() if value is not None)
    return root(start, AcroForm=b"<< %s >>" % b" ".join(rows))


def _text(value: object) -> bytes:
    return value.unparse() if isinstance(value, pikepdf.Object) else str(value).lower().encode()


def fields(start: Start) -> bytes:
    with pikepdf.open(io.BytesIO(start.data)) as pdf:
        return pdf.Root.AcroForm.Fields.unparse()[1:-1]


def new_field(entries: bytes, *, face: bytes = b"0 0 300 40 re f", listed: bool = True) -> Make:
    """A field over blank paper, in the form or only on the page."""

    def make(start: Start) -> bytes:
        free = start.parts.size
        text = b"<< /Type /Annot /Subtype /Widget /F 4 /Rect [40 300 240 360] /T (baru) %s" % entries
        text += b" /AP << /N %d 0 R >> >>" % (free + 1)
        notes = longer(start.data, start.parts.page, "/Annots", b"%d 0 R" % free)
        objects = {**page(start, Annots=notes), free: text, free + 1: form_xobject(face, 300, 40)}
        if listed:
            objects |= _form(start, Fields=b"[%s %d 0 R]" % (fields(start), free))
        return append(start.data, objects)

    return make


def _without(name: str) -> Make:
    """The form no longer names a field."""

    def make(start: Start) -> bytes | None:
        number = field_number(start, name) if name else start.parts.field
        if not number:
            return None
        kept = fields(start).replace(b"%d 0 R" % number, b"", 1)
        return form_with(Fields=b"[%s]" % kept)(start)

    return make


def _stamp_off_the_page(start: Start, _: int) -> Objects:
    with pikepdf.open(io.BytesIO(start.data)) as pdf:
        notes = [note.unparse() for note in pdf.pages[0].get("/Annots", [])]
    kept = [note for note in notes if note != b"%d 0 R" % start.parts.field]
    return page(start, Annots=b"[%s]" % b" ".join(kept))


def _signature_with(**entries: bytes | None) -> Make:
    """The stamp's signature dictionary with other entries, contents and range as they were."""
    slashed = {f"/{key}": value for key, value in entries.items()}
    return appended(lambda s, _: {s.parts.signature: edited(s.data, s.parts.signature, slashed)})


FIRST, SECOND, _THIRD = PLACES
KINDS: list[Kind] = [
    *kinds(
        "form fields",
        {
            "value": field_with("jumlah", V=b"(Rp99.000.000)"),
            "value and a new face": _new_face("jumlah", _NINE, V=b"(Rp99.000.000)"),
            "a new face": _new_face("jumlah", _NINE),
            "face overwritten": appended(_face_in_place),
            "no face": field_with("jumlah", AP=None),
            "value as default": field_with("jumlah", DV=b"(Rp99.000.000)"),
            "rich value": field_with("jumlah", RV=b"(<p>Rp99</p>)"),
            "larger": field_with("jumlah", Rect=b"[0 0 595 842]"),
            "hidden": field_with("jumlah", F=b"2"),
            "not printed": field_with("jumlah", F=b"0"),
            "another font": field_with("jumlah", DA=b"(/Symb 12 Tf)"),
            "coloured": field_with("jumlah", MK=b"<< /BG [1 0 0] >>"),
            "in the middle": field_with("jumlah", Q=b"1"),
            "longest length": field_with("jumlah", MaxLen=b"3"),
            "multiline": field_with("jumlah", Ff=b"4096"),
            "read only": field_with("jumlah", Ff=b"1"),
            "another name": field_with("jumlah", T=b"(lain)"),
            "a tooltip": field_with("jumlah", TU=b"(Rp99.000.000)"),
            "with a script": field_with("jumlah", AA=b"<< /K %s >>" % _SCRIPT),
            "box no longer ticked": field_with("setuju", V=b"/Off", AS=b"/Off"),
            "state of the box alone": field_with("setuju", AS=b"/Off"),
            "value of the box alone": field_with("setuju", V=b"/Off"),
            "box without faces": field_with("setuju", AP=None),
            "out of the form": _without("jumlah"),
            "box out of the form": _without("setuju"),
        },
    ),
    *kinds(
        "form fields",
        {
            f"new {name}": new_field(entries)
            for name, entries in {
                "text field": b"/FT /Tx /V (Rp1)",
                "check box": b"/FT /Btn /V /Ya /AS /Ya",
                "button": b"/FT /Btn /Ff 65536",
                "list": b"/FT /Ch /Opt [(a) (b)] /V (a)",
                "signature field, not signed": b"/FT /Sig",
                "field without a kind": b"",
            }.items()
        },
    ),
    *kinds(
        "form fields",
        {
            "a widget that no form names": new_field(b"/FT /Tx /V (Rp1)", listed=False),
            "to be drawn by the reader": form_with(NeedAppearances=b"true"),
            "an XFA form": form_with(XFA=b"(<xdp/>)"),
            "an order of calculation": form_with(CO=b"[]"),
            "flags of signatures": form_with(SigFlags=b"0"),
            "no fields": form_with(Fields=b"[]"),
            "an entry that nobody knows": form_with(Lain=b"(x)"),
            "a null among the fields": lambda s: form_with(Fields=b"[null %s]" % fields(s))(s),
        },
    ),
    *kinds(
        "form fields",
        {
            "other fonts": form_with(DR=b"<< /Font << >> >>"),
            "another default look": form_with(DA=b"(/Symb 9 Tf)"),
        },
        right=lambda start: REFUSED(start) if field_number(start, "jumlah") else HARMLESS(start),
    ),
    *kinds(
        "prepared fields",
        {
            "moved over the amount": field_with(FIRST, Rect=b"[40 730 340 790]"),
            "made larger": field_with(FIRST, Rect=b"[40 200 540 470]"),
            "with a face over blank paper": _new_face(FIRST, b"0 0 200 60 re f"),
            "renamed": field_with(FIRST, T=b"(Lain)"),
            "gone": _without(FIRST),
            "hidden": field_with(SECOND, F=b"2"),
            "with a script": field_with(FIRST, AA=b"<< /U %s >>" % _SCRIPT),
            "a text field now": field_with(FIRST, FT=b"/Tx", V=b"(Rp1)"),
            "with a seed value": field_with(FIRST, SV=b"<< /Type /SV /Reasons [(x)] >>"),
            "with a lock": field_with(FIRST, Lock=b"<< /Type /SigFieldLock /Action /All >>"),
            "with a background": field_with(FIRST, MK=b"<< /BG [0 0 0] >>"),
        },
    ),
    *kinds(
        "stamp's field",
        {
            "moved": stamp_with(Rect=b"[300 300 390 390]"),
            "made large": stamp_with(Rect=b"[0 0 595 842]"),
            "without a place": stamp_with(Rect=b"[0 0 0 0]"),
            "hidden": stamp_with(F=b"2"),
            "not printed": stamp_with(F=b"128"),
            "with a face for the mouse": stamp_with(AP=b"<< /N null /R null >>"),
            "without a face": stamp_with(AP=None),
            "in a layer": stamp_with(OC=b"<< /Type /OCG /Name (x) >>"),
            "with a border": stamp_with(Border=b"[0 0 20]", C=b"[1 0 0]"),
            "renamed": stamp_with(T=b"(Lain)"),
            "with another tooltip": stamp_with(TU=b"(Rp99.000.000)"),
            "without its signature": stamp_with(V=None),
            "as a text field": stamp_with(FT=b"/Tx"),
            "with a lock": stamp_with(Lock=b"<< /Type /SigFieldLock /Action /All >>"),
            "with contents": stamp_with(Contents=b"(Rp99.000.000)"),
            "out of the form": _without(""),
            "off the page": appended(_stamp_off_the_page),
            "with a kid": appended(
                lambda s, n: {
                    **stamp(s, Kids=b"[%d 0 R]" % n),
                    n: b"<< /Type /Annot /Subtype /Widget /Rect [0 0 9 9] /Parent %d 0 R >>" % s.parts.field,
                }
            ),
        },
    ),
    *kinds(
        "stamp's signature",
        {
            "another reason": _signature_with(Reason=b"(lain)"),
            "another time": _signature_with(M=b"(D:20300101000000Z)"),
            "another name": _signature_with(Name=b"(Lain)"),
            "another place": _signature_with(Location=b"(Lain)"),
            "another filter": _signature_with(SubFilter=b"/adbe.pkcs7.detached"),
            "no type": _signature_with(Type=None),
            "a reference": _signature_with(Reference=b"[]"),
            "contact": _signature_with(ContactInfo=b"(Rp99.000.000)"),
            "the same again": _signature_with(),
        },
    ),
]
