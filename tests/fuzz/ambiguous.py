"""Uploads that two programs may read in two ways, and what must hold for those that are accepted.

qpdf reads an upload and writes the file that is stamped; PDFium draws both. What people saw of the upload is
what gets the stamp, whichever of the two reads it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from contextlib import suppress
from functools import cache

import pikepdf
import pypdfium2

from meterai.kernel.refusals import Refusal
from meterai.stamping.in_jail.reception import receive
from meterai.stamping.requests import OutputLimits, ReceptionRequest
from tests.attacks.raw import stream
from tests.fuzz.refusals import assert_named
from tests.hostile.raw import file

SHOWN, OTHER = b"Rp 1.000.000", b"Rp 9.000.000"
Edit = Callable[[bytes, int, int], bytes]
"""Takes the file, a number that chooses a place, and one that chooses a form."""


def text(amount: bytes) -> bytes:
    return b"BT /F1 18 Tf 60 750 Td (Jumlah: %s) Tj ET" % amount


def objects() -> list[bytes]:
    """Objects 1 to 7. The last two are drawn by nobody."""
    font = b"<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Courier >> >> >>"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R /Resources 5 0 R >>"
    return [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        page % 4,
        stream(text(SHOWN)),
        font,
        stream(text(OTHER)),
        page % 6,
    ]


@cache
def base(kind: int) -> bytes:
    """A plain file: with a table, in two revisions, or with a table in a stream."""
    plain = file(*objects())
    if kind == 0:
        return plain
    if kind == 1:
        changed = b"4 0 obj\n%s\nendobj\n" % stream(text(SHOWN) + b" ")
        at = len(plain) + len(changed)
        table = b"xref\n4 1\n%010d 00000 n \ntrailer\n<< /Size 8 /Root 1 0 R /Prev %d >>\n"
        tail = table % (len(plain), plain.index(b"xref\n0")) + b"startxref\n%d\n%%%%EOF\n" % at
        return plain + changed + tail
    out = io.BytesIO()
    modes = pikepdf.ObjectStreamMode
    with pikepdf.open(io.BytesIO(plain)) as pdf:
        mode = modes.generate if kind == 2 else modes.disable
        pdf.save(out, static_id=True, object_stream_mode=mode, compress_streams=kind == 2)
    return out.getvalue()


def _at(pattern: bytes, data: bytes, place: int) -> re.Match[bytes] | None:
    found = list(re.finditer(pattern, data))
    return found[place % len(found)] if found else None


def _replace(match: re.Match[bytes] | None, data: bytes, new: bytes) -> bytes:
    return data if match is None else data[: match.start()] + new + data[match.end() :]


def _insert(match: re.Match[bytes] | None, data: bytes, new: bytes) -> bytes:
    return data if match is None else data[: match.end()] + new + data[match.end() :]


def _copy(number: int, form: int) -> bytes:
    """An object under a number that is taken."""
    contents = {4: stream(text(OTHER)), 3: objects()[6], 1: objects()[0], 2: objects()[1], 5: objects()[4]}
    head = (b"%d 0 obj\n", b"%d  0  obj ", b"%d 1 obj\n", b"%%\n%d 0 obj\n")[form % 4] % number
    return head + contents.get(number, stream(text(OTHER))) + b"\nendobj\n"


def object_again(data: bytes, place: int, form: int) -> bytes:
    """In front of the table, behind it, behind the end, or at the beginning."""
    added = _copy((4, 3, 4, 2, 5)[place % 5], form)
    match place // 5 % 4:
        case 0:
            at = data.rindex(b"xref") if b"xref" in data else len(data)
        case 1:
            at = data.rindex(b"startxref") if b"startxref" in data else len(data)
        case 2:
            at = len(data)
        case _:
            at = data.find(b"\n", 10) + 1
    return data[:at] + added + data[at:]


def table_offset(data: bytes, place: int, form: int) -> bytes:
    """An entry of the table leads elsewhere."""
    found = _at(rb"\d{10} \d{5} n", data, place)
    heads = [match.start() for match in re.finditer(rb"\d+ 0 obj", data)]
    if found is None or not heads:
        return data
    told = heads[form % len(heads)] if form % 3 else (int(found[0][:10]) + form) % len(data)
    return _replace(found, data, b"%010d 00000 n" % told)


def table_entry_twice(data: bytes, place: int, form: int) -> bytes:
    """One more subsection names an object again."""
    found = _at(rb"trailer", data, place)
    heads = [match.start() for match in re.finditer(rb"\d+ 0 obj", data)]
    if found is None or not heads:
        return data
    row = b"%d 1\n%010d 00000 n \n" % ((4, 3)[place % 2], heads[form % len(heads)])
    return data[: found.start()] + row + data[found.start() :]


def startxref_elsewhere(data: bytes, place: int, form: int) -> bytes:
    found = _at(rb"startxref\s+\d+", data, place)
    old = int(found[0].split()[1]) if found else 0
    told = (0, old + 1, old - 1, len(data), old + form, 9)[form % 6]
    return _replace(found, data, b"startxref\n%d" % told)


def another_trailer(data: bytes, place: int, form: int) -> bytes:
    added = (
        b"trailer\n<< /Size 8 /Root 1 0 R >>\n",
        b"trailer\n<< /Root 1 0 R /Prev 0 >>\nstartxref\n0\n%%EOF\n",
        b"startxref\n0\n%%EOF\n",
        b"%%EOF\n",
    )[form % 4]
    return data + added if place % 2 else _replace(_at(rb"%%EOF\n?", data, 0), data, b"%%EOF\n" + added)


def another_header(data: bytes, place: int, form: int) -> bytes:
    added = (b"%PDF-1.4\n", b"\n\n%PDF-1.7\n", b"x" * 40 + b"\n", file(*objects()))[form % 4]
    return added + data if place % 2 else data + added


def other_length(data: bytes, place: int, form: int) -> bytes:
    """The stated length of a stream is not the true one."""
    found = _at(rb"/Length \d+", data, place)
    old = int(found[0].split()[1]) if found else 0
    told = (0, old - 5, old + 5, old + 40, 99999, old // 2)[form % 6]
    return _replace(found, data, b"/Length %d" % told)


def end_inside(data: bytes, place: int, form: int) -> bytes:
    """The content holds the end of a stream, and more behind it."""
    added = (
        b"\nendstream\nendobj\n4 0 obj\n" + stream(text(OTHER)) + b"\nendobj\n",
        b"\nendstream ",
        b"\nendstream\nendobj\n",
        b"\n" + text(OTHER),
    )[form % 4]
    return _insert(_at(rb"Tj ET", data, place), data, added)


def keyword(data: bytes, place: int, form: int) -> bytes:
    """A keyword is written in another way, or is missing."""
    words = (
        rb"stream\n",
        rb"endstream",
        rb"endobj",
        rb"\d obj",
        rb"xref\n",
        rb"trailer",
        rb" R\b",
        rb"%%EOF",
    )
    new = (b"", b"stream\r", b"stream \n", b"endobj endobj", b"\r\n", b" ", b"%", b"\0")[form % 8]
    return _replace(_at(words[place % len(words)], data, place // 8), data, new)


def name(data: bytes, place: int, form: int) -> bytes:
    """A name is written twice with two values, or with escapes (ISO 32000-2 clause 7.3.5)."""
    pairs = (
        (rb"/Contents 4 0 R", b"/Contents 4 0 R /Contents 6 0 R"),
        (rb"/Contents 4 0 R", b"/Contents 6 0 R /Contents 4 0 R"),
        (rb"/Contents", b"/Conten#74s 6 0 R /Contents"),
        (rb"/Kids \[3 0 R\]", b"/Kids [3 0 R] /Kids [7 0 R]"),
        (rb"/Kids \[3 0 R\]", b"/Kids [3 0 R 7 0 R]"),
        (rb"/Pages 2 0 R", b"/Pages 2 0 R /Pages 3 0 R"),
        (rb"/Count 1", b"/Count 2"),
        (rb"/Contents 4 0 R", b"/Contents [4 0 R 99 0 R 6 0 R]"),
        (rb"/Contents 4 0 R", b"/Contents [4 0 R null << >>]"),
        (rb"/MediaBox \[0 0 595 842\]", b"/MediaBox [0 0 595 842 1]"),
        (rb"/MediaBox \[0 0 595 842\]", b"/MediaBox [0 0 +-595 84.2.1]"),
        (rb"/Resources 5 0 R", b"/Resources << >>"),
        (rb"/Root 1 0 R", b"/Root 1 0 R /Root 3 0 R"),
        (rb"/Size 8", b"/Size 4"),
        (rb"4 0 R", b"4 1 R"),
        (rb"/Type /Page\b", b"/Type /Lain"),
    )
    old, new = pairs[form % len(pairs)]
    return _replace(_at(old, data, place), data, new)


def filters(data: bytes, place: int, form: int) -> bytes:
    """A stream says that it is packed in a way that it is not, or lies elsewhere."""
    entries = (
        b"/Filter /ASCIIHexDecode",
        b"/Filter [/Lain]",
        b"/Filter /FlateDecode",
        b"/F (lain)",
        b"/DecodeParms << /Predictor 12 >>",
        b"/Filter [null]",
        b"/Filter /Crypt",
        b"/Filter /A85",
    )
    return _insert(_at(rb"<< /Length \d+", data, place), data, b" " + entries[form % len(entries)])


def wrong_number(data: bytes, place: int, form: int) -> bytes:
    """An object's own head names another object."""
    return _replace(_at(rb"\b\d 0 obj", data, place), data, b"%d 0 obj" % (form % 9))


