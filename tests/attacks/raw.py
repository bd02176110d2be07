"""Writes revisions by hand: what a forger does who minds no library's checks."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass

import pikepdf

_START = re.compile(rb"startxref\s+(\d+)")


@dataclass(frozen=True)
class Anatomy:
    """Object numbers of the parts that forgers change."""

    root: int
    pages: int
    page: int
    content: int
    form: int
    field: int
    signature: int
    size: int
    table: int
    """Offset of the last cross-reference table."""


def anatomy(data: bytes) -> Anatomy:
    """Of a stamped file; the field and the signature are the last ones."""
    with pikepdf.open(io.BytesIO(data), inherit_page_attributes=False) as pdf:
        form = pdf.Root.get("/AcroForm")
        field = form.Fields[-1] if form is not None else pdf.Root
        page = pdf.pages[0]
        content = page.Contents[0] if isinstance(page.Contents, pikepdf.Array) else page.Contents
        return Anatomy(
            root=pdf.Root.objgen[0],
            pages=pdf.Root.Pages.objgen[0],
            page=page.objgen[0],
            content=content.objgen[0],
            form=form.objgen[0] if form is not None else 0,
            field=field.objgen[0],
            signature=field.V.objgen[0] if "/V" in field else 0,
            size=int(pdf.trailer.Size),
            table=int(_START.findall(data)[-1]),
        )


def entries_of(data: bytes, number: int) -> dict[str, bytes]:
    """The entries of a dictionary in the file, each value as text."""
    with pikepdf.open(io.BytesIO(data), inherit_page_attributes=False) as pdf:
        return {key: _text(value) for key, value in pdf.get_object(number, 0).items()}


def _text(value: object) -> bytes:
    if isinstance(value, pikepdf.Object):
        return value.unparse()
    return str(value).lower().encode()  # true, false and numbers


def edited(data: bytes, number: int, changes: Mapping[str, bytes | None]) -> bytes:
    """A dictionary's text with entries replaced or added; None takes one out."""
    entries: dict[str, bytes | None] = {**entries_of(data, number), **changes}
    return b"<< %s >>" % b" ".join(b"%s %s" % (k.encode(), v) for k, v in entries.items() if v is not None)


def longer(data: bytes, number: int, key: str, item: bytes) -> bytes:
    """The text of a list in a dictionary (an empty one if it isn't there), with one more item."""
    with pikepdf.open(io.BytesIO(data), inherit_page_attributes=False) as pdf:
        found = pdf.get_object(number, 0).get(key)
        items = [] if found is None else [_text(value) for value in found]
    return b"[%s]" % b" ".join([*items, item])


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), entries, content)


def form_xobject(content: bytes, width: int, height: int, entries: bytes = b"") -> bytes:
    kind = b"/Type /XObject /Subtype /Form /BBox [0 0 %d %d] %s" % (width, height, entries)
    return stream(content, kind)


def objects_text(objects: Mapping[int, bytes], start: int) -> tuple[bytes, dict[int, int]]:
    """The objects one after the other, and where each lies when the text begins at offset `start`."""
    out, offsets = bytearray(), {}
    for number, body in objects.items():
        offsets[number] = start + len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    return bytes(out), offsets


def table_text(entries: Mapping[int, int], generation: int = 0) -> bytes:
    """A cross-reference table; an offset of 0 frees the object."""
    lines = [b"xref\n"]
    for number, offset in sorted(entries.items()):
        kind = b"%010d %05d n \n" % (offset, generation) if offset else b"0000000000 00001 f \n"
        lines.append(b"%d 1\n%s" % (number, kind))
    return b"".join(lines)


def append(
    data: bytes,
    objects: Mapping[int, bytes] | None = None,
    *,
    entries: Mapping[int, int] | None = None,
    trailer: bytes = b"",
    root: int | None = None,
    previous: int | None = None,
    generation: int = 0,
    end: bytes = b"%%EOF\n",
) -> bytes:
    """The file with one more revision: `objects` by number, and `entries` that point wherever they like."""
    parts, objects = anatomy(data), objects or {}
    start = data if data.endswith(b"\n") else data + b"\n"
    text, offsets = objects_text(objects, len(start))
    size = max(parts.size, *(n + 1 for n in objects), 0) if objects else parts.size
    table = len(start) + len(text)
    head = b"trailer\n<< /Size %d /Root %d 0 R /Prev %d %s >>\n" % (
        size,
        root or parts.root,
        parts.table if previous is None else previous,
        trailer,
    )
    body = table_text({**offsets, **(entries or {})}, generation) + head
    return start + text + body + b"startxref\n%d\n" % table + end
