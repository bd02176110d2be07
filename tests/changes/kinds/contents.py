"""Changes to the content of pages."""

from __future__ import annotations

import io
import re
import zlib

import pikepdf

from tests.attacks.raw import append, edited, form_xobject, stream
from tests.changes.editing import appended, content, page, with_content, with_resources
from tests.changes.kind import Kind, Start, kinds
from tests.changes.pages import AMOUNT_END, BASELINE

_WHITE = b"1 1 1 rg 40 735 500 40 re f"
_MORE = b"BT /F1 12 Tf %g %d Td (.000) Tj ET" % (AMOUNT_END, BASELINE)


def behind(added: bytes) -> object:
    return with_content(lambda old: old + b"\n" + added)


def _before(added: bytes) -> object:
    return with_content(lambda old: added + b"\n" + old)


def _replaced(old: bytes, new: bytes) -> object:
    """Every match of a pattern in the content."""
    return with_content(lambda text: re.sub(old, new, text))


def _twice(start: Start, _: int) -> dict[int, bytes]:
    number = start.parts.content
    return dict(page(start, Contents=b"[%d 0 R %d 0 R]" % (number, number)))


def _in_parts(start: Start, free: int) -> dict[int, bytes]:
    """The same content in two streams."""
    text = content(start)
    half = text.index(b"\n", len(text) // 2) if b"\n" in text[len(text) // 2 :] else len(text)
    parts = {free: stream(text[:half]), free + 1: stream(text[half:])}
    return {**page(start, Contents=b"[%d 0 R %d 0 R]" % (free, free + 1)), **parts}


def _same_packed_otherwise(start: Start, _: int) -> dict[int, bytes]:
    packed = zlib.compress(content(start), 1)
    return {start.parts.content: stream(packed, b"/Filter /FlateDecode")}


def _last_page(start: Start) -> bytes | None:
    with pikepdf.open(io.BytesIO(start.data)) as pdf:
        if len(pdf.pages) == 1:
            return None
        number = pdf.pages[-1].objgen[0]
    free = start.parts.size
    last = edited(start.data, number, {"/Contents": b"%d 0 R" % free})
    return append(start.data, {number: last, free: stream(b"0 0 600 800 re f")})


def _in_another_font_size(text: bytes) -> bytes:
    return re.sub(rb"/F1 12 Tf", b"/F1 24 Tf", text)


def _form_drawn(start: Start, free: int) -> dict[int, bytes]:
    def add(found: pikepdf.Dictionary) -> None:
        found["/XObject"] = pikepdf.Dictionary()

    made = with_resources(add)
    assert made is not None
    shown = b"<< /Font << >> /XObject << /Baru %d 0 R >> >>" % free
    drawn = form_xobject(b"1 1 1 rg 0 0 500 40 re f", 500, 40)
    text = stream(content(start) + b"\nq 1 0 0 1 40 735 cm /Baru Do Q")
    return {**page(start, Resources=shown), start.parts.content: text, free: drawn}


_IMAGE = b"q 500 0 0 40 40 735 cm BI /W 1 /H 1 /BPC 8 /CS /G ID \xff EI Q"
KINDS: list[Kind] = [
    *kinds(
        "contents",
        {
            "white rectangle over the amount": behind(_WHITE),
            "black rectangle over the page": behind(b"0 g 0 0 600 850 re f"),
            "three zeros behind the amount": behind(_MORE),
            "a dot": behind(b"0 g 300 650 0.7 0.7 re f"),
            "hair line through the amount": behind(b"0 w 60 754 m 300 754 l S"),
            "another text": behind(b"BT /F1 12 Tf 60 250 Td (Tambahan) Tj ET"),
            "text that paints nothing": behind(b"BT 3 Tr /F1 12 Tf 60 250 Td (Tambahan) Tj ET"),
            "white text": behind(b"BT 1 1 1 rg /F1 12 Tf 60 250 Td (Tambahan) Tj ET"),
            "text outside the page": behind(b"BT /F1 12 Tf 60 -900 Td (Tambahan) Tj ET"),
            "inline picture": behind(_IMAGE),
            "operators that nobody knows": behind(b"BX 1 2 3 foo EX"),
            "a comment": behind(b"% Rp99.000.000"),
            "open state": behind(b"q q q"),
            "marked part": behind(b"/Artifact BMC EMC"),
            "other text for reading aloud": _before(b"/Span << /ActualText (Rp99.000.000) >> BDC EMC"),
            "moved up": _before(b"1 0 0 1 0 20 cm"),
            "moved by a hair": _before(b"1 0 0 1 0 0.2 cm"),
            "made small": _before(b"0.5 0 0 0.5 0 0 cm"),
            "mirrored": _before(b"-1 0 0 1 595 0 cm"),
            "clipped": _before(b"0 0 595 700 re W n"),
            "clipped to nothing": _before(b"0 0 0 0 re W n"),
            "painted white first": _before(b"1 g 1 G"),
            "emptied": with_content(lambda _: b""),
            "one operator": with_content(lambda _: b"0 0 600 850 re f"),
            "another digit in the amount": _replaced(rb"Rp10\.000", b"Rp90.000"),
            "one digit more in the amount": _replaced(rb"Rp10\.000", b"Rp100.000"),
            "one digit less in the amount": _replaced(rb"Rp10\.000\.000", b"Rp10.000"),
            "amount without its dots": _replaced(rb"10\.000\.000", b"10000000"),
            "another name": _replaced(rb"Budi Santoso", b"Siti Rahmaa"),
            "one letter of the body": _replaced(rb"kuasa untuk", b"kuasa entuk"),
            "amount in a larger font": with_content(_in_another_font_size),
            "letters apart": _before(b"2 Tc"),
            "letters narrow": _before(b"50 Tz"),
            "letters as outlines": _before(b"1 Tr"),
            "picture not drawn": _replaced(rb"/(Scan|Im0|Fm0|FX0|Im1) Do", b""),
        },
    ),
    *kinds(
        "contents",
        {
            "twice in the list": appended(_twice),
            "in two parts, same words": appended(_in_parts),
            "packed otherwise, same words": appended(_same_packed_otherwise),
            "in a file elsewhere": with_content(lambda old: old, b"/F (lain.txt)"),
            "with an unknown filter": with_content(lambda old: old, b"/Filter /Lain"),
            "no list": appended(lambda start, _: page(start, Contents=None)),
            "a null": appended(lambda start, _: page(start, Contents=b"null")),
            "an empty list": appended(lambda start, _: page(start, Contents=b"[]")),
            "an object that is missing": appended(lambda s, n: page(s, Contents=b"%d 0 R" % (n + 9))),
            "the stream freed": lambda s: append(s.data, entries={s.parts.content: 0}),
            "of the last page": _last_page,
            "a form drawn over it": appended(_form_drawn),
        },
    ),
]
