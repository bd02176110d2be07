"""Writes PDF files by hand, with whatever lies they are to tell."""

from __future__ import annotations

import zlib

PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), entries, data)


def flate(data: bytes, entries: bytes = b"") -> bytes:
    return stream(zlib.compress(data, 9), b"/Filter /FlateDecode " + entries)


def zeros(unpacked_bytes: int, times: int = 1, fill: bytes = b"\0") -> bytes:
    """`fill` again and again, deflated `times` times; made without unpacked bytes ever existing.

    Deflated pieces that end in a full flush can be put one behind the other (RFC 1951, RFC 1950).
    """
    block = fill * (1_000_000 // len(fill))
    packer = zlib.compressobj(9)
    first = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    count = unpacked_bytes // len(block)
    check = one = zlib.adler32(block)
    for _ in range(count - 1):
        check = _adler_of_both(check, one, len(block))
    packed = first + again * (count - 1) + b"\x03\0" + check.to_bytes(4, "big")
    for _ in range(times - 1):
        packed = zlib.compress(packed, 9)
    return packed


def _adler_of_both(first: int, second: int, second_bytes: int) -> int:
    prime = 65521
    low = ((first & 0xFFFF) + (second & 0xFFFF) - 1) % prime
    high = ((first >> 16) + (second >> 16) + second_bytes * ((first & 0xFFFF) - 1)) % prime
    return high << 16 | low


def document(
    *more: bytes, page: bytes = b"", catalog: bytes = b"", pages: bytes = b"", trailer: bytes = b""
) -> bytes:
    """A file of one page: catalog 1, page tree 2, page 3, and `more` from object 4 on."""
    return file(
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
        pages or b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] %s >>" % page,
        *more,
        trailer=trailer,
    )


def file(*objects: bytes, trailer: bytes = b"") -> bytes:
    """Objects 1, 2, ... with a true table; `%TABLE%` in the trailer becomes the table's own offset."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    return bytes(out) + table(places, len(out), trailer)


def table(places: list[int], start: int, trailer: bytes = b"") -> bytes:
    """Cross-reference table, trailer and startxref, standing at `start`."""
    out = b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    extra = trailer.replace(b"%TABLE%", b"%d" % start)
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\n" % (len(places) + 1, extra)
    return out + b"startxref\n%d\n%%%%EOF\n" % start


def drawing(content: bytes, resources: bytes, *more: bytes) -> bytes:
    """One page that draws `content`; `more` are objects from 5 on."""
    return document(stream(content), *more, page=b"/Contents 4 0 R /Resources << %s >>" % resources)


FORM = b"/Type /XObject /Subtype /Form /BBox [0 0 500 500]"
