"""Signatures of other people after our stamp that must be refused, and those beside them that may pass."""

from __future__ import annotations

import io
from datetime import date

import pikepdf
import zxingcpp
from asn1crypto import cms, core
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from meterai.signatures.stamp_code import encode_code
from meterai.verification.model import Verdict
from tests.attacks.cms_tricks import dump, signer_of
from tests.attacks.signing import Box, signed_by_somebody
from tests.changes.faces import (
    Face,
    Place,
    at,
    code,
    drawn,
    filled,
    handwriting,
    lettered,
    of_the_stamp,
    paragraph,
    signs,
    signs_there,
)
from tests.changes.kind import ADDED_IF_OPEN, CHANGED, Kind, Make, Start, if_open, kinds, one_of
from tests.changes.pages import AMOUNT_END, BASELINE, PLACES
from tests.verification.making import SERIAL, replace_cms


def over(lower: Face, upper: Face) -> Face:
    """Two faces, one painted over the other."""

    def face(writer: IncrementalPdfFileWriter, box: Box) -> generic.StreamObject:
        below, above = lower(writer, box), upper(writer, box)
        return generic.StreamObject(dict(above), stream_data=below.data + b"\n0 g " + above.data)

    return face


MM = 72 / 25.4
WHITE, BLACK = filled(b"1 g"), filled(b"0 g")


def behind_the_amount(millimetres: float, width: float = 30, up: float = 0) -> Place:
    """On the line of the amount, this far behind its end on paper."""

    def place(start: Start) -> tuple[int, int, int, int]:
        gap = max(1, millimetres * MM / start.page.unit)
        return start.box(AMOUNT_END + gap, BASELINE + (up - 3) / start.page.unit, width, 14)

    return place


def exactly(x: float, y: float, width: float, height: float) -> Place:
    """In units of the page, as its text is."""
    return lambda _: (int(x), int(y), int(x + width), int(y + height))


def on_the_stamp(left: float, bottom: float, right: float, top: float) -> Place:
    """By shares of the stamp's sides."""

    def place(start: Start) -> Box:
        with pikepdf.open(io.BytesIO(start.data)) as pdf:
            x0, y0, x1, y1 = (float(value) for value in pdf.get_object(start.parts.field, 0)["/Rect"])
        wide, high = x1 - x0, y1 - y0
        return int(x0 + left * wide), int(y0 + bottom * high), int(x0 + right * wide), int(y0 + top * high)

    return place


OVER: dict[str, Place] = {
    "the amount": exactly(55, 744, 240, 20),
    "a zero of the amount": exactly(AMOUNT_END - 8, 746, 10, 12),
    "the end of the amount": exactly(AMOUNT_END - 3, 745, 40, 16),
    "the body": exactly(60, 660, 400, 60),
    "one line of the body": exactly(60, 708, 300, 10),
    "the printed name": exactly(375, 398, 90, 16),
    "the whole page": lambda start: start.page.crop or start.page.media,
    "a corner of the text": exactly(440, 700, 60, 30),
    "the stamp": on_the_stamp(0.2, 0.2, 0.8, 0.8),
    "a corner of the stamp": on_the_stamp(0.7, 0.7, 1.4, 1.4),
}
"""Ink of an earlier revision."""
ON_THE_LINE = exactly(330, 414, 200, 40)
"""People sign over such a line."""
BLANK = at(60, 230, 160, 60)


def twice(first: Face, second: Face, place: Place = BLANK, other: Place = BLANK) -> Make:
    """One stranger's face over another's."""
    return signs(other, second, name="Mallory", before=signs(place, first))


def _in_a_row(start: Start) -> bytes:
    """Each adds one letter, none is alone a number."""
    data = start.data
    for number, letter in enumerate(".000"):
        moved = Start(data=data, bases=start.bases, profile=start.profile, page=start.page)
        made = signs(
            lambda s, n=number: s.box(AMOUNT_END + 1 + 8 * n, BASELINE - 3, 8, 14),
            lettered(letter, 12),
            name=f"M{number}",
        )(moved)
        assert made is not None
        data = made
    return data


