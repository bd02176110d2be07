"""Makes the PDF files that the tests need; nothing is stored. Also imported by other tests: `import samples`.

Good ones are as short as a real reader allows; hostile ones are small.
"""

from __future__ import annotations

import io
import random
import struct
import zlib
from datetime import UTC, datetime

import pikepdf
from fpdf import FPDF
from PIL import Image, ImageDraw

A4 = (595.28, 841.89)


def letter(pages: int = 1) -> bytes:
    """An application letter on A4, text in a standard font."""
    pdf = FPDF()
    pdf.set_creation_date(datetime(2026, 1, 2, tzinfo=UTC))
    for page in range(pages):
        pdf.add_page()
        pdf.set_font("helvetica", "B", 13)
        pdf.cell(0, 8, f"SURAT PERNYATAAN ({page + 1})", new_x="LMARGIN", new_y="NEXT", align="C")
        pdf.set_font("helvetica", size=11)
        for line in range(18):
            text = f"{line + 1}. Saya menyatakan dengan sebenarnya bahwa data yang saya berikan benar."
            pdf.cell(0, 7, text, new_x="LMARGIN", new_y="NEXT")
        pdf.ln(10)
        pdf.cell(0, 7, "Yang menyatakan,", align="R")
    return bytes(pdf.output())


def nearly_empty(pages: int = 2) -> bytes:
    """Pages with a line in the middle of their upper third: stamps at the nine named places cover nothing."""
    pdf = FPDF()
    pdf.set_creation_date(datetime(2026, 1, 2, tzinfo=UTC))
    for page in range(pages):
        pdf.add_page()
        pdf.set_font("helvetica", size=11)
        pdf.ln(60)
        pdf.cell(0, 7, f"Saya menyatakan dengan sebenarnya ({page + 1}).", align="C")
    return bytes(pdf.output())


def two_pages() -> bytes:
    return letter(2)


