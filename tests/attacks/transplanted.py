"""A stamp taken from another file, and signed bytes carried into somebody else's."""

from __future__ import annotations

import io
import re

import pikepdf

from tests.attacks.bases import Bases
from tests.attacks.evidence import (
    both,
    holds_the_stamps_signature,
    looks_different,
    opens,
)
from tests.attacks.forgery import OTHER_SUM
from tests.attacks.raw import anatomy, append, edited, longer, objects_text, stream, table_text
from tests.attacks.suite import Attack, Maker, attacks
from tests.verification.making import SECOND, byte_range, letter

FORGED = "Surat kuasa: jumlah Rp99.000.000"


def _signature_of(data: bytes) -> tuple[bytes, bytes, list[int]]:
    """Digits of the last gap, the reason, the byte range."""
    numbers = byte_range(data)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        reason = bytes(pdf.Root.AcroForm.Fields[-1].V.Reason)
    return data[numbers[1] + 1 : numbers[2] - 1], reason, numbers


def gap_filled(bases: Bases, data: bytes) -> bytes:
    """Mallory's letter with a stamp of her own, into whose gap the victim's signature is written."""
    digits, _reason, _numbers = _signature_of(data)
    return _refill(bases.signed(letter(FORGED)), digits)


def _refill(data: bytes, digits: bytes) -> bytes:
    _zero, start, end, _rest = byte_range(data)
    room = end - start - 2
    return data[: start + 1] + digits.rstrip(b"0")[:room].ljust(room, b"0") + data[end - 1 :]


def dictionary_moved(_: Bases, data: bytes) -> bytes:
    """The victim's signature dictionary, byte range and all, in Mallory's letter."""
    return _planted(letter(FORGED), data, _range_text(byte_range(data)))


def range_adapted(_: Bases, data: bytes) -> bytes:
    """The same with a byte range that fits Mallory's letter."""
    planted = _planted(letter(FORGED), data, b"[0 0000000000 0000000000 0000000000]")
    start = planted.rindex(b"/Contents <") + len(b"/Contents ")
    end = planted.index(b">", start) + 1
    numbers = b"[0 %010d %010d %010d]" % (start, end, len(planted) - end)
    return planted.replace(b"[0 0000000000 0000000000 0000000000]", numbers)


def _range_text(numbers: list[int]) -> bytes:
    return b"[%d %d %d %d]" % tuple(numbers)


def _planted(host: bytes, data: bytes, numbers: bytes) -> bytes:
    digits, reason, _numbers = _signature_of(data)
    with pikepdf.open(io.BytesIO(host)) as pdf:
        pdf.pages[0].Annots = pikepdf.Array([])
        out = io.BytesIO()
        pdf.save(out, static_id=True)
    host = out.getvalue()
    parts = anatomy(host)
    number = parts.size
    field = (
        b"<< /FT /Sig /T (Emet%s) /Type /Annot /Subtype /Widget /Rect [60 100 150 190] /F 132 /V %d 0 R >>"
    )
    value = (
        b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange %s"
        b" /Contents <%s> /Reason (%s) >>" % (numbers, digits, reason)
    )
    name = re.search(rb"\[([0-9A-Z]{22})\]", reason)
    assert name is not None
    form = b"<< /SigFlags 3 /Fields [%d 0 R] >>" % number
    page = edited(host, parts.page, {"/Annots": longer(host, parts.page, "/Annots", b"%d 0 R" % number)})
    return append(
        host,
        {
            number: field % (name[1], number + 1),
            number + 1: value,
            parts.page: page,
            parts.root: edited(host, parts.root, {"/AcroForm": form}),
        },
    )


def in_front_of_another(_: Bases, data: bytes) -> bytes:
    """The victim's file to the byte, and behind it a whole document whose catalog the reader finds last."""
    parts = anatomy(data)
    number = parts.size
    page = b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] /Contents %d 0 R >>"
    objects = {
        number: b"<< /Type /Pages /Count 1 /Kids [%d 0 R] >>" % (number + 1),
        number + 1: page % (number, number + 2),
        number + 2: stream(OTHER_SUM),
        number + 3: edited(data, parts.root, {"/Pages": b"%d 0 R" % number}),
    }
    return append(data, objects, root=number + 3)


def wrapped(_: Bases, data: bytes) -> bytes:
    """Signature wrapping: the second signed part is moved back, and the space between holds new objects.

    The gap's string ends early. A second byte range names the moved part. The old `startxref`, signed as it
    is, now leads to Mallory's table, which lies exactly where the genuine one was.
    """
    return _wrapped(data, named_first=False)


def wrapped_twice_named(_: Bases, data: bytes) -> bytes:
    """The same with an empty first string: Mallory's range and string stand behind it."""
    return _wrapped(data, named_first=True)


