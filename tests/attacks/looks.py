"""Draws the faces of later signatures, for honest people and forgers: text, pictures, copies of a stamp."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import cos, radians, sin

import pypdfium2
import zxingcpp
from PIL import Image, ImageDraw
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, append_signature_field

from tests.attacks.signing import Edit, signed_by_somebody

Place = tuple[float, float, float, float]
Writer = IncrementalPdfFileWriter
Resources = Callable[[Writer], generic.DictionaryObject]


def _dictionary(**entries: generic.PdfObject) -> generic.DictionaryObject:
    return generic.DictionaryObject({pdf_name(f"/{key}"): value for key, value in entries.items()})


def _numbers(*values: float) -> generic.ArrayObject:
    return generic.ArrayObject(generic.FloatObject(round(value, 3)) for value in values)


def _nothing(_: Writer) -> generic.DictionaryObject:
    return generic.DictionaryObject()


@dataclass(frozen=True)
class Look:
    """The drawing of a face, in a box of the given size. `turn`: degrees, about the middle of the box."""

    content: bytes
    width: float
    height: float
    resources: Resources = field(default=_nothing)
    turn: float = 0.0

    def made(self, writer: Writer) -> generic.IndirectObject:
        form = generic.StreamObject(
            {
                pdf_name("/Type"): pdf_name("/XObject"),
                pdf_name("/Subtype"): pdf_name("/Form"),
                pdf_name("/BBox"): _numbers(0, 0, self.width, self.height),
                pdf_name("/Resources"): self.resources(writer),
            },
            stream_data=self._turned(),
        )
        return writer.add_object(form)

    def _turned(self) -> bytes:
        if not self.turn:
            return self.content
        a, b = cos(radians(self.turn)), sin(radians(self.turn))
        x, y = self.width / 2, self.height / 2
        matrix = f"{a:.5f} {b:.5f} {-b:.5f} {a:.5f} {x - a * x + b * y:.4f} {y - b * x - a * y:.4f}"
        return b"q %s cm %s Q" % (matrix.encode(), self.content)


def _helvetica(writer: Writer) -> generic.DictionaryObject:
    font = _dictionary(Type=pdf_name("/Font"), Subtype=pdf_name("/Type1"), BaseFont=pdf_name("/Helvetica"))
    return _dictionary(Font=_dictionary(F=writer.add_object(font)))


def text(
    *lines: str, size: float = 12, width: float = 0, height: float = 0, turn: float = 0, white: bool = False
) -> Look:
    """Lines of text from the top; `white` lays a white sheet below."""
    width = width or max(len(line) for line in lines) * size * 0.6
    height = height or len(lines) * size * 1.2
    sheet = b"1 g 0 0 %.2f %.2f re f 0 g " % (width, height) if white else b""
    shown = b" ".join(
        b"BT /F %.2f Tf 1 %.2f Td (%s) Tj ET"
        % (size, height - (number + 1) * size * 1.2 + 0.25 * size, line.encode("latin-1"))
        for number, line in enumerate(lines)
    )
    return Look(sheet + shown, width, height, _helvetica, turn)


def drawn_text(digits: str, size: float = 12, turn: float = 0) -> Look:
    """Dots and zeros as paths."""
    parts, x = [], 1.0
    for letter in digits:
        if letter == "0":
            parts.append(b"1.2 w %.2f 2.5 %.2f %.2f re S" % (x + 1, size * 0.35, size * 0.62))
            x += size * 0.56
        else:
            parts.append(b"%.2f 2 1.5 1.5 re f" % (x + 0.5))
            x += size * 0.28
    return Look(b" ".join(parts), x + 2, size * 1.2, turn=turn)


def type3_text(digits: str, size: float = 12) -> Look:
    """Letters that are drawings of a font of their own, which say nothing of what they are."""
    glyphs = {
        "0": b"560 0 0 0 560 720 d1 90 w 100 20 320 650 re S",
        ".": b"280 0 0 0 280 120 d1 80 0 120 120 re f",
    }

    def resources(writer: Writer) -> generic.DictionaryObject:
        procedures = _dictionary(
            zero=writer.add_object(generic.StreamObject(stream_data=glyphs["0"])),
            dot=writer.add_object(generic.StreamObject(stream_data=glyphs["."])),
        )
        names = generic.ArrayObject([generic.NumberObject(65), pdf_name("/zero"), pdf_name("/dot")])
        font = _dictionary(
            Type=pdf_name("/Font"),
            Subtype=pdf_name("/Type3"),
            FontBBox=_numbers(0, 0, 600, 750),
            FontMatrix=_numbers(0.001, 0, 0, 0.001, 0, 0),
            CharProcs=procedures,
            Encoding=_dictionary(Type=pdf_name("/Encoding"), Differences=names),
            FirstChar=generic.NumberObject(65),
            LastChar=generic.NumberObject(66),
            Widths=_numbers(560, 280),
        )
        return _dictionary(Font=_dictionary(F=writer.add_object(font)))

    shown = digits.replace("0", "A").replace(".", "B").encode()
    width = sum(0.56 if letter == "0" else 0.28 for letter in digits) * size + 3
    return Look(b"BT /F %.2f Tf 1 3 Td (%s) Tj ET" % (size, shown), width, size * 1.2, resources)


def sheet(width: float, height: float, colour: bytes = b"1 g", opacity: float = 1.0) -> Look:
    """An even surface: white, if not told otherwise."""

    def resources(_: Writer) -> generic.DictionaryObject:
        return _dictionary(ExtGState=_dictionary(G=_dictionary(ca=generic.FloatObject(opacity))))

    return Look(b"/G gs %s 0 0 %.2f %.2f re f" % (colour, width, height), width, height, resources)


def handwriting(width: float, height: float) -> Look:
    """A signature by hand, as a drawn line."""
    points = [(0.05, 0.4), (0.2, 0.9), (0.25, 0.2), (0.4, 0.8), (0.5, 0.3), (0.7, 0.7), (0.95, 0.35)]
    path = " ".join(
        f"{x * width:.2f} {y * height:.2f} {'l' if number else 'm'}" for number, (x, y) in enumerate(points)
    )
    return Look(f"0 0 0.6 RG 1.5 w {path} S".encode(), width, height)


def picture(image: Image.Image, width: float, height: float, turn: float = 0) -> Look:
    """A picture that fills the face."""
    colour = image.convert("RGB")

    def resources(writer: Writer) -> generic.DictionaryObject:
        entries = _dictionary(
            Type=pdf_name("/XObject"),
            Subtype=pdf_name("/Image"),
            Width=generic.NumberObject(colour.width),
            Height=generic.NumberObject(colour.height),
            BitsPerComponent=generic.NumberObject(8),
            ColorSpace=pdf_name("/DeviceRGB"),
            Filter=pdf_name("/FlateDecode"),
        )
        stream = generic.StreamObject(entries, encoded_data=zlib.compress(colour.tobytes()))
        return _dictionary(XObject=_dictionary(I=writer.add_object(stream)))

    if turn % 90:  # it must not be cut off at its corners
        side = max(width, height) / (abs(cos(radians(turn))) + abs(sin(radians(turn))))
        x, y = (width - side) / 2, (height - side) / 2
        return Look(
            b"q %.3f 0 0 %.3f %.3f %.3f cm /I Do Q" % (side, side, x, y), width, height, resources, turn
        )
    return Look(b"q %.3f 0 0 %.3f 0 0 cm /I Do Q" % (width, height), width, height, resources, turn)


def picture_of_stamp(data: bytes, side_px: int = 400) -> Image.Image:
    """The first stamp of a file, as people see it."""
    document = pypdfium2.PdfDocument(data)
    try:
        document.init_forms()
        page, (left, bottom, right, top) = document[0], stamp_place(data)
        width, height = page.get_size()
        cut = (left, bottom, width - right, height - top)
        shown = page.render(scale=side_px / (right - left), crop=cut, may_draw_forms=True)
        return shown.to_pil().convert("RGB")
    finally:
        document.close()


def stamp_place(data: bytes) -> Place:
    """The rectangle of the first stamp of a file."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    fields = [item.get_object() for item in writer.root["/AcroForm"]["/Fields"]]
    stamp = next(f for f in fields if str(f["/T"]).startswith("Emet"))
    left, bottom, right, top = (float(value) for value in stamp["/Rect"])
    return left, bottom, right, top