def _several_large(start: Start) -> bytes:
    data = start.data
    for number in range(3):
        box = start.box(40, 215 + 60 * number, 500, 55)
        data = signed_by_somebody(data, name=f"M{number}", box=box, forced=True)
    return data


def _upright(make: Make) -> Make:
    """On pages that are not turned: elsewhere another half would stay."""
    return lambda start: None if start.page.rotation else make(start)


def stamp_code_text() -> str:
    return encode_code("https://meterai.example", SERIAL, date(2026, 9, 5), key_id=1, signature=bytes(64))


BARRED = b"1 g " + b" ".join(b"%d 10 1.5 70 re f" % x for x in range(5, 60, 4))
CROSSED = b"1 G 3 w 5 15 m 60 75 l S 60 15 m 5 75 l S"
WITHOUT_ITS_CODE = b"1 g 3 12 57 62 re f"
MIRRORED = b"-1 0 0 1 90 0 cm"
TURNED = b"0 1 -1 0 90 0 cm"
SIZES = (30, 40, 50, 60, 70, 80, 90, 100, 110)


def copy(size: float, face: Face) -> Make:
    return signs(at(100, 225, size, size), face)


def without_a_certificate(digest: bytes = b"") -> Make:
    """Somebody signs, and nobody can look up his key. `digest`: what the signature says that the file has."""

    def edit(content: cms.ContentInfo) -> bytes:
        del content["content"]["certificates"]
        attributes = signer_of(content)["signed_attrs"]
        stated = next(a for a in attributes if a["type"].native == "message_digest")
        stated["values"] = [core.OctetString(digest or stated["values"][0].native)]
        return dump(content)

    def make(start: Start) -> bytes:
        return replace_cms(signed_by_somebody(start.data, name="Siti", forced=True), edit)

    return make


def beside_the_note(start: Start) -> bytes | None:
    """Level with a comment, and farther than 30 mm from the text."""
    return signs(at(568, 702, 24, 14), lettered("000", 9))(start) if start.page.name == "commented" else None


