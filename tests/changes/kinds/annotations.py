"""Annotations of every subtype that are added, and changes to those that are there."""

from __future__ import annotations

import io

import pikepdf

from tests.attacks.raw import append, edited
from tests.attacks.saved import annotation
from tests.changes.editing import appended, page
from tests.changes.kind import Kind, Make, Start, kinds

SUBTYPES: dict[str, bytes] = {
    "Text": b"/Contents (x) /Name /Note",
    "Link": b"/A << /S /URI /URI (http://127.0.0.1/) >>",
    "FreeText": b"/Contents (Rp1) /DA (/Helv 12 Tf)",
    "Line": b"/L [40 760 340 760]",
    "Square": b"/IC [1 1 1]",
    "Circle": b"/IC [1 1 1]",
    "Polygon": b"/Vertices [40 740 340 740 340 780]",
    "PolyLine": b"/Vertices [40 740 340 740 340 780]",
    "Highlight": b"/QuadPoints [40 780 340 780 40 740 340 740] /C [0 0 0]",
    "Underline": b"/QuadPoints [40 780 340 780 40 740 340 740]",
    "Squiggly": b"/QuadPoints [40 780 340 780 40 740 340 740]",
    "StrikeOut": b"/QuadPoints [40 780 340 780 40 740 340 740]",
    "Caret": b"/RD [0 0 0 0]",
    "Stamp": b"/Name /Approved",
    "Ink": b"/InkList [[40 740 340 780]]",
    "Popup": b"/Open true",
    "FileAttachment": b"/FS << /F (lain.exe) >>",
    "Sound": b"/Sound << >>",
    "Movie": b"/Movie << /F (lain.avi) >>",
    "Screen": b"/MK << >>",
    "Widget": b"/FT /Btn /T (x)",
    "PrinterMark": b"/MN /ColorBar",
    "TrapNet": b"/LastModified (D:2026)",
    "Watermark": b"/FixedPrint << /Type /FixedPrint >>",
    "3D": b"/3DD << >>",
    "Redact": b"/OverlayText (Rp1)",
    "Projection": b"",
    "RichMedia": b"/RichMediaContent << >>",
    "TidakDikenal": b"",
}
"""The subtypes of ISO 32000-2 table 171, and one that nobody knows."""


def unseen(subtype: bytes, more: bytes) -> Make:
    """An annotation without a place or a face."""

    def objects(start: Start, free: int) -> dict[int, bytes]:
        with pikepdf.open(io.BytesIO(start.data)) as pdf:
            known = [item.unparse() for item in pdf.pages[0].get("/Annots", [])]
        listed = b"[%s %d 0 R]" % (b" ".join(known), free)
        note = b"<< /Type /Annot /Subtype /%s /Rect [0 0 0 0] %s >>" % (subtype, more)
        return {**page(start, Annots=listed), free: note}

    return appended(objects)


def there(subtype: str, **entries: bytes | None) -> Make:
    """The first annotation of this subtype, with other entries."""

    def make(start: Start) -> bytes | None:
        number = _number(start, subtype)
        if not number:
            return None
        changed = {f"/{key}": value for key, value in entries.items()}
        return append(start.data, {number: edited(start.data, number, changed)})

    return make


def _number(start: Start, subtype: str) -> int:
    with pikepdf.open(io.BytesIO(start.data)) as pdf:
        found = (note for note in pdf.pages[0].get("/Annots", []) if note.get("/Subtype") == subtype)
        return next((note.objgen[0] for note in found), 0)


def _listed(change: object) -> Make:
    """The page's list of annotations changed by a function."""

    def objects(start: Start, _: int) -> dict[int, bytes] | None:
        with pikepdf.open(io.BytesIO(start.data)) as pdf:
            known = [item.unparse() for item in pdf.pages[0].get("/Annots", [])]
        made = change(known)  # type: ignore[operator]
        return None if made == known else dict(page(start, Annots=b"[%s]" % b" ".join(made)))

    return appended(objects)


KINDS: list[Kind] = [
    *kinds(
        "annotations",
        {
            f"{subtype} over the amount": (
                lambda start, made=annotation(subtype.encode(), more): made(start.bases, start.data)
            )
            for subtype, more in SUBTYPES.items()
        },
    ),
    *kinds(
        "annotations",
        {
            f"{subtype} without a place": unseen(subtype.encode(), SUBTYPES[subtype])
            for subtype in ("Text", "Link", "Popup", "FileAttachment", "Widget", "Screen")
        },
    ),
    *kinds(
        "annotations",
        {
            "link leads elsewhere": there("/Link", A=b"<< /S /URI /URI (http://127.0.0.1/) >>"),
            "link runs a script": there("/Link", A=b"<< /S /JavaScript /JS (1) >>"),
            "link larger": there("/Link", Rect=b"[0 0 595 842]"),
            "link with a black border": there("/Link", Border=b"[0 0 9]", C=b"[0 0 0]"),
            "note says something else": there("/Text", Contents=b"(Rp99.000.000)"),
            "note hidden": there("/Text", F=b"2"),
            "note moved": there("/Text", Rect=b"[300 750 320 770]"),
            "free text says something else": there("/FreeText", Contents=b"(Rp99.000.000)"),
            "free text without its face": there("/FreeText", AP=None),
            "highlight made black": there("/Highlight", C=b"[0 0 0]", AP=None),
            "highlight over the amount": there("/Highlight", Rect=b"[40 740 340 780]"),
            "the first gone": _listed(lambda known: known[1:]),
            "all gone": _listed(lambda _: []),
            "in another order": _listed(lambda known: known[::-1]),
            "the last twice": _listed(lambda known: [*known, known[-1]]),
            "a null in the list": _listed(lambda known: [*known, b"null"]),
        },
    ),
]
