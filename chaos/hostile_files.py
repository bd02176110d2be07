"""Two hostile PDFs: one that never ends being drawn, one that fills the memory."""

from __future__ import annotations

import zlib


def endless_drawing(number: int) -> bytes:
    """Some 700 bytes that use all CPU time of a job: a pattern of tiles that are far too small."""
    tile = b"/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 1 1] "
    tile += b"/XStep 0.0001 /YStep 0.0001 /Resources << >>"
    content = b"/Pattern cs /P scn 0 0 500 500 re f"
    page = b"/Contents 4 0 R /Resources << /Pattern << /P 5 0 R >> >>"
    return _document(page, _stream(content), _stream(b"0 0 1 1 re f", tile)) + b"%% %d\n" % number


def memory_bomb(number: int) -> bytes:
    """Packed twice: 300 MB that call themselves a colour profile."""
    packed = zlib.compress(zlib.compress(bytes(300_000_000), 9), 9)
    content = b"/C cs 0 0 0 scn 0 0 500 500 re f"
    page = b"/Contents 4 0 R /Resources << /ColorSpace << /C [/ICCBased 5 0 R] >> >>"
    profile = b"<< /N 3 /Filter [/FlateDecode /FlateDecode] /Length %d >>\nstream\n%b\nendstream" % (
        len(packed),
        packed,
    )
    return _document(page, _stream(content), profile) + b"%% %d\n" % number


def _stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< %b /Length %d >>\nstream\n%b\nendstream" % (entries, len(content), content)


def _document(page: bytes, *objects: bytes) -> bytes:
    """A document of one page. `objects`: from number 4 on."""
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] %b >>" % page,
        *objects,
    ]
    body, places = b"%PDF-1.7\n", list[int]()
    for number, part in enumerate(parts, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(parts) + 1
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n%b" % (size, table) + trailer