def _wrapped(data: bytes, *, named_first: bool) -> bytes:
    parts = anatomy(data)
    _zero, start, end, rest = byte_range(data)
    digits = data[start + 1 : end - 1].rstrip(b"0")
    digits += b"0" * (len(digits) % 2)
    tail, table_at = data[end:], parts.table
    # Close the signature's object; the moved part's beginning stands in a stream that nobody reads.
    moved_to = table_at + 4000
    named = b" /ByteRange [0 %d %d %d] " % (start, moved_to, rest)
    body = (b"<>" + named + b"/Contents <" if named_first else b"<") + digits + b">"
    body += (b"" if named_first else named) + b">>\nendobj\n"
    text, offsets = objects_text({parts.content: stream(OTHER_SUM)}, start + len(body))
    body += text
    body += b" " * (table_at - start - len(body))
    previous = [int(n) for n in re.findall(rb"/Prev (\d+)", data)]
    trailer = b"trailer\n<< /Size %d /Root %d 0 R /Prev %d >>\n" % (parts.size, parts.root, previous[-1])
    genuine = _table_entries(data, parts.table)
    entries = {n: at + moved_to - end if at >= end else at for n, at in genuine.items()} | offsets
    body += table_text(entries) + trailer
    filler = b"%d 0 obj\n<< /Length %d >>\nstream\n" % (parts.size + 5, rest)
    body = body.ljust(moved_to - start - len(filler)) + filler
    return data[:start] + body + tail


def _table_entries(data: bytes, table: int) -> dict[int, int]:
    """The offsets in the last table."""
    entries, number = {}, 0
    for line in data[table:].splitlines()[1:]:
        if head := re.fullmatch(rb"(\d+) (\d+)\s*", line):
            number = int(head[1])
        elif entry := re.fullmatch(rb"(\d{10}) \d{5} n\s*", line):
            entries[number] = int(entry[1])
            number += 1
        else:
            break
    return entries


def second_cut_back(bases: Bases, _: bytes) -> bytes:
    """Cut back to the first of two stamps."""
    return bases["first of two"]


def second_from_another(bases: Bases, data: bytes) -> bytes:
    """The second stamp's signature is that of another file."""
    other = bases.signed(letter("Lain"))
    return _refill(data, _signature_of(other)[0])


def first_from_another(bases: Bases, data: bytes) -> bytes:
    """The first stamp's signature is that of another file."""
    digits = _signature_of(bases["approval"])[0]
    numbers = [
        [int(n) for n in found]
        for found in re.findall(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", data)
    ]
    _zero, start, end, _rest = numbers[0]
    room = end - start - 2
    return data[: start + 1] + digits.rstrip(b"0")[:room].ljust(room, b"0") + data[end - 1 :]


def both_the_same(_: Bases, data: bytes) -> bytes:
    """The first signature written into both gaps."""
    _zero, start, end, _rest = _ranges(data)[0]
    return _refill(data, data[start + 1 : end - 1])


def exchanged(_: Bases, data: bytes) -> bytes:
    """The signatures of the two stamps change places."""
    (_a, start, end, _b), (_c, begin, finish, _d) = _ranges(data)
    one, two = data[start:end], data[begin:finish]
    return data[:start] + two + data[end:begin] + one + data[finish:]


def _ranges(data: bytes) -> list[list[int]]:
    found = re.findall(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", data)
    return [[int(n) for n in numbers] for numbers in found]


def second_dropped(_: Bases, data: bytes) -> bytes:
    """A revision whose form knows the first stamp only."""
    parts = anatomy(data)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        only = b"[%d 0 R]" % pdf.Root.AcroForm.Fields[0].objgen[0]
    if parts.form:
        return append(data, {parts.form: edited(data, parts.form, {"/Fields": only})})
    root = edited(data, parts.root, {"/AcroForm": b"<< /SigFlags 3 /Fields %s >>" % only})
    return append(data, {parts.root: root})


def field_twice(_: Bases, data: bytes) -> bytes:
    """One stamp's signature in two fields, so that a file seems to carry two."""
    parts = anatomy(data)
    field = edited(data, parts.field, {"/T": b"(Emet%s)" % SECOND.encode(), "/Rect": b"[400 100 490 190]"})
    reference = b"%d 0 R" % parts.size
    page = edited(data, parts.page, {"/Annots": longer(data, parts.page, "/Annots", reference)})
    objects = {parts.size: field, parts.page: page}
    if parts.form:
        fields = longer(data, parts.form, "/Fields", reference)
        return append(data, {**objects, parts.form: edited(data, parts.form, {"/Fields": fields})})
    form = b"<< /SigFlags 3 /Fields [%d 0 R %s] >>" % (parts.field, reference)
    return append(data, {**objects, parts.root: edited(data, parts.root, {"/AcroForm": form})})


MOVED: dict[str, Maker] = {
    "signature in another gap": gap_filled,
    "dictionary with its byte range": dictionary_moved,
    "dictionary with a new byte range": range_adapted,
}
WRAPPED: dict[str, Maker] = {
    "another document behind": in_front_of_another,
    "second part moved": wrapped,
    "second part moved, contents named twice": wrapped_twice_named,
}
TWO: dict[str, Maker] = {
    "second from another file": second_from_another,
    "first from another file": first_from_another,
    "the same in both": both_the_same,
    "exchanged": exchanged,
    "second dropped": second_dropped,
    "cut back to the first": second_cut_back,
}
ONE: dict[str, Maker] = {"one signature in two fields": field_twice}

ATTACKS: list[Attack] = [
    *attacks("transplanted", MOVED, on=("final", "approval"), shows=both(opens, holds_the_stamps_signature)),
    *attacks("wrapping", WRAPPED, on=("final", "approval"), shows=looks_different),
    *attacks("two stamps", TWO, on=("two",), shows=opens),
    *attacks("two stamps", ONE, on=("final", "approval"), shows=opens),
]