def raw_bytes(data: bytes, place: int, form: int) -> bytes:
    at = place * 257 % max(1, len(data))
    return data[:at] + bytes([form]) + data[at + form % 2 :]


def cut(data: bytes, place: int, form: int) -> bytes:
    """The end is missing, or a piece of the middle."""
    if place % 2:
        return data[: -form - 1]
    at = place * 131 % max(1, len(data))
    return data[:at] + data[at + form :]


EDITS: tuple[Edit, ...] = (
    object_again,
    table_offset,
    table_entry_twice,
    startxref_elsewhere,
    another_trailer,
    another_header,
    other_length,
    end_inside,
    keyword,
    name,
    filters,
    wrong_number,
    raw_bytes,
    cut,
)


def made(recipe: bytes) -> bytes:
    """An upload: a base, then up to six edits of three bytes each."""
    data = base(recipe[0] % 4) if recipe else base(0)
    for at in range(1, min(len(recipe) - 2, 18), 3):
        kind, place, form = recipe[at : at + 3]
        data = EDITS[kind % len(EDITS)](data, place, form)
    return data


def check_ambiguous(recipe: bytes) -> None:
    """What is stamped looks and reads as the upload does, to PDFium and by way of qpdf.

    A reading by qpdf that shows nothing is no other reading: such a file was damaged.
    """
    upload = made(recipe)
    try:
        received = receive(ReceptionRequest(data=upload, stamps=1, limits=OutputLimits()))
    except Refusal as refusal:
        assert_named(refusal, "pdf.")
        return
    assert not received.differences, "there is nothing to flatten"
    stamped, seen = shown(received.instead), shown(upload)
    assert stamped, "what is stamped can't be shown"
    assert shown(rewritten(received.instead)) == stamped, "what is stamped can be read in two ways"
    if not seen:
        return  # nobody saw the upload
    assert seen == stamped, "the upload shows something else"
    other = [words for _, words in shown(rewritten(upload)) if words]
    assert not other or other == [words for _, words in stamped], "qpdf reads something else"


def rewritten(data: bytes) -> bytes:
    """As qpdf reads and writes it; empty if it can't."""
    out = io.BytesIO()
    with suppress(pikepdf.PikepdfError):
        with pikepdf.open(io.BytesIO(data), suppress_warnings=True) as pdf:
            pdf.save(out)
        return out.getvalue()
    return b""


def shown(data: bytes) -> list[tuple[bytes, str]]:
    """Picture and text of each page, as PDFium has them; empty if it opens no page."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError:
        return []
    try:
        return [_page(document, number) for number in range(len(document))]
    except pypdfium2.PdfiumError:
        return []
    finally:
        document.close()


def _page(document: pypdfium2.PdfDocument, number: int) -> tuple[bytes, str]:
    page = document[number]
    bitmap = page.render(scale=0.5, grayscale=True)
    read = page.get_textpage()
    return bytes(bitmap.buffer), str(read.get_text_range())


def seeds() -> list[bytes]:
    """One edit of each kind on each base."""
    return [bytes((kind % 4, number, 0, kind)) for number in range(len(EDITS)) for kind in range(4)]
