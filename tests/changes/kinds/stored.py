"""Bytes of a stored revision overwritten, and files cut off or lengthened."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.attacks.raw import append, stream
from tests.changes.kind import GONE, Kind, Make, Start, kinds
from tests.changes.kinds.archives import archived
from tests.verification.making import byte_range


def flipped(place: Callable[[Start], int], bit: int = 1) -> Make:
    """One bit of one byte."""

    def make(start: Start) -> bytes:
        at = place(start) % len(start.data)
        return start.data[:at] + bytes([start.data[at] ^ bit]) + start.data[at + 1 :]

    return make


def overwritten(pattern: bytes, new: bytes | Callable[[bytes], bytes], *, last: bool = False) -> Make:
    """The first or last match overwritten by as many bytes."""

    def make(start: Start) -> bytes | None:
        found = list(re.finditer(pattern, start.data))
        if not found:
            return None
        match = found[-1 if last else 0]
        made = new(match[0]) if callable(new) else new.ljust(len(match[0]))[: len(match[0])]
        return start.data[: match.start()] + made + start.data[match.end() :]

    return make


def inserted(text: bytes, share: float) -> Make:
    """Text put in at this share of the file."""

    def make(start: Start) -> bytes:
        at = int(len(start.data) * share)
        return start.data[:at] + text + start.data[at:]

    return make


def removed(count: int, share: float) -> Make:
    def make(start: Start) -> bytes:
        at = int(len(start.data) * share)
        return start.data[:at] + start.data[at + count :]

    return make


def _gap(start: Start) -> tuple[int, int]:
    _zero, first, second, _rest = byte_range(start.data)
    return first, second


def _one_digit(start: Start) -> bytes:
    """The last digit of the padding."""
    at = _gap(start)[1] - 2
    return start.data[:at] + b"1" + start.data[at + 1 :]


def _upper_case(start: Start) -> bytes:
    """Half of the digits in the other case."""
    first, second = _gap(start)
    half = (first + second) // 2
    return start.data[:half] + start.data[half:second].swapcase() + start.data[second:]


def _in_the_archive_data(start: Start) -> bytes | None:
    """The catalog that came with archive data, overwritten: no signature covers it."""
    data = archived(start)
    at = data.rindex(b"/Pages")
    return data[:at] + b"/Lages" + data[at + 6 :]


def _page_beside_archive_data(start: Start) -> bytes:
    """Archive data, and a revision before it with another content."""
    changed = append(start.data, {start.parts.content: stream(b"0 0 9 9 re f")})
    return archived(Start(data=changed, bases=start.bases, profile=start.profile, page=start.page))


def _last_two_exchanged(start: Start) -> bytes:
    half = len(start.data) // 2
    return start.data[half:] + start.data[:half]


def _before_the_stamp(start: Start) -> bytes | None:
    """Cut back to the revision before the stamp."""
    ends = [found.end() for found in re.finditer(rb"%%EOF\n?", start.data)]
    return start.data[: ends[-2]] if len(ends) > 1 else None


_HALVES = {f"at {share:.0%}": share for share in (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99)}
KINDS: list[Kind] = [
    *kinds(
        "one bit",
        {f"{name} of the file": flipped(lambda s, x=x: int(len(s.data) * x)) for name, x in _HALVES.items()}
        | {
            "in the header": flipped(lambda s: 7),
            "in the binary comment": flipped(lambda s: 12),
            "in the last table": flipped(lambda s: s.parts.table + 30),
            "in the last startxref": flipped(lambda s: s.data.rindex(b"startxref") + 12),
            "in the content": flipped(lambda s: s.data.index(b"%d 0 obj" % s.parts.content) + 60),
            "before the gap": flipped(lambda s: _gap(s)[0] - 1),
            "behind the gap": flipped(lambda s: _gap(s)[1]),
            "in the signature": flipped(lambda s: _gap(s)[0] + 900),
            "in the certificate": flipped(lambda s: _gap(s)[0] + 301),
            "in the last end": flipped(lambda s: len(s.data) - 4),
        },
    ),
    *kinds(
        "bytes overwritten",
        {
            "version": overwritten(rb"%PDF-1\.\d", b"%PDF-1.1"),
            "size of the page": overwritten(rb"/MediaBox", b"/MediaBux"),
            "a name in the first object": overwritten(rb"/Type", b"/Tipe"),
            "reason": overwritten(rb"Pembubuhan", b"Pembubuhin"),
            "time of signing": overwritten(rb"\(D:20\d\d", b"(D:2039", last=True),
            "byte range, its blanks": overwritten(rb"/ByteRange ?\[ ?0", lambda t: t.replace(b"0", b"1")),
            "a line end": overwritten(rb"endobj\n", b"endobj\r"),
            "identity": overwritten(
                rb"/ID ?\[ ?<..", lambda t: t[:-2] + (b"00" if t[-2:] != b"00" else b"ff")
            ),
            "producer": overwritten(rb"/Producer", b"/Pruducer"),
            "the stamp's rectangle": overwritten(rb"/Rect ?\[ ?\d", lambda t: t[:-1] + b"9", last=True),
            "the flag of the stamp": overwritten(rb"/F 132", b"/F 130", last=True),
            "a digit of the gap's padding": _one_digit,
            "digits in another case": _upper_case,
            "a byte too many": inserted(b" ", 0.3),
            "a comment too many": inserted(b"\n% x\n", 0.6),
            "a byte missing": removed(1, 0.3),
            "a hundred bytes missing": removed(100, 0.6),
            "halves exchanged": _last_two_exchanged,
            "all line ends of another kind": lambda s: s.data.replace(b"\n", b"\r\n"),
            "as text with other letters": lambda s: s.data.decode("latin-1").encode(),
            "catalog in the archive data": _in_the_archive_data,
            "content below archive data": _page_beside_archive_data,
        },
    ),
    *kinds(
        "length",
        {f"cut off {name}": (lambda s, x=x: s.data[: int(len(s.data) * x)]) for name, x in _HALVES.items()},
        right=GONE,
    ),
    *kinds(
        "length",
        {
            "twice": lambda s: s.data + s.data,
            "zeros behind": lambda s: s.data + bytes(4096),
            "a letter behind": lambda s: s.data + b"x",
            "a second end": lambda s: s.data + b"%%EOF\n",
            "a comment behind": lambda s: s.data + b"% Rp99.000.000\n",
            "an object behind": lambda s: s.data + b"%d 0 obj\nnull\nendobj\n" % s.parts.content,
            "zeros in front": lambda s: bytes(16) + s.data,
            "a line in front": lambda s: b"\n" + s.data,
        },
    ),
    *kinds("length", {"without its last revision": _before_the_stamp}, right=GONE),
]