def barred(image: Image.Image, how: str = "black bar") -> Image.Image:
    """A picture of a stamp whose code can't be read any more."""
    changed = image.copy()
    pen, (width, height) = ImageDraw.Draw(changed), image.size
    code = (0.06 * width, 0.19 * height, 0.63 * width, 0.76 * height)
    match how:
        case "black bar":
            pen.line((code[0], code[3], code[2], code[1]), fill="black", width=width // 8)
        case "white bar":
            pen.line((0, height // 2, code[2], height // 2), fill="white", width=width // 6)
        case "no code":
            pen.rectangle(code, fill="white")
        case "black code":
            pen.rectangle(code, fill="black")
        case "grey":
            changed = changed.convert("L").convert("RGB")
            ImageDraw.Draw(changed).rectangle(code, fill="grey")
        case "red cross":
            pen.line((0, 0, width, height), fill="red", width=width // 9)
            pen.line((0, height, width, 0), fill="red", width=width // 9)
    return changed


def stamps_own_drawing(data: bytes, side: float, bar: bool = True) -> Look:
    """The drawing of the file's stamp itself, by reference, and perhaps a bar over its code."""

    def resources(writer: Writer) -> generic.DictionaryObject:
        fields = [item.get_object() for item in writer.root["/AcroForm"]["/Fields"]]
        stamp = next(f for f in fields if str(f["/T"]).startswith("Emet") and "/AP" in f)
        return _dictionary(XObject=_dictionary(S=stamp["/AP"].raw_get("/N")))

    over = (
        b" 0.1 g %.2f %.2f %.2f %.2f re f" % (side * 0.05, side * 0.4, side * 0.6, side * 0.15)
        if bar
        else b""
    )
    scale = side / 90
    return Look(b"q %.4f 0 0 %.4f 0 0 cm /S Do Q%s" % (scale, scale, over), side, side, resources)


def code_picture(words: str) -> Image.Image:
    """A QR code of another system."""
    code = zxingcpp.create_barcode(words, zxingcpp.BarcodeFormat.QRCode)
    dots = memoryview(code.to_image(scale=5))
    assert dots.shape is not None
    return Image.frombytes("L", (dots.shape[1], dots.shape[0]), dots.tobytes())


def beside(image: Image.Image, words: Sequence[str], width: float, height: float) -> Look:
    """A picture at the left, words at the right."""
    left, right = picture(image, height, height), text(*words, size=8)

    def resources(writer: Writer) -> generic.DictionaryObject:
        return generic.DictionaryObject({**left.resources(writer), **right.resources(writer)})

    moved = b"q 1 0 0 1 %.2f %.2f cm %s Q" % (height + 4, height - right.height, right.content)
    return Look(left.content + b" " + moved, width, height, resources)


def signed_with(
    data: bytes, name: str, at: tuple[float, float], look: Look, *, page: int = 0, box: Place | None = None
) -> bytes:
    """Signed in a new field whose lower left corner is at this point, or in the given box, with this look."""
    place = box or (at[0], at[1], at[0] + look.width, at[1] + look.height)
    return signed_by_somebody(data, name=name, edit=new_field(name, place, look, page), existing=True)


def new_field(name: str, place: Place, look: Look, page: int = 0) -> Edit:
    def edit(writer: Writer) -> None:
        rounded = tuple(round(value, 3) for value in place)
        append_signature_field(writer, SigFieldSpec(sig_field_name=name, on_page=page, box=rounded))  # type: ignore[arg-type]
        _dress(writer, name, look)

    return edit


def signed_in_field(data: bytes, name: str, look: Look) -> bytes:
    """Signed in a field that the file has, with this look."""
    return signed_by_somebody(data, name=name, edit=lambda w: _dress(w, name, look), existing=True)


def _dress(writer: Writer, name: str, look: Look) -> None:
    fields = [item.get_object() for item in writer.root["/AcroForm"]["/Fields"]]
    found = next(f for f in fields if str(f["/T"]) == name)
    found["/AP"] = _dictionary(N=look.made(writer))
    writer.update_container(found)
