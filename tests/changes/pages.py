"""Thirteen kinds of page to seal, all with an amount, a line to sign on and much blank paper.

The places are in points of user space. They are the same on each page, so that a change of one kind works on
all of them.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf
from PIL import Image, ImageDraw
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, append_signature_field

from tests.attacks.signing import Box

AMOUNT = "Surat kuasa: jumlah Rp10.000.000"
AMOUNT_SIZE = 12
AMOUNT_END = 60 + len(AMOUNT) * AMOUNT_SIZE * 0.6
"""Where the amount ends: each letter of Courier is 0.6 of its size wide (ISO 32000-2 clause 9.6.2.2)."""
BASELINE = 750
LINE: Box = (330, 418, 530, 420)
"""The line to sign on. A printed name stands below it."""
OFFERED: Box = (60, 405, 260, 465)
OFFERED_ON_THE_LINE: Box = (335, 412, 525, 460)
OFFERED_ON_THE_NAME: Box = (370, 398, 480, 412)
PLACES: dict[str, Box] = {
    "Pihak": OFFERED,
    "Saksi": OFFERED_ON_THE_LINE,
    "Kuasa": OFFERED_ON_THE_NAME,
}
"""Where the pages with `places` offer signature fields: on blank paper, over the line, over the name."""
A4 = (0, 0, 595, 842)
BODY = "Yang bertanda tangan di bawah ini memberi kuasa untuk mengurus pembayaran."

Draw = Callable[[Pdf, "Sheet"], None]
"""Adds what is special to the page."""


@dataclass(frozen=True)
class PageKind:
    """A document to seal."""

    name: str
    draw: Draw
    media: tuple[int, int, int, int] = A4
    rotation: int = 0
    unit: float = 1
    crop: tuple[int, int, int, int] | None = None
    printed: bool = True
    """Whether the text is text. A scan shows a picture of it."""
    places: bool = False
    """Whether it offers fields to sign in."""
    packed: bool = False
    """Whether its objects lie in object streams."""

    def document(self) -> bytes:
        """The file as its author uploads it."""
        pdf = pikepdf.new()
        sheet = Sheet(pdf, self)
        self.draw(pdf, sheet)
        sheet.close()
        out = io.BytesIO()
        modes = pikepdf.ObjectStreamMode
        pdf.save(out, static_id=True, object_stream_mode=modes.generate if self.packed else modes.disable)
        return _with_places(out.getvalue()) if self.places else out.getvalue()


class Sheet:
    """The first page while it is made."""

    def __init__(self, pdf: Pdf, kind: PageKind) -> None:
        self.pdf, self.kind = pdf, kind
        self.page = pdf.add_blank_page(page_size=(595, 842)).obj
        self.page["/MediaBox"] = Array(kind.media)
        if kind.crop is not None:
            self.page["/CropBox"] = Array(kind.crop)
        if kind.rotation:
            self.page["/Rotate"] = kind.rotation
        if kind.unit != 1:
            self.page["/UserUnit"] = kind.unit
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Courier)
        self.font = pdf.make_indirect(font)
        self.page["/Resources"] = Dictionary(Font=Dictionary(F1=self.font), XObject=Dictionary())
        self.page["/Annots"] = Array()
        self.content = b""
        if kind.printed:
            self.content = printed_text()

    def picture(self, name: str, image: pikepdf.Stream, place: Box) -> None:
        self.page.Resources.XObject[f"/{name}"] = image
        width, height = place[2] - place[0], place[3] - place[1]
        self.content += b"q %d 0 0 %d %d %d cm /%s Do Q\n" % (width, height, *place[:2], name.encode())

    def annotate(self, **entries: object) -> None:
        made = Dictionary(Type=Name.Annot, **entries)
        self.page.Annots.append(self.pdf.make_indirect(made))

    def close(self) -> None:
        self.page["/Contents"] = self.pdf.make_stream(self.content)


def text(x: float, y: float, words: str, size: float = 9) -> bytes:
    return b"BT /F1 %g Tf %g %g Td (%s) Tj ET\n" % (size, x, y, words.encode())


def printed_text(mode: int = 0) -> bytes:
    """The amount, four lines of body, and a line to sign on. `mode`: how letters are painted."""
    out = b"%d Tr\n" % mode + text(60, BASELINE, AMOUNT, AMOUNT_SIZE)
    for number in range(4):
        out += text(60, 710 - 14 * number, BODY)
    out += text(330, 480, "Hormat saya,") + text(380, 402, "Budi Santoso")
    return out + (b"0.5 w 330 419 m 530 419 l S\n" if mode == 0 else b"") + b"0 Tr\n"


def _with_places(data: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    for name, box in PLACES.items():
        append_signature_field(writer, SigFieldSpec(sig_field_name=name, box=box))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _nothing_more(_: Pdf, sheet: Sheet) -> None:
    pass


def _table(_: Pdf, sheet: Sheet) -> None:
    rules = b" ".join(b"60 %d m 535 %d l S" % (y, y) for y in range(520, 620, 20))
    columns = b" ".join(b"%d 520 m %d 600 l S" % (x, x) for x in (60, 300, 420, 535))
    cells = b"".join(
        text(x, y, words)
        for y in range(526, 600, 20)
        for x, words in ((64, "Barang"), (304, "1"), (424, "Rp10.000"))
    )
    sheet.content += b"0.3 w " + rules + b" " + columns + b"\n" + cells


def _form(pdf: Pdf, sheet: Sheet) -> None:
    fields = [_text_field(pdf, sheet), _check_box(pdf)]
    for field in fields:
        sheet.page.Annots.append(field)
    pdf.Root["/AcroForm"] = Dictionary(Fields=Array(fields), DA="/F1 10 Tf 0 g")
    pdf.Root.AcroForm["/DR"] = Dictionary(Font=Dictionary(F1=sheet.font))


def _text_field(pdf: Pdf, sheet: Sheet) -> pikepdf.Object:
    look = pdf.make_stream(
        b"/Tx BMC BT /F1 10 Tf 2 5 Td (Rp10.000.000) Tj ET EMC",
        Type=Name.XObject,
        Subtype=Name.Form,
        BBox=[0, 0, 200, 20],
        Resources=Dictionary(Font=Dictionary(F1=sheet.font)),
    )
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Tx,
            T="jumlah",
            V="Rp10.000.000",
            F=4,
            DA="/F1 10 Tf 0 g",
            Rect=[60, 560, 260, 580],
            AP=Dictionary(N=look),
        )
    )


def _check_box(pdf: Pdf) -> pikepdf.Object:
    kind = {"Type": Name.XObject, "Subtype": Name.Form, "BBox": [0, 0, 14, 14]}
    states = Dictionary(
        Ya=pdf.make_stream(b"1 1 12 12 re S 3 3 8 8 re f", **kind),
        Off=pdf.make_stream(b"1 1 12 12 re S", **kind),
    )
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Btn,
            T="setuju",
            V=Name.Ya,
            AS=Name.Ya,
            F=4,
            Rect=[300, 560, 314, 574],
            AP=Dictionary(N=states),
        )
    )


def scanned_page() -> bytes:
    """A JPEG at 120 dots an inch: letters as bars, at the places of the text, on white paper."""
    scale = 120 / 72
    picture = Image.new("L", (round(595 * scale), round(842 * scale)), 255)
    draw = ImageDraw.Draw(picture)

    def bar(x: float, y: float, width: float, height: float) -> None:
        corners = (x, 842 - y - height, x + width, 842 - y)
        draw.rectangle(tuple(round(value * scale) for value in corners), fill=30)

    for number in range(len(AMOUNT)):
        bar(60 + number * AMOUNT_SIZE * 0.6, BASELINE, AMOUNT_SIZE * 0.45, AMOUNT_SIZE * 0.7)
    for line in range(4):
        for number in range(len(BODY)):
            bar(60 + number * 5.4, 710 - 14 * line, 4, 6)
    bar(330, 419, 200, 0.5)
    bar(380, 402, 65, 6)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()


def jpeg(pdf: Pdf, data: bytes) -> pikepdf.Stream:
    with Image.open(io.BytesIO(data)) as picture:
        width, height = picture.size
        space = Name.DeviceGray if picture.mode == "L" else Name.DeviceRGB
    return pdf.make_stream(
        data,
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=width,
        Height=height,
        ColorSpace=space,
        BitsPerComponent=8,
        Filter=Name.DCTDecode,
    )


def _scan(pdf: Pdf, sheet: Sheet) -> None:
    sheet.picture("Scan", jpeg(pdf, scanned_page()), A4)


def _scan_with_text(pdf: Pdf, sheet: Sheet) -> None:
    """Text recognised by a program lies over the picture and paints nothing."""
    _scan(pdf, sheet)
    sheet.content += printed_text(mode=3)


def _tagged(pdf: Pdf, sheet: Sheet) -> None:
    """With metadata and a structure tree."""
    sheet.content = b"/P << /MCID 0 >> BDC\n" + sheet.content + b"EMC\n"
    sheet.page["/StructParents"] = 0
    tree = pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot))
    kind = Dictionary(Type=Name.StructElem, S=Name.P, P=tree, Pg=sheet.page, K=0)
    paragraph = pdf.make_indirect(kind)
    tree["/K"] = Array([paragraph])
    tree["/ParentTree"] = pdf.make_indirect(Dictionary(Nums=Array([0, Array([paragraph])])))
    tree["/ParentTreeNextKey"] = 1
    pdf.Root["/StructTreeRoot"] = tree
    pdf.Root["/MarkInfo"] = Dictionary(Marked=True)
    pdf.Root["/Lang"] = "id-ID"
    with pdf.open_metadata() as metadata:
        metadata["dc:title"] = "Surat kuasa"
    pdf.docinfo["/Title"] = "Surat kuasa"
    pdf.docinfo["/Author"] = "Ani"


def _two_columns(pdf: Pdf, sheet: Sheet) -> None:
    out = io.BytesIO()
    Image.effect_mandelbrot((160, 120), (-2, -1.5, 1, 1.5), 60).convert("RGB").save(out, "JPEG")
    for name, place in (("Im0", (60, 500, 220, 620)), ("Im1", (330, 500, 490, 620))):
        sheet.picture(name, jpeg(pdf, out.getvalue()), place)


def _forty(pdf: Pdf, sheet: Sheet) -> None:
    for number in range(2, 41):
        page = pdf.add_blank_page(page_size=(595, 842)).obj
        page["/Resources"] = Dictionary(Font=Dictionary(F1=sheet.font))
        page["/Contents"] = pdf.make_stream(text(60, BASELINE, f"Lampiran {number}", 12))


def _commented(pdf: Pdf, sheet: Sheet) -> None:
    """A link, a note, a highlight and free text."""
    action = Dictionary(S=Name.URI, URI="https://contoh.id")
    sheet.annotate(Subtype=Name.Link, Rect=[60, 640, 200, 655], A=action, Border=[0, 0, 0])
    sheet.annotate(Subtype=Name.Text, Rect=[545, 700, 565, 720], Contents="catatan", F=28)
    kind = {"Type": Name.XObject, "Subtype": Name.Form}
    yellow = pdf.make_stream(b"1 1 0.6 rg 0 0 100 12 re f", BBox=[0, 0, 100, 12], **kind)
    corners = [60, 720, 160, 720, 60, 708, 160, 708]
    sheet.annotate(
        Subtype=Name.Highlight,
        Rect=[60, 640, 160, 652],
        QuadPoints=corners,
        C=[1, 1, 0.6],
        F=4,
        AP=Dictionary(N=yellow),
    )
    words = pdf.make_stream(
        b"BT /F1 9 Tf 2 4 Td (Periksa kembali) Tj ET",
        BBox=[0, 0, 120, 16],
        Resources=Dictionary(Font=Dictionary(F1=sheet.font)),
        **kind,
    )
    sheet.annotate(
        Subtype=Name.FreeText,
        Rect=[60, 540, 180, 556],
        Contents="Periksa kembali",
        DA="/F1 9 Tf",
        F=4,
        AP=Dictionary(N=words),
    )


LANDSCAPE = (0, 0, 1191, 842)
PAGES: dict[str, PageKind] = {
    kind.name: kind
    for kind in (
        PageKind("letter", _nothing_more),
        PageKind("table", _table, places=True),
        PageKind("form", _form, places=True),
        PageKind("scan", _scan, printed=False),
        PageKind("scan with text", _scan_with_text, printed=False),
        PageKind("rotated", _nothing_more, rotation=90),
        PageKind("cropped", _nothing_more, media=(-100, -60, 700, 900), crop=(20, 20, 575, 825)),
        PageKind("other unit", _nothing_more, unit=2, places=True),
        PageKind("tagged", _tagged, places=True),
        PageKind("two columns", _two_columns),
        PageKind("landscape", _nothing_more, media=LANDSCAPE, packed=True),
        PageKind("forty pages", _forty),
        PageKind("commented", _commented, places=True),
    )
}
"""By name."""
