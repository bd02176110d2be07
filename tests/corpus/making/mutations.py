# ruff: noqa: E501 (tables of recipes)
"""Files of the corpus altered, and files written by hand to be odd: what breaks weak readers."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

from tests.corpus.making.recipes import Recipe, run

_FILES = Path(__file__).parent.parent / "files"
_LETTER = "reportlab/letter.pdf"
_PLAIN = "fpdf-php/letter.pdf"


def _file(name: str) -> bytes:
    return (_FILES / name).read_bytes()


def _qpdf(*options: str, source: str = _LETTER) -> bytes:
    return run("qpdf", "--deterministic-id", *options, "in.pdf", "out.pdf", files={"in.pdf": _file(source)})


def _encrypted(*options: str, source: str = _LETTER) -> bytes:
    """Owner password only."""
    lock = ["--allow-weak-crypto", "--encrypt", "", "pemilik", *options, "--"]
    return run("qpdf", *lock, "in.pdf", "out.pdf", files={"in.pdf": _file(source)})


def _mutool(*options: str, source: str = _LETTER) -> bytes:
    return run("mutool", "clean", *options, "in.pdf", "out.pdf", files={"in.pdf": _file(source)})


def _pikepdf(change: Callable[..., None], source: str = _LETTER, **saving: object) -> bytes:
    import pikepdf

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(_file(source))) as pdf:
        change(pikepdf, pdf)
        pdf.save(out, static_id=True, **saving)
    return out.getvalue()


def _page(**entries: object) -> bytes:
    """The letter with other entries on its first page; None takes one away."""

    def change(pikepdf: object, pdf: object) -> None:
        for name, value in entries.items():
            if value is None:
                del pdf.pages[0].obj["/" + name]
            else:
                pdf.pages[0].obj["/" + name] = pikepdf.Array(value) if isinstance(value, list) else value

    return _pikepdf(change)


def _raw(*objects: bytes, header: bytes = b"%PDF-1.4\n", root: int = 1) -> bytes:
    """A file written by hand: objects 1, 2, ... and a true table."""
    out, places = bytearray(header), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, root, table)
    return bytes(out)


_CONTENT = b"BT /F 18 Tf 72 700 Td (SURAT PERNYATAAN) Tj ET 0.2 0.4 0.8 rg 72 500 200 80 re f"
_FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def _stream(content: bytes, extra: bytes = b"", *, length: int | None = None) -> bytes:
    said = len(content) if length is None else length
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (said, extra, content)


def _simple(
    page: bytes = b"",
    content: bytes | None = None,
    *more: bytes,
    pages: bytes = b"",
    header: bytes = b"%PDF-1.4\n",
    contents: bytes = b"4 0 R",
    resources: bytes = b"/Font << /F 5 0 R >>",
) -> bytes:
    body = _stream(_CONTENT) if content is None else content
    return _raw(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        pages or b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %s /Resources << %s >> %s >>"
        % (contents, resources, page),
        body,
        _FONT,
        *more,
        header=header,
    )


def _before_header() -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n" + _file(_PLAIN)


def _after_end() -> bytes:
    return _file(_PLAIN) + b"\r\n<!-- served in 0.2 s -->\r\n" + bytes(200)


def _crlf() -> bytes:
    """As a transfer in text mode leaves it: every offset is wrong."""
    return _simple().replace(b"\n", b"\r\n")


def _old_mac() -> bytes:
    return _simple().replace(b"\n", b"\r").replace(b"stream\r", b"stream\r\n")


def _no_startxref() -> bytes:
    data = _simple()
    return data[: data.rindex(b"startxref")]


def _no_table() -> bytes:
    data = _simple()
    return data[: data.rindex(b"xref\n0 ")] + data[data.rindex(b"trailer") :]


def _no_endobj() -> bytes:
    return _simple().replace(b"endobj\n", b"", 3)


def _wrong_length(length: int) -> bytes:
    return _simple(content=_stream(_CONTENT, length=length))


def _length_astray() -> bytes:
    return _simple(content=b"<< /Length 99 0 R >>\nstream\n" + _CONTENT + b"\nendstream")


def _table_off_by_one() -> bytes:
    data = _simple()
    return re.sub(rb"(\d{10}) 00000 n", lambda found: b"%010d 00000 n" % (int(found[1]) + 1), data)


def _cut(share: float, source: str = _LETTER) -> bytes:
    data = _file(source)
    return data[: int(len(data) * share)]


def _zeros_in_the_middle() -> bytes:
    """A block lost on a memory card, in the picture."""
    data = _file("img2pdf/photo.pdf")
    return data[:9000] + bytes(512) + data[9512:]


def _two_updates() -> bytes:
    """Two incremental updates by hand: another text each time."""
    data = _simple()
    for text in (b"KEDUA", b"KETIGA"):
        place = len(data)
        previous = int(data[data.rindex(b"startxref") + 10 :].split()[0])
        body = _stream(b"BT /F 18 Tf 72 700 Td (%s) Tj ET" % text)
        data += b"4 0 obj\n%s\nendobj\n" % body
        table = len(data)
        data += b"xref\n4 1\n%010d 00000 n \ntrailer\n<< /Size 6 /Root 1 0 R /Prev %d >>\n" % (
            place,
            previous,
        )
        data += b"startxref\n%d\n%%%%EOF\n" % table
    return data


def _kids(kind: str) -> bytes:
    tree = {
        "nested": b"<< /Type /Pages /Kids [6 0 R] /Count 1 /MediaBox [0 0 595 842] /Rotate 90 >>",
        "count": b"<< /Type /Pages /Kids [3 0 R] /Count 7 >>",
        "twice": b"<< /Type /Pages /Kids [3 0 R 3 0 R] /Count 2 >>",
        "null": b"<< /Type /Pages /Kids [null 3 0 R 77 0 R] /Count 3 >>",
        "typeless": b"<< /Kids [3 0 R] /Count 1 >>",
    }[kind]
    inner = b"<< /Type /Pages /Parent 2 0 R /Kids [3 0 R] /Count 1 >>"
    data = _simple(b"", None, inner, pages=tree)
    if kind == "nested":
        data = data.replace(
            b"/Parent 2 0 R /MediaBox [0 0 595 842] /Contents",
            b"/Parent 6 0 R                         /Contents",
        )
    return data


def _contents_in_parts() -> bytes:
    """An array of streams, broken in the middle of a command."""
    half = len(_CONTENT) // 2
    while _CONTENT[half : half + 1] != b" ":
        half += 1
    return _simple(b"", _stream(_CONTENT[:half]), _stream(_CONTENT[half:]), contents=b"[4 0 R 6 0 R]")


def _inline_image() -> bytes:
    picture = b"q 200 0 0 200 72 200 cm BI /W 4 /H 4 /BPC 8 /CS /G /F /AHx ID 00FF00FF FF00FF00 00FF00FF FF00FF00> EI Q "
    return _simple(content=_stream(picture + _CONTENT))


def _inline_image_raw() -> bytes:
    picture = b"q 200 0 0 200 72 200 cm BI /W 4 /H 4 /BPC 8 /CS /G ID \x00\xff\x00\xffEI \xff\x00 EI\x00\xff\x00\xff\xff\x00\nEI Q "
    return _simple(content=_stream(picture + _CONTENT))


def _type3() -> bytes:
    font = (
        b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 750 750] /FontMatrix [0.001 0 0 0.001 0 0] /CharProcs << /a 7 0 R >>"
        b" /Encoding << /Type /Encoding /Differences [97 /a] >> /FirstChar 97 /LastChar 97 /Widths [1000] /Resources << >> >>"
    )
    return _simple(
        b"",
        _stream(b"BT /F 40 Tf 72 600 Td (aaa) Tj ET"),
        font,
        _stream(b"1000 0 0 0 750 750 d1 0 0 750 750 re f"),
        resources=b"/Font << /F 6 0 R >>",
    )


def _unbalanced() -> bytes:
    """The page ends inside of three saved states, scaled and clipped."""
    return _simple(content=_stream(b"q q q 0.3 0 0 0.3 50 50 cm 0 0 900 900 re W n " + _CONTENT))


def _too_many_restores() -> bytes:
    return _simple(content=_stream(b"Q Q Q " + _CONTENT + b" Q Q"))


def _broken_flate() -> bytes:
    import zlib

    packed = bytearray(zlib.compress(_CONTENT * 40))
    packed[-20:] = b"\xff" * 20
    return _simple(content=_stream(bytes(packed), b"/Filter /FlateDecode"))


def _predictor_png() -> bytes:
    import zlib

    rows = b"".join(b"\x02" + bytes([16 if n else 0] * 30) for n in range(30))
    picture = b"<< /Type /XObject /Subtype /Image /Width 10 /Height 30 /BitsPerComponent 8 /ColorSpace /DeviceRGB /Filter /FlateDecode"
    packed = zlib.compress(rows)
    image = (
        picture
        + b" /DecodeParms << /Predictor 15 /Colors 3 /Columns 10 >> /Length %d >>\nstream\n%s\nendstream"
        % (len(packed), packed)
    )
    content = _stream(b"q 200 0 0 300 72 200 cm /I Do Q")
    return _simple(b"", content, image, resources=b"/XObject << /I 6 0 R >>")


def _soft_mask() -> bytes:
    def change(pikepdf: object, pdf: object) -> None:
        name = pikepdf.Name
        mask = pdf.make_stream(
            bytes(range(0, 256, 4)),
            Type=name.XObject,
            Subtype=name.Image,
            Width=8,
            Height=8,
            ColorSpace=name.DeviceGray,
            BitsPerComponent=8,
        )
        image = pdf.make_stream(
            b"\x20\x40\xc0" * 64,
            Type=name.XObject,
            Subtype=name.Image,
            Width=8,
            Height=8,
            ColorSpace=name.DeviceRGB,
            BitsPerComponent=8,
            SMask=mask,
        )
        page = pikepdf.Page(pdf.pages[0])
        page.add_resource(image, name.XObject, name.Im9)
        page.contents_add(b"q 300 0 0 300 150 250 cm /Im9 Do Q")

    return _pikepdf(change)


def _portfolio() -> bytes:
    def change(pikepdf: object, pdf: object) -> None:
        pdf.attachments["isi.txt"] = b"isi"
        pdf.Root["/Collection"] = pikepdf.Dictionary(View=pikepdf.Name.D)

    return _pikepdf(change)


def _actions() -> bytes:
    def change(pikepdf: object, pdf: object) -> None:
        name, entry = pikepdf.Name, pikepdf.Dictionary
        pdf.Root["/OpenAction"] = entry(S=name.JavaScript, JS="app.alert('halo')")
        pdf.Root["/AA"] = entry(WC=entry(S=name.JavaScript, JS="1"))
        pdf.pages[0].obj["/AA"] = entry(O=entry(S=name.Launch, F="calc.exe"))
        link = entry(
            Type=name.Annot,
            Subtype=name.Link,
            Rect=[10, 10, 90, 40],
            A=entry(S=name.SubmitForm, F="http://127.0.0.1/"),
        )
        pdf.pages[0].obj["/Annots"] = pikepdf.Array([pdf.make_indirect(link)])

    return _pikepdf(change)


def _hidden_annotations() -> bytes:
    """Stamps with every combination of hidden, for print only and for the screen only."""

    def change(pikepdf: object, pdf: object) -> None:
        name, found = pikepdf.Name, []
        for number, flags in enumerate((0, 2, 4, 32, 36, 64)):
            look = pdf.make_stream(
                b"1 0 0 rg 0 0 50 50 re f", Type=name.XObject, Subtype=name.Form, BBox=[0, 0, 50, 50]
            )
            found.append(pdf.make_indirect(pikepdf.Dictionary(
                Type=name.Annot, Subtype=name.Stamp, F=flags, Rect=[60 + 70 * number, 300, 110 + 70 * number, 350],
                AP=pikepdf.Dictionary(N=look))))  # fmt: skip
        pdf.pages[0].obj["/Annots"] = pikepdf.Array(found)

    return _pikepdf(change)


def _annots_odd() -> bytes:
    def change(pikepdf: object, pdf: object) -> None:
        link = pdf.make_indirect(
            pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[10, 10, 90, 40])
        )
        pdf.pages[0].obj["/Annots"] = pikepdf.Array([link, link, None, 17, pikepdf.Dictionary()])
        pdf.pages[1].obj["/Annots"] = pikepdf.Dictionary()

    return _pikepdf(change)


def _xfa_static() -> bytes:
    def change(pikepdf: object, pdf: object) -> None:
        pdf.Root["/AcroForm"]["/XFA"] = pdf.make_stream(
            b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'></xdp:xdp>"
        )

    return _pikepdf(change, "reportlab/form.pdf")


def _xfa_dynamic() -> bytes:
    def change(pikepdf: object, pdf: object) -> None:
        pdf.Root["/AcroForm"] = pikepdf.Dictionary(Fields=pikepdf.Array([]), XFA=pdf.make_stream(b"<xdp/>"))
        pdf.Root["/NeedsRendering"] = True

    return _pikepdf(change)


def _need_appearances() -> bytes:
    def change(pikepdf: object, pdf: object) -> None:
        pdf.Root["/AcroForm"]["/NeedAppearances"] = True
        for field in pdf.pages[0].obj["/Annots"]:
            if "/AP" in field and str(field.get("/FT")) in ("/Tx", "/Ch"):
                del field["/AP"]

    return _pikepdf(change, "reportlab/form.pdf")


def _form_lost() -> bytes:
    def change(_pikepdf: object, pdf: object) -> None:
        del pdf.Root["/AcroForm"]

    return _pikepdf(change, "reportlab/form.pdf")


def _empty_signature_field() -> bytes:
    def change(pikepdf: object, pdf: object) -> None:
        name = pikepdf.Name
        field = pdf.make_indirect(
            pikepdf.Dictionary(
                Type=name.Annot, Subtype=name.Widget, FT=name.Sig, T="ttd", F=4, Rect=[300, 100, 450, 160]
            )
        )
        pdf.pages[0].obj["/Annots"] = pikepdf.Array([field])
        pdf.Root["/AcroForm"] = pikepdf.Dictionary(Fields=pikepdf.Array([field]), SigFlags=1)

    return _pikepdf(change)


def _layers_off() -> bytes:
    return _qpdf("--object-streams=generate", source="pymupdf/layers.pdf")


def _many_pages() -> bytes:
    def change(_pikepdf: object, pdf: object) -> None:
        for _ in range(220):
            pdf.pages.append(pdf.pages[0])

    return _pikepdf(change, compress_streams=True)


def _mutated(
    file: str, special: str, make: Callable[[], bytes], producer: str = "by hand", **more: object
) -> Recipe:
    return Recipe(f"mutations/{file}", producer, special, make, mutation=True, **more)  # type: ignore[arg-type]


RECIPES = [
    _mutated("object-streams.pdf", "object streams", lambda: _qpdf("--object-streams=generate"), "qpdf"),
    _mutated("linearized.pdf", "linearised", lambda: _qpdf("--linearize"), "qpdf"),
    _mutated(
        "linearized-updated.pdf",
        "linearised, then updated by hand",
        lambda: _qpdf("--linearize", source="pypdf/incremental.pdf"),
        "qpdf",
    ),
    _mutated("qdf.pdf", "qpdf's readable form", lambda: _qpdf("--qdf"), "qpdf"),
    _mutated("rc4-40.pdf", "owner password, RC4 40", lambda: _encrypted("40"), "qpdf"),
    _mutated(
        "rc4-128.pdf",
        "owner password, RC4 128, object streams",
        lambda: _encrypted("128", "--print=none", source="pdf-lib/letter.pdf"),
        "qpdf",
    ),
    _mutated(
        "aes-128-clear-metadata.pdf",
        "owner password, AES 128, metadata in the clear",
        lambda: _encrypted("128", "--use-aes=y", "--cleartext-metadata"),
        "qpdf",
    ),
    _mutated("aes-256.pdf", "owner password, AES 256", lambda: _encrypted("256", "--modify=none"), "qpdf"),
    _mutated("mutool-clean.pdf", "cleaned by MuPDF", lambda: _mutool("-gggg", "-z"), "mutool"),
    _mutated(
        "mutool-ascii.pdf", "ASCII only", lambda: _mutool("-a", "-i", source="img2pdf/palette.pdf"), "mutool"
    ),
    _mutated("rotate-45.pdf", "turned by 45 degrees, which nothing may be", lambda: _page(Rotate=45)),
    _mutated("rotate-minus-90.pdf", "turned by -90 degrees", lambda: _page(Rotate=-90)),
    _mutated("rotate-450.pdf", "turned by 450 degrees", lambda: _page(Rotate=450)),
    _mutated(
        "origin-elsewhere.pdf",
        "media box far from the origin",
        lambda: _page(MediaBox=[-500, -300, 112, 492]),
    ),
    _mutated(
        "corners-swapped.pdf", "media box from the upper right", lambda: _page(MediaBox=[612, 792, 0, 0])
    ),
    _mutated("crop-outside.pdf", "crop box beyond the page", lambda: _page(CropBox=[1000, 1000, 1500, 1500])),
    _mutated(
        "crop-larger.pdf", "crop box larger than the page", lambda: _page(CropBox=[-100, -100, 900, 900])
    ),
    _mutated("crop-turned.pdf", "cropped and turned", lambda: _page(CropBox=[50, 350, 350, 780], Rotate=270)),
    _mutated("user-unit.pdf", "units of two points, turned", lambda: _page(UserUnit=2, Rotate=90)),
    _mutated(
        "media-empty.pdf", "media box without extent", lambda: _page(MediaBox=[0, 0, 0, 0]), repaired=True
    ),
    _mutated(
        "media-words.pdf",
        "media box of names",
        lambda: _simple().replace(b"[0 0 595 842]", b"[/a /b 595 /d]"),
        repaired=True,
    ),
    _mutated("many-pages.pdf", "222 pages", _many_pages, "pikepdf", expect="pdf.too_many_pages"),
    _mutated("before-header.pdf", "junk before the header", _before_header),
    _mutated("after-end.pdf", "junk after the end", _after_end),
    _mutated("crlf.pdf", "sent in text mode", _crlf, repaired=True),
    _mutated("old-mac.pdf", "lines end with CR", _old_mac, repaired=True),
    _mutated("no-startxref.pdf", "startxref missing", _no_startxref, repaired=True),
    _mutated("no-table.pdf", "cross-reference table missing", _no_table, repaired=True),
    _mutated("no-endobj.pdf", "endobj missing", _no_endobj, repaired=True),
    _mutated("length-short.pdf", "stream longer than it says", lambda: _wrong_length(10), repaired=True),
    _mutated("length-long.pdf", "stream shorter than it says", lambda: _wrong_length(5000), repaired=True),
    _mutated("length-astray.pdf", "length refers to nothing", _length_astray, repaired=True),
    _mutated("table-off-by-one.pdf", "every offset one too large", _table_off_by_one, repaired=True),
    _mutated("cut-at-90.pdf", "the last tenth is missing", lambda: _cut(0.9), repaired=True),
    _mutated("cut-at-40.pdf", "most is missing", lambda: _cut(0.4), expect="pdf.broken"),
    _mutated("zeros-in-picture.pdf", "a block of zeros in a picture", _zeros_in_the_middle, tolerated="qpdf"),
    _mutated("two-updates.pdf", "two incremental updates", _two_updates),
    _mutated("tree-nested.pdf", "box and turn inherited", lambda: _kids("nested")),
    _mutated("tree-count.pdf", "says seven pages, has one", lambda: _kids("count")),
    _mutated("tree-twice.pdf", "one page listed twice", lambda: _kids("twice"), repaired=True),
    _mutated("tree-null.pdf", "kids that are nothing", lambda: _kids("null")),
    _mutated("tree-typeless.pdf", "page tree without type", lambda: _kids("typeless"), repaired=True),
    _mutated("contents-in-parts.pdf", "contents in two streams", _contents_in_parts),
    _mutated("inline-image.pdf", "inline image in hexadecimal", _inline_image),
    _mutated("inline-image-raw.pdf", "inline image with EI in its data", _inline_image_raw),
    _mutated("type3.pdf", "Type 3 font by hand", _type3),
    _mutated("unbalanced.pdf", "states saved and never restored", _unbalanced),
    _mutated("restores.pdf", "states restored and never saved", _too_many_restores),
    _mutated("broken-flate.pdf", "content whose packing is damaged", _broken_flate, tolerated="qpdf"),
    _mutated("predictor.pdf", "PNG predictor", _predictor_png),
    _mutated("soft-mask.pdf", "picture with a soft mask", _soft_mask, "pikepdf"),
    _mutated("portfolio.pdf", "portfolio", _portfolio, "pikepdf"),
    _mutated("actions.pdf", "script, program, form to be sent", _actions, "pikepdf"),
    _mutated("hidden-annotations.pdf", "annotations with every flag", _hidden_annotations, "pikepdf"),
    _mutated(
        "annotations-odd.pdf",
        "annotations listed twice, null, numbers",
        _annots_odd,
        "pikepdf",
        repaired=True,
    ),
    _mutated("xfa-static.pdf", "XFA beside a form", _xfa_static, "pikepdf"),
    _mutated("xfa-dynamic.pdf", "XFA only", _xfa_dynamic, "pikepdf", expect="pdf.xfa_dynamic"),
    _mutated("need-appearances.pdf", "fields without appearance", _need_appearances, "pikepdf"),
    _mutated("form-lost.pdf", "fields without a form", _form_lost, "pikepdf"),
    _mutated(
        "empty-signature-field.pdf", "a signature field nobody signed", _empty_signature_field, "pikepdf"
    ),
    _mutated("layers-off.pdf", "hidden layer, object streams", _layers_off, "qpdf"),
]
