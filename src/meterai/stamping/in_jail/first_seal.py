"""The revision of a file's first seal, appended to what qpdf wrote a moment ago. Runs in the jail.

Such a file has one form: a cross-reference table, objects in the order of their numbers, dictionaries on one
line. So the two objects that change, catalog and field, are found by the table and extended as bytes, where
pyHanko (`increment.py`) would parse, build and write objects. Files of another form are left to it: those
whose table or catalog is packed in streams. A test compares what both write.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import pikepdf
from pyhanko.pdf_utils.generic import pdf_date

from meterai.stamping.in_jail.increment import TURNS, PreparedGap, SealEntries
from meterai.stamping.stamp_face.visible_stamp import (
    ARTWORK_FONT,
    COLOUR_SPACES,
    SIDE,
    STAMP_FONT,
    artwork,
    draw_stamp,
)

_TAIL_BYTES = 400
_TAIL = re.compile(
    rb"trailer << (?P<info>/Info \d+ 0 R )?/Root (?P<root>\d+) 0 R /Size (?P<size>\d+)"
    rb" /ID \[(?P<id><[0-9a-f]{32}>)<[0-9a-f]{32}>\] >>\nstartxref\n(?P<table>\d+)\n%%EOF\n\Z"
)
_END = b" >>\nendobj\n"
_RANGE_BYTES = 60
"""Room for the byte range, whose numbers are known when everything else is written."""


def seal_first(base: bytes, entries: SealEntries) -> PreparedGap | None:
    """Gives the stamp its face and a signature with an empty gap.

    None where the file has another form or lacks the field, and where the seal locks the document. There
    must be no seal yet.
    """
    tail = _TAIL.search(base, max(0, len(base) - _TAIL_BYTES))
    if tail is None or entries.lock:
        return None
    table = _Table(base, int(tail["table"]), int(tail["size"]))
    root = int(tail["root"])
    field_number = table.number_at(base.find(b" /T (%s) " % entries.field_name.encode()))
    catalog, field = table.dictionary(root), table.dictionary(field_number)
    if catalog is None or field is None:
        return None
    art, face, signature = range(table.size, table.size + 3)
    turn = re.search(rb" /MK << /R (\d+) >>", field)
    changed = {
        field_number: field + b" /AP << /N %d 0 R >> /V %d 0 R >>" % (face, signature),
        art: _form(artwork(specimen=entries.specimen), ARTWORK_FONT),
        face: _form(
            draw_stamp(entries.serial, entries.code),
            STAMP_FONT + b" /XObject << /Art %d 0 R >>" % art,
            b" /Matrix [ %d %d %d %d 0 0 ]" % TURNS[int(turn[1]) if turn else 0],
        ),
    }
    if entries.certify:
        changed[root] = catalog + b" /Perms << /DocMDP %d 0 R >> >>" % signature
    identity = tail["id"] + b"<%s>" % entries.identity.hex().encode()
    trailer = b"%s/Root %d 0 R /Size %d /ID [%s] /Prev %d" % (
        tail["info"] or b"", root, signature + 1, identity, table.place,
    )  # fmt: skip
    return _append(base, changed, signature, entries, trailer)


class _Table(NamedTuple):
    """The cross-reference table at `place` of a file: one section, `size` entries of 20 bytes."""

    data: bytes
    place: int
    size: int

    def _offset(self, number: int) -> int:
        """Of an object; of the table itself for the one behind the last; -1 for none."""
        if number == self.size:
            return self.place
        first = self.place + len(b"xref\n0 %d\n" % self.size)
        entry = self.data[first + 20 * number : first + 20 * (number + 1)]
        return int(entry[:10]) if entry.endswith(b" 00000 n \n") else -1

    def number_at(self, place: int) -> int:
        """The object in whose dictionary `place` lies; 0 for none."""
        header = self.data.rfind(b" 0 obj\n", 0, max(place, 0))
        number = self.data[self.data.rfind(b"\n", 0, header) + 1 : header] if header > 0 else b""
        return int(number) if number.isdigit() else 0

    def dictionary(self, number: int) -> bytes | None:
        """An object of its own that is a dictionary, without the `>>` at its end."""
        if not 0 < number < self.size:
            return None
        start, end = self._offset(number), self._offset(number + 1)
        header = b"%d 0 obj\n" % number
        found = self.data[start:end]
        if start < 0 or not found.startswith(header + b"<< ") or not found.endswith(_END):
            return None
        return found[len(header) : -len(_END)]


def _append(
    base: bytes, changed: dict[int, bytes], signature: int, entries: SealEntries, trailer: bytes
) -> PreparedGap:
    """The file with one more revision (ISO 32000-1 clause 7.5.6), the signature last."""
    parts, places, size = [base], {}, len(base)
    for number in sorted(changed):
        places[number] = size
        parts.append(b"%d 0 obj\n%s\nendobj\n" % (number, changed[number]))
        size += len(parts[-1])
    places[signature] = size
    head = b"%d 0 obj\n<< /Contents " % signature
    gap = b"<%s>" % (b"00" * entries.contents_bytes)
    start = size + len(head)
    end = start + len(gap)
    values = _signature_entries(entries)
    place = end + len(b" /ByteRange ") + _RANGE_BYTES + len(values)
    table = b"xref\n%strailer\n<< %s >>\nstartxref\n%d\n%%%%EOF\n" % (_sections(places), trailer, place)
    numbers = b"[0 %d %d %d]" % (start, end, place + len(table) - end)
    parts += [head, gap, b" /ByteRange ", numbers.ljust(_RANGE_BYTES), values, table]
    return PreparedGap(data=b"".join(parts), start=start, end=end)


def _sections(places: dict[int, int]) -> bytes:
    """The sections of a cross-reference table, one for each object."""
    lines = [b"0 1\n0000000000 65535 f \n"]
    for number, place in places.items():
        lines.append(b"%d 1\n%010d 00000 n \n" % (number, place))
    return b"".join(lines)


def _signature_entries(entries: SealEntries) -> bytes:
    """What follows contents and byte range in the signature dictionary (clause 12.8.1)."""
    texts = {
        b"M": str(pdf_date(entries.signing_time)),
        b"Name": entries.signer_name,
        b"Location": entries.location,
        b"Reason": entries.reason,
    }
    written = b"".join(b" /%s %s" % (key, pikepdf.String(text).unparse()) for key, text in texts.items())
    reference = (
        b" /Reference [ << /Type /SigRef /TransformMethod /DocMDP /TransformParams"
        b" << /Type /TransformParams /V /1.2 /P %d >> >> ]" % entries.certify
        if entries.certify
        else b""
    )
    return (
        b" /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached%s"
        b" /Prop_Build << /App << /Name /Meterai /REx (1) >> >>%s >>\nendobj\n" % (written, reference)
    )


def _form(packed: bytes, font: bytes, matrix: bytes = b"") -> bytes:
    """A form XObject (clause 8.10) of the stamp's square around a Flate-packed content stream.

    `font`: that of its resources, and what else they hold.
    """
    return (
        b"<< /Type /XObject /Subtype /Form /BBox [ 0 0 %d %d ]%s /Resources << /ColorSpace %s /Font %s >>"
        b" /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream"
        % (SIDE, SIDE, matrix, COLOUR_SPACES, font, len(packed), packed)
    )
