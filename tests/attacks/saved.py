"""Incremental saving (Mladenov et al., CCS 2019) and what else may be hidden in a revision appended."""

from __future__ import annotations

import io

import pikepdf

from tests.attacks.bases import Bases
from tests.attacks.evidence import both, keeps_signed_bytes, looks_different, opens, with_marker
from tests.attacks.forgery import OTHER_SUM
from tests.attacks.raw import (
    anatomy,
    append,
    edited,
    form_xobject,
    longer,
    objects_text,
    stream,
)
from tests.attacks.suite import PROFILES, Attack, Maker, attacks


def page_with(**changes: bytes) -> Maker:
    """The page's dictionary with entries replaced or added."""

    def make(_: Bases, data: bytes) -> bytes:
        parts = anatomy(data)
        return append(data, {parts.page: edited(data, parts.page, _slashed(changes))})

    return make


def root_with(**changes: bytes | None) -> Maker:
    """The catalog with entries replaced, added or (None) taken out."""

    def make(_: Bases, data: bytes) -> bytes:
        parts = anatomy(data)
        return append(data, {parts.root: edited(data, parts.root, _slashed(changes))})

    return make


def stamp_with(**changes: bytes) -> Maker:
    """The stamp's field and widget with entries replaced or added."""

    def make(_: Bases, data: bytes) -> bytes:
        parts = anatomy(data)
        return append(data, {parts.field: edited(data, parts.field, _slashed(changes))})

    return make


def _slashed[T](entries: dict[str, T]) -> dict[str, T]:
    return {f"/{key}": value for key, value in entries.items()}


def annotation(subtype: bytes, more: bytes, *, flags: int = 4) -> Maker:
    """An annotation over the letter's text, with an appearance that hides it."""

    def make(_: Bases, data: bytes) -> bytes:
        parts = anatomy(data)
        number = parts.size
        text = b"<< /Type /Annot /Subtype /%s /F %d /Rect [40 740 340 780] %s /AP << /N %d 0 R >> >>" % (
            subtype,
            flags,
            more,
            number + 1,
        )
        listed = longer(data, parts.page, "/Annots", b"%d 0 R" % number)
        page = edited(data, parts.page, {"/Annots": listed})
        return append(data, {parts.page: page, number: text, number + 1: form_xobject(COVER, 300, 40)})

    return make


def field_over_text(_: Bases, data: bytes) -> bytes:
    """A text field whose face hides the sum: many validators call it filling in."""
    parts = anatomy(data)
    number = parts.size
    reference = b"%d 0 R" % number
    field = (
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (jumlah) /V (Rp1) /F 4 /Rect [40 740 340 780]"
        b" /AP << /N %d 0 R >> >>" % (number + 1)
    )
    page = edited(data, parts.page, {"/Annots": longer(data, parts.page, "/Annots", reference)})
    objects = {parts.page: page, number: field, number + 1: form_xobject(COVER, 300, 40)}
    if parts.form:
        fields = longer(data, parts.form, "/Fields", reference)
        return append(data, {**objects, parts.form: edited(data, parts.form, {"/Fields": fields})})
    form = b"<< /SigFlags 3 /Fields [%d 0 R %s] >>" % (parts.field, reference)
    return append(data, {**objects, parts.root: edited(data, parts.root, {"/AcroForm": form})})


def stamps_face(_: Bases, data: bytes) -> bytes:
    """Another picture in the stamp's own place."""
    number = anatomy(data).size
    face = form_xobject(b"0 0 90 90 re f", 90, 90)
    return append(data, {**_field(data, {"/AP": b"<< /N %d 0 R >>" % number}), number: face})