def page_file(
    *,
    media: tuple[float, ...] = (0, 0, *A4),
    crop: tuple[float, ...] | None = None,
    rotation: int = 0,
    user_unit: float = 1.0,
    content: bytes = b"0.9 g 40 40 120 30 re f",
    object_streams: bool = False,
) -> bytes:
    """One page with the given boxes."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=A4).obj
    page["/MediaBox"] = pikepdf.Array([round(value, 3) for value in media])
    if crop is not None:
        page["/CropBox"] = pikepdf.Array([round(value, 3) for value in crop])
    if rotation:
        page["/Rotate"] = rotation
    if user_unit != 1.0:
        page["/UserUnit"] = user_unit
    page["/Contents"] = pdf.make_stream(content)
    return _saved(pdf, object_streams=object_streams)


def rotated(rotation: int = 90) -> bytes:
    return page_file(rotation=rotation)


def cropped() -> bytes:
    """The media box starts far from the origin, the crop box inside it."""
    return page_file(media=(-200, 100, 500, 1000), crop=(-100, 180, 420, 900), rotation=270)


def scan(size_bytes: int) -> bytes:
    """A scanned page: one grey JPEG of about the given size."""
    side = (1240, 1754)
    generator = random.Random(7)
    noise = Image.frombytes("L", (310, 438), generator.randbytes(310 * 438))
    picture = noise.resize(side).point([235 + value // 13 for value in range(256)])
    draw = ImageDraw.Draw(picture)
    for line in range(40):
        draw.rectangle((120, 150 + line * 36, 1100 - generator.randrange(300), 162 + line * 36), fill=40)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=30)
    data = out.getvalue()
    if len(data) < size_bytes - 1200:  # a comment segment cannot carry megabytes: the camera's own data can
        data = data[:2] + _application_segments(size_bytes - 1200 - len(data), generator) + data[2:]
    pdf = pikepdf.new()
    add_scan(pdf, data, side)
    return _saved(pdf)


def add_scan(pdf: pikepdf.Pdf, jpeg: bytes, size: tuple[int, int]) -> None:
    """Adds an A4 page that is covered by a grey picture of `size` dots."""
    page = pdf.add_blank_page(page_size=A4).obj
    image = pdf.make_stream(
        jpeg,
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=size[0],
        Height=size[1],
        BitsPerComponent=8,
        ColorSpace=pikepdf.Name.DeviceGray,
        Filter=pikepdf.Name.DCTDecode,
    )
    page["/Resources"] = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Scan=image))
    page["/Contents"] = pdf.make_stream(b"q 595.28 0 0 841.89 0 0 cm /Scan Do Q")


def _application_segments(size: int, generator: random.Random) -> bytes:
    parts = []
    while size > 0:
        length = min(size, 65_000)
        parts.append(b"\xff\xed" + (length + 2).to_bytes(2, "big") + generator.randbytes(length))
        size -= length
    return b"".join(parts)


def photograph() -> bytes:
    """A page with a large colour picture that can be made smaller."""
    generator = random.Random(3)
    picture = Image.frombytes("RGB", (150, 210), generator.randbytes(150 * 210 * 3)).resize((2480, 3508))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=92)
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=A4).obj
    image = pdf.make_stream(
        out.getvalue(),
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=2480,
        Height=3508,
        BitsPerComponent=8,
        ColorSpace=pikepdf.Name.DeviceRGB,
        Filter=pikepdf.Name.DCTDecode,
    )
    page["/Resources"] = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Photo=image))
    page["/Contents"] = pdf.make_stream(b"q 595.28 0 0 841.89 0 0 cm /Photo Do Q")
    return _saved(pdf)


def form(value: str = "World Health Organisation") -> bytes:
    """A text field with an appearance, and a script that runs on opening."""
    pdf = pikepdf.open(io.BytesIO(letter()))
    page = pdf.pages[0].obj
    appearance = pdf.make_stream(
        f"/Tx BMC BT /Helv 12 Tf 2 5 Td ({value}) Tj ET EMC".encode(),
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Form,
        BBox=[0, 0, 300, 20],
        Resources=pikepdf.Dictionary(
            Font=pikepdf.Dictionary(
                Helv=pikepdf.Dictionary(
                    Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
                )
            )
        ),
    )
    field = pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Widget,
            FT=pikepdf.Name.Tx,
            T="organisation",
            V=value,
            F=4,
            Rect=[60, 300, 360, 320],
            AP=pikepdf.Dictionary(N=appearance),
        )
    )
    page["/Annots"] = pikepdf.Array([field])
    pdf.Root["/AcroForm"] = pikepdf.Dictionary(Fields=pikepdf.Array([field]))
    pdf.Root["/OpenAction"] = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert('halo')")
    return _saved(pdf)


def living() -> bytes:
    """Scripts, a program, an attachment, XFA and a comment."""
    pdf = pikepdf.open(io.BytesIO(form()))
    page = pdf.pages[0].obj
    pdf.Root["/AcroForm"]["/XFA"] = pdf.make_stream(b"<xdp/>")
    pdf.Root["/Names"] = pikepdf.Dictionary(
        JavaScript=pikepdf.Dictionary(Names=pikepdf.Array([])),
        EmbeddedFiles=pikepdf.Dictionary(Names=pikepdf.Array([])),
    )
    action = pikepdf.Dictionary(S=pikepdf.Name.Launch, F="calc.exe")
    page["/AA"] = pikepdf.Dictionary(O=action)
    link = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[10, 10, 50, 50], A=action
    )
    note = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Text, Rect=[10, 60, 30, 80], Contents="catatan"
    )
    page["/Annots"].append(pdf.make_indirect(link))
    page["/Annots"].append(pdf.make_indirect(note))
    return _saved(pdf)


def encrypted(user: str = "rahasia", owner: str = "pemilik") -> bytes:
    pdf = pikepdf.open(io.BytesIO(letter()))
    out = io.BytesIO()
    pdf.save(out, encryption=pikepdf.Encryption(user=user, owner=owner))
    return out.getvalue()


def broken_table() -> bytes:
    """Its cross-reference table points nowhere; every reader repairs that."""
    data = letter()
    at = data.rindex(b"startxref")
    return data[:at] + b"startxref\n7\n%%EOF\n"


def truncated() -> bytes:
    return letter()[:700]


def hollow() -> bytes:
    """A head and a tail, nothing between."""
    return b"%PDF-1.7\n1 0 obj\n<< /Type /Cat\nnonsense nonsense\ntrailer << /Root 9 0 R >>\n%%EOF\n"


BEYOND = 5000


def counted_short() -> bytes:
    """Its cross-reference stream counts six objects and names one far beyond: an action on opening."""
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R /OpenAction %d 0 R >>" % BEYOND,
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << >> >>",
        4: b"<< /Length 0 >>\nstream\n\nendstream",
        BEYOND: b"<< /S /GoTo /D [3 0 R /Fit] >>",
    }
    out, rows = bytearray(b"%PDF-1.7\n"), struct.pack(">BIH", 0, 0, 65535)
    for number, body in objects.items():
        rows += struct.pack(">BIH", 1, len(out), 0)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    kind = b"/Type /XRef /W [1 4 2] /Index [0 5 %d 1] /Size 6 /Root 1 0 R /Length %d" % (BEYOND, len(rows))
    start = len(out)
    out += b"5 0 obj\n<< %s >>\nstream\n%s\nendstream\nendobj\n" % (kind, rows)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def no_pages() -> bytes:
    return _raw(b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>")


def huge_count() -> bytes:
    """Claims two thousand million pages and has one."""
    return _raw(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 2000000000 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
    )


def looping_pages() -> bytes:
    """The page tree contains itself."""
    return _raw(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 2 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
    )


def empty_branches() -> bytes:
    """Branches without pages, repeated, as MuPDF leaves them when it takes a page out of a long document."""
    return _raw(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R 6 0 R] /Count 1 >>",
        b"<< /Type /Pages /Parent 2 0 R /Kids [4 0 R 5 0 R 5 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 3 0 R /MediaBox [0 0 595 842] >>",
        b"<< /Type /Pages /Parent 3 0 R /Kids [] /Count 0 >>",
        b"<< /Type /Pages /Parent 2 0 R /Kids [7 0 R 7 0 R] /Count 0 >>",
        b"<< /Type /Pages /Parent 6 0 R /Kids [] /Count 0 >>",
    )


def deep_page_tree(depth: int = 3000) -> bytes:
    nodes = [b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % (number + 3) for number in range(depth)]
    page = b"<< /Type /Page /MediaBox [0 0 595 842] >>"
    return _raw(b"<< /Type /Catalog /Pages 2 0 R >>", *nodes, page)


def deep_nesting(depth: int = 60_000, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    """Arrays in arrays in arrays, or the given opening and closing strings."""
    return _raw(
        b"<< /Type /Catalog /Pages 2 0 R /X " + opening * depth + closing * depth + b" >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
    )


def many_objects(count: int = 25_000) -> bytes:
    return _raw(*_ONE_PAGE, *([b"<< /A 1 >>"] * count))


def many_pages(count: int = 201) -> bytes:
    pdf = pikepdf.new()
    for _ in range(count):
        pdf.add_blank_page(page_size=A4)
    return _saved(pdf)


def nested_forms(depth: int = 28, width: int = 10) -> bytes:
    """Each form draws the next ten times: five kilobytes that ask for 10^28 drawings."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=A4).obj
    inner = pdf.make_stream(
        b"0 0 1 1 re f", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=[0, 0, 9, 9]
    )
    for _ in range(depth):
        inner = pdf.make_stream(
            b"/X Do " * width,
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Form,
            BBox=[0, 0, 9, 9],
            Resources=pikepdf.Dictionary(XObject=pikepdf.Dictionary(X=inner)),
        )
    page["/Resources"] = pikepdf.Dictionary(XObject=pikepdf.Dictionary(X=inner))
    page["/Contents"] = pdf.make_stream(b"/X Do")
    return _saved(pdf)


