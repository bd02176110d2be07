"""Signatures of other people after our stamp, each with a face of its own."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache

import pikepdf
import zxingcpp
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from tests.attacks.signing import Box, Edit, add_field, black, signed_by_somebody
from tests.changes.kind import Make, Start

Place = Callable[[Start], Box]
Face = Callable[[IncrementalPdfFileWriter, Box], generic.StreamObject]
"""Returns the appearance stream for a field of this size."""


def at(x: float, y: float, width: float, height: float) -> Place:
    return lambda start: start.box(x, y, width, height)


def form(box: Box, content: bytes, **resources: generic.PdfObject) -> generic.StreamObject:
    made = generic.StreamObject(dict(black(box)), stream_data=content)
    if resources:
        entries = {pdf_name(f"/{key}"): value for key, value in resources.items()}
        made["/Resources"] = generic.DictionaryObject(entries)
    return made


def drawn(content: bytes) -> Face:
    return lambda _, box: form(box, content)


def filled(colour: bytes) -> Face:
    """One colour throughout, such as `1 g`."""
    return lambda _, box: form(box, colour + b" 0 0 %d %d re f" % (box[2] - box[0], box[3] - box[1]))


def lettered(words: str, size: float = 10) -> Face:
    """Words in black on nothing."""

    def face(_: IncrementalPdfFileWriter, box: Box) -> generic.StreamObject:
        font = dictionary(Type=pdf_name("/Font"), Subtype=pdf_name("/Type1"), BaseFont=pdf_name("/Courier"))
        text = b"BT /F1 %g Tf 0 2 Td (%s) Tj ET" % (size, words.encode())
        return form(box, text, Font=dictionary(F1=font))

    return face


def paragraph(words: str, lines: int) -> Face:
    def face(writer: IncrementalPdfFileWriter, box: Box) -> generic.StreamObject:
        made = lettered(words)(writer, box)
        top = box[3] - box[1] - 12
        rows = b" ".join(b"1 0 0 1 4 %d Tm (%s) Tj" % (top - 12 * n, words.encode()) for n in range(lines))
        return generic.StreamObject(dict(made), stream_data=b"BT /F1 9 Tf " + rows + b" ET")

    return face


def handwriting() -> Face:
    """A line as a pen draws it."""
    return drawn(b"0.8 w 0 0 0.6 RG 6 8 m 20 40 24 4 40 24 c 52 34 58 8 70 18 c 84 28 92 10 110 14 c S")


def dictionary(**entries: generic.PdfObject) -> generic.DictionaryObject:
    return generic.DictionaryObject({pdf_name(f"/{key}"): value for key, value in entries.items()})


def of_the_stamp(more: bytes = b"", matrix: bytes = b"") -> Face:
    """The genuine stamp's own drawing, as large as the field, and `more` over it in 90 points."""

    def face(writer: IncrementalPdfFileWriter, box: Box) -> generic.StreamObject:
        fields = writer.root["/AcroForm"]["/Fields"]
        stamp = next(f for n in range(len(fields)) if (f := fields[n])["/T"].startswith("Emet"))
        width, height = box[2] - box[0], box[3] - box[1]
        left, bottom = _corner(stamp["/AP"]["/N"])
        moved = b"q 1 0 0 1 %g %g cm /S Do Q" % (-left, -bottom)
        scaled = b"q %g 0 0 %g 0 0 cm %s %s %s Q" % (width / 90, height / 90, matrix, moved, more)
        drawings = generic.DictionaryObject({pdf_name("/S"): stamp["/AP"].raw_get("/N")})
        return form(box, scaled, XObject=drawings)

    return face


def _corner(face: generic.StreamObject) -> tuple[float, float]:
    """Where a form begins when it is drawn: its matrix turns it on a turned page."""
    a, b, c, d, e, f = (float(value) for value in face.get("/Matrix", (1, 0, 0, 1, 0, 0)))
    x0, y0, x1, y1 = (float(value) for value in face["/BBox"])
    corners = [(a * x + c * y + e, b * x + d * y + f) for x in (x0, x1) for y in (y0, y1)]
    return min(x for x, _ in corners), min(y for _, y in corners)


def code(text: str, kind: zxingcpp.BarcodeFormat = zxingcpp.BarcodeFormat.QRCode) -> Face:
    """A machine-readable code as squares."""

    def face(_: IncrementalPdfFileWriter, box: Box) -> generic.StreamObject:
        rows = _modules(text, kind)
        side = min(box[2] - box[0], box[3] - box[1]) / (len(rows) + 8)
        squares = b" ".join(
            b"%.3f %.3f %.3f %.3f re" % ((x + 4) * side, (len(rows) + 3 - y) * side, side, side)
            for y, row in enumerate(rows)
            for x, dot in enumerate(row)
            if dot < 128
        )
        return form(box, b"0 g " + squares + b" f")

    return face


@cache
def _modules(text: str, kind: zxingcpp.BarcodeFormat) -> list[bytes]:
    """Its rows from the top, a byte for each module."""
    picture = memoryview(zxingcpp.create_barcode(text, kind).to_image(scale=1, add_quiet_zones=False))
    assert picture.shape is not None
    columns = picture.shape[1]
    modules = picture.tobytes()
    return [modules[start : start + columns] for start in range(0, len(modules), columns)]


def field(name: str, place: Place, face: Face | None) -> Callable[[Start], Edit]:
    """A new field with a face."""

    def edit_of(start: Start) -> Edit:
        def edit(writer: IncrementalPdfFileWriter) -> None:
            box = place(start)
            add_field(writer, name, box)
            made = writer.root["/AcroForm"]["/Fields"][-1]
            if face is not None:
                made["/AP"] = dictionary(N=writer.add_object(face(writer, box)))
            writer.update_container(made)

        return edit

    return edit_of


def signs(place: Place, face: Face | None = None, *, name: str = "Siti", before: Make | None = None) -> Make:
    """Somebody signs in a new field. `before`: a change that comes first."""

    def make(start: Start) -> bytes | None:
        data = start.data if before is None else before(start)
        if data is None:
            return None
        edit = field(name, place, face)(start)
        return signed_by_somebody(data, name=name, edit=edit, existing=True, forced=True)

    return make


def signs_there(name: str, face: Face | None = None) -> Make:
    """Somebody signs in a field that the sealed file offers."""

    def make(start: Start) -> bytes | None:
        if not start.page.places or not _offers(start, name):
            return None

        def edit(writer: IncrementalPdfFileWriter) -> None:
            fields = writer.root["/AcroForm"]["/Fields"]
            found = next(f for n in range(len(fields)) if (f := fields[n])["/T"] == name)
            corners = [int(value) for value in found["/Rect"]]
            box = (corners[0], corners[1], corners[2], corners[3])
            made = face or handwriting()
            found["/AP"] = dictionary(N=writer.add_object(made(writer, box)))
            writer.update_container(found)

        return signed_by_somebody(start.data, name=name, edit=edit, existing=True, forced=True)

    return make


def _offers(start: Start, name: str) -> bool:
    """Whether the sealed file has this field. One that nobody may sign later has none."""
    with pikepdf.open(io.BytesIO(start.data)) as pdf:
        return any(str(field.get("/T", "")) == name for field in pdf.Root.AcroForm.Fields)


def written(edit: Edit, data: bytes) -> bytes:
    """A revision of pyHanko's writer, signed by nobody."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    edit(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