def stamps_face_in_place(_: Bases, data: bytes) -> bytes:
    """The appearance stream that the stamp has, under its old number."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        face = pdf.get_object(anatomy(data).field, 0).AP.N.objgen[0]
    return append(data, {face: form_xobject(b"0 0 300 300 re f", 300, 300)})


def _field(data: bytes, changes: dict[str, bytes | None]) -> dict[int, bytes]:
    number = anatomy(data).field
    return {number: edited(data, number, changes)}


def new_content(_: Bases, data: bytes) -> bytes:
    return append(data, {anatomy(data).content: stream(OTHER_SUM)})


def more_content(_: Bases, data: bytes) -> bytes:
    parts = anatomy(data)
    listed = b"[%d 0 R %d 0 R]" % (parts.content, parts.size)
    page = edited(data, parts.page, {"/Contents": listed})
    return append(data, {parts.page: page, parts.size: stream(OTHER_SUM)})


def other_font(_: Bases, data: bytes) -> bytes:
    """Every font of the page becomes Symbol: the same codes, other signs."""
    number = anatomy(data).page
    with pikepdf.open(io.BytesIO(data)) as pdf:
        fonts = [font.objgen[0] for font in pdf.get_object(number, 0).Resources.Font.values()]
    return append(data, dict.fromkeys(fonts, b"<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>"))


def page_added(_: Bases, data: bytes) -> bytes:
    parts = anatomy(data)
    page = b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] /Contents %d 0 R >>"
    kids = edited(data, parts.pages, {"/Count": b"2", "/Kids": b"[%d 0 R %d 0 R]" % (parts.page, parts.size)})
    new = {parts.size: page % (parts.pages, parts.size + 1), parts.size + 1: stream(OTHER_SUM)}
    return append(data, {parts.pages: kids, **new})


def other_page_tree(_: Bases, data: bytes) -> bytes:
    parts = anatomy(data)
    number = parts.size
    root = edited(data, parts.root, {"/Pages": b"%d 0 R" % number})
    return append(
        data,
        {
            parts.root: root,
            number: b"<< /Type /Pages /Count 1 /Kids [%d 0 R] >>" % (number + 1),
            number + 1: b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] /Contents %d 0 R >>"
            % (number, number + 2),
            number + 2: stream(OTHER_SUM),
        },
    )


def without_table(_: Bases, data: bytes) -> bytes:
    """A body alone, with no table: readers that repair find it."""
    return data + objects_text({anatomy(data).content: stream(OTHER_SUM)}, len(data))[0]


def body_and_end(_: Bases, data: bytes) -> bytes:
    parts = anatomy(data)
    text, _offsets = objects_text({parts.content: stream(OTHER_SUM)}, len(data))
    return data + text + b"startxref\n%d\n%%%%EOF\n" % parts.table


def trailer_alone(_: Bases, data: bytes) -> bytes:
    parts = anatomy(data)
    text, _offsets = objects_text({parts.content: stream(OTHER_SUM)}, len(data))
    return data + text + b"trailer\n<< /Size %d /Root %d 0 R >>\n%%%%EOF\n" % (parts.size, parts.root)


def without_end(_: Bases, data: bytes) -> bytes:
    return append(data, {anatomy(data).content: stream(OTHER_SUM)}, end=b"")


def other_root(_: Bases, data: bytes) -> bytes:
    """The trailer leads to another catalog, which keeps form and stamp."""
    parts = anatomy(data)
    number = parts.size
    root = edited(data, parts.root, {"/Pages": b"%d 0 R" % (number + 1)})
    content, parent = b"%d 0 R" % (number + 3), b"%d 0 R" % (number + 1)
    return append(
        data,
        {
            number: root,
            number + 1: edited(data, parts.pages, {"/Kids": b"[%d 0 R]" % (number + 2)}),
            number + 2: edited(data, parts.page, {"/Contents": content, "/Parent": parent}),
            number + 3: stream(OTHER_SUM),
        },
        root=number,
    )


def permissions_dropped(_: Bases, data: bytes) -> bytes:
    """The permissions that a certification gives are taken out of the catalog; content follows."""
    parts = anatomy(data)
    root = edited(data, parts.root, {"/Perms": None})
    return append(data, {parts.root: root, parts.content: stream(OTHER_SUM)})


SCRIPT = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"
COVER = b"1 1 1 rg 0 0 300 40 re f 0 0 0 rg 10 10 200 20 re f"
SEEN: dict[str, Maker] = {
    "page content exchanged": new_content,
    "page content added": more_content,
    "page added": page_added,
    "page tree exchanged": other_page_tree,
    "catalog exchanged": other_root,
    "page turned": page_with(Rotate=b"180"),
    "page cropped": page_with(CropBox=b"[0 0 595 500]"),
    "page enlarged": page_with(MediaBox=b"[0 0 595 1200]"),
    "page in another font": other_font,
    "stamp's face exchanged": stamps_face,
    "stamp's face overwritten": stamps_face_in_place,
    "stamp moved": stamp_with(Rect=b"[0 0 600 800]"),
    "stamp hidden": stamp_with(F=b"2"),
    "text field over the sum": field_over_text,
    "permissions dropped": permissions_dropped,
}
UNSEEN: dict[str, Maker] = {
    "script on opening": root_with(OpenAction=SCRIPT),
    "script on closing": root_with(AA=b"<< /WC %s >>" % SCRIPT),
    "script by name": root_with(Names=b"<< /JavaScript << /Names [(a) %s] >> >>" % SCRIPT),
    "script on the page": page_with(AA=b"<< /O %s >>" % SCRIPT),
    "script on the stamp": stamp_with(AA=b"<< /U %s >>" % SCRIPT),
    "link on the stamp": stamp_with(A=b"<< /S /URI /URI (http://127.0.0.1/) >>"),
    "start of a program": root_with(OpenAction=b"<< /S /Launch /F (cmd.exe) >>"),
    "jump elsewhere on opening": root_with(OpenAction=b"<< /S /URI /URI (http://127.0.0.1/) >>"),
    "attachment": root_with(Names=b"<< /EmbeddedFiles << /Names [] >> >>"),
    "another language for reading aloud": root_with(Lang=b"(en)"),
    "another reading order": root_with(StructTreeRoot=b"<< /Type /StructTreeRoot >>"),
    "optional content": root_with(OCProperties=b"<< /OCGs [] /D << /BaseState /OFF >> >>"),
    "page labels": root_with(PageLabels=b"<< /Nums [0 << /S /r >>] >>"),
    "portfolio": root_with(Collection=b"<< /View /H >>"),
    "page in other units": page_with(UserUnit=b"1.5"),
    "page shown for a second": page_with(Dur=b"1"),
    "shown only when printed": annotation(b"FreeText", b"/Contents (Rp1)", flags=36),
    "form dropped": root_with(AcroForm=None),
}
NO_TABLE: dict[str, Maker] = {
    "body without a table": without_table,
    "body and end": body_and_end,
    "body and trailer": trailer_alone,
    "without an end": without_end,
}
EVIL: dict[str, Maker] = {
    "free text": annotation(b"FreeText", b"/Contents (Rp1) /DA (/Helv 12 Tf)"),
    "stamp": annotation(b"Stamp", b"/Name /Approved"),
    "redaction": annotation(b"Redact", b"/OverlayText (Rp1)"),
    "ink": annotation(b"Ink", b"/InkList [[40 740 340 780]]"),
    "square": annotation(b"Square", b"/IC [1 1 1]"),
    "highlight": annotation(b"Highlight", b"/QuadPoints [40 780 340 780 40 740 340 740] /C [0 0 0]"),
    "line": annotation(b"Line", b"/L [40 760 340 760]"),
    "link over the sum": annotation(b"Link", b"/Border [0 0 3] /C [0 0 0]"),
    "watermark": annotation(b"Watermark", b""),
}

SEEN_AFTERWARDS = both(looks_different, keeps_signed_bytes)

ATTACKS: list[Attack] = [
    *attacks(
        "incremental saving",
        SEEN,
        on=("final", "two", "approval"),
        shows=SEEN_AFTERWARDS,
    ),
    *attacks("incremental saving", UNSEEN, on=PROFILES[:2], shows=both(opens, keeps_signed_bytes)),
    *attacks("incremental saving", NO_TABLE, on=("final", "approval"), shows=with_marker(b"Rp99.000.000")),
    *attacks(
        "evil annotation",
        EVIL,
        on=("final", "fillable", "annotatable"),
        shows=SEEN_AFTERWARDS,
    ),
]