FIRST, _SECOND, THIRD = PLACES
_FORMATS = zxingcpp.BarcodeFormat
KINDS: list[Kind] = [
    *kinds(
        "stranger over ink",
        {f"black over {name}": signs(place, BLACK) for name, place in OVER.items()}
        | {f"white over {name}": signs(place, WHITE) for name, place in OVER.items()}
        | {
            "nothing drawn over the amount": signs(OVER["the amount"], drawn(b"")),
            "hand over the amount": signs(OVER["the amount"], handwriting()),
        },
        right=CHANGED,
    ),
    *kinds(
        "stranger on the line to sign on",
        {
            "black": signs(ON_THE_LINE, BLACK),
            "white": signs(ON_THE_LINE, WHITE),
            "hand": signs(ON_THE_LINE, handwriting()),
        },
        right=if_open(one_of(Verdict.WITH_ADDITIONS, Verdict.NOT_GENUINE, Verdict.CANNOT_CHECK)),
    ),
    *kinds(
        "stranger behind the amount",
        {
            "three zeros": signs(behind_the_amount(0), lettered(".000", 12)),
            "three zeros, 2 mm away": signs(behind_the_amount(2), lettered(".000", 12)),
            "three zeros, 10 mm away": signs(behind_the_amount(10), lettered(".000", 12)),
            "words, 25 mm away": signs(behind_the_amount(25, 80), lettered("(lunas)", 12)),
            "a line, 5 mm away": signs(behind_the_amount(5), drawn(b"0 6 m 30 6 l S")),
            "half a line higher": signs(behind_the_amount(1, up=5), lettered(".000", 12)),
            "half a line lower": signs(behind_the_amount(1, up=-5), lettered(".000", 12)),
            "a tall one that begins there": signs(
                lambda s: s.box(AMOUNT_END + 2, BASELINE - 6, 60, 40), lettered(".000", 12)
            ),
            "before the first word": signs(at(30, 746, 26, 14), lettered("99", 12)),
            "one letter each": _in_a_row,
            "behind a line of the body": signs(lambda s: s.box(462, 706, 60, 12), lettered("tidak", 9)),
        },
    ),
    *kinds("stranger beside a comment", {"to its right": beside_the_note}),
    *kinds("stranger without a certificate", {"honest": without_a_certificate()}, right=ADDED_IF_OPEN),
    *kinds("stranger without a certificate", {"a digest of other bytes": without_a_certificate(bytes(32))}),
    *kinds(
        "stranger's clause",
        {
            "a sixth of the page": signs(at(40, 215, 500, 164), paragraph("Penerima kuasa berhak.", 12)),
            "wider than 90 mm": signs(at(40, 230, 100 * MM, 40), paragraph("Penerima kuasa berhak.", 3)),
            "higher than 50 mm": signs(at(40, 220, 200, 54 * MM), paragraph("Penerima kuasa berhak.", 12)),
            "three wide ones": _several_large,
            "white and large": signs(at(40, 215, 500, 164), WHITE),
        },
    ),
    *kinds(
        "stranger over a stranger",
        {
            "white over black": twice(BLACK, WHITE),
            "white over a hand": twice(handwriting(), WHITE),
            "black over a hand": twice(handwriting(), BLACK),
            "white over a corner": twice(BLACK, WHITE, other=at(130, 250, 100, 60)),
            "white over white": twice(WHITE, WHITE),
            "clear over black": twice(BLACK, drawn(b"")),
        },
        right=CHANGED,
    ),
    *kinds(
        "copy of the stamp",
        {f"{size} points": copy(size, of_the_stamp()) for size in SIZES}
        | {f"{size} points, its code barred": copy(size, of_the_stamp(BARRED)) for size in SIZES}
        | {
            f"{size} points, without its code": copy(size, of_the_stamp(WITHOUT_ITS_CODE))
            for size in SIZES[::2]
        }
        | {
            "crossed out code": copy(90, of_the_stamp(CROSSED)),
            "mirrored": copy(90, of_the_stamp(matrix=MIRRORED)),
            "turned": copy(90, of_the_stamp(matrix=TURNED)),
            "wide": signs(at(100, 225, 150, 90), of_the_stamp()),
            "narrow": signs(at(100, 225, 60, 120), of_the_stamp()),
            "half of it": _upright(signs(at(100, 225, 90, 90), of_the_stamp(b"1 g 45 0 45 90 re f"))),
        },
    ),
    *kinds(
        "machine-readable code",
        {
            "of a stamp": signs(at(100, 225, 100, 100), code(stamp_code_text())),
            "of a stamp, small": signs(at(100, 225, 60, 60), code(stamp_code_text())),
            "an address": signs(at(100, 225, 60, 60), code("https://contoh.id/x")),
            "an address, tiny": signs(at(100, 225, 30, 30), code("HTTPS://X.ID")),
            "Data Matrix": signs(at(100, 225, 60, 60), code("contoh", _FORMATS.DataMatrix)),
            "Aztec": signs(at(100, 225, 60, 60), code("contoh", _FORMATS.Aztec)),
        },
    ),
    *kinds(
        "prepared field",
        {
            "white over the name": signs_there(THIRD, WHITE),
            "black over the name": signs_there(THIRD, BLACK),
            "another name over the name": signs_there(THIRD, over(filled(b"1 g"), lettered("Tono", 9))),
            "a copy of the stamp in it": signs_there(FIRST, of_the_stamp()),
            "the code of a stamp in it": signs_there(FIRST, code(stamp_code_text())),
        },
    ),
]