def self_drawing_form() -> bytes:
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=A4).obj
    own = pdf.make_stream(b"/X Do", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=[0, 0, 9, 9])
    own["/Resources"] = pikepdf.Dictionary(XObject=pikepdf.Dictionary(X=own))
    page["/Resources"] = own["/Resources"]
    page["/Contents"] = pdf.make_stream(b"/X Do")
    return _saved(pdf)


def compression_bomb(unpacked_bytes: int = 300_000_000) -> bytes:
    """A content stream of blanks, packed twice: a kilobyte that unpacks to 300 megabytes."""
    packer = zlib.compressobj(9)
    block = b" " * 1_000_000
    once = b"".join(packer.compress(block) for _ in range(unpacked_bytes // len(block))) + packer.flush()
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=A4).obj
    filters = pikepdf.Array([pikepdf.Name.FlateDecode, pikepdf.Name.FlateDecode])
    page["/Contents"] = pdf.make_stream(zlib.compress(once, 9), Filter=filters)
    return _saved(pdf)


def picture_bomb() -> bytes:
    """Claims forty thousand million dots."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=A4).obj
    image = pdf.make_stream(
        zlib.compress(bytes(1000)),
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=200_000,
        Height=200_000,
        BitsPerComponent=8,
        ColorSpace=pikepdf.Name.DeviceRGB,
        Filter=pikepdf.Name.FlateDecode,
    )
    page["/Resources"] = pikepdf.Dictionary(XObject=pikepdf.Dictionary(I=image))
    page["/Contents"] = pdf.make_stream(b"q 500 0 0 500 0 0 cm /I Do Q")
    return _saved(pdf)


def tiny_page() -> bytes:
    return page_file(media=(0, 0, 200, 30))


def giant_page() -> bytes:
    return page_file(media=(0, 0, 20_000, 20_000))


_ONE_PAGE = (
    b"<< /Type /Catalog /Pages 2 0 R >>",
    b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
)


def _raw(*objects: bytes) -> bytes:
    """A file written by hand: objects 1, 2, ... and a true table."""
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)


def _saved(pdf: pikepdf.Pdf, *, object_streams: bool = False) -> bytes:
    out = io.BytesIO()
    modes = pikepdf.ObjectStreamMode
    pdf.save(
        out,
        static_id=True,
        compress_streams=False,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        object_stream_mode=modes.generate if object_streams else modes.disable,
    )
    return out.getvalue()
