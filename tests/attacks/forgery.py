"""Universal signature forgery (Mladenov et al., CCS 2019): the signature can't be checked, so it isn't.

Every file shows another sum of money, and its signature dictionary is replaced by one that a careless
verifier skips.
"""

from __future__ import annotations

import re

from tests.attacks.bases import Bases
from tests.attacks.evidence import looks_different
from tests.attacks.raw import anatomy, append, stream
from tests.attacks.suite import Attack, Maker, attacks

OTHER_SUM = b"BT /F1 24 Tf 60 760 Td (Rp99.000.000) Tj ET 0 0 0 rg 50 740 300 12 re f"


def _signature(data: bytes) -> tuple[bytes, bytes, list[int]]:
    """The text of the last signature dictionary: without its contents and range, then these two."""
    end = list(re.finditer(rb"/Contents\s*<[0-9a-fA-F]*>", data))[-1]
    start = data.rindex(b" obj", 0, end.start()) + 4
    body = data[start : data.index(b"endobj", end.end())].strip()
    numbers = re.search(rb"/ByteRange\s*\[([^\]]*)\]", body)
    contents = re.search(rb"/Contents\s*<([0-9a-fA-F]*)>", body)
    assert numbers is not None
    assert contents is not None
    rest = body.replace(numbers[0], b"").replace(contents[0], b"")
    return rest, contents[1], [int(number) for number in numbers[1].split()]


def forge(contents: bytes | None = None, byte_range: bytes | None = None, *, extra: bytes = b"") -> Maker:
    """The maker of a file with these two entries; None leaves the genuine one, b"" leaves it out.

    In `byte_range`, %(a)d, %(b)d and %(c)d are the genuine numbers, and object %(n)d is a list of them.
    """

    def make(_: Bases, data: bytes) -> bytes:
        parts = anatomy(data)
        rest, digits, (_zero, a, b, c) = _signature(data)
        entries = []
        if contents != b"":
            entries.append(b"/Contents " + (b"<" + digits + b">" if contents is None else contents))
        if byte_range != b"":
            pattern = b"[0 %(a)d %(b)d %(c)d]" if byte_range is None else byte_range
            places = {b"a": a, b"b": b, b"c": c, b"n": parts.size}
            entries.append(b"/ByteRange " + pattern % places)
        body = b"<< " + b" ".join([*entries, extra]) + b" " + rest[2:]
        listed = b"[0 %d %d %d]" % (a, b, c)
        return append(data, {parts.content: stream(OTHER_SUM), parts.signature: body, parts.size: listed})

    return make


CONTENTS: dict[str, Maker] = {
    "missing": forge(b""),
    "null": forge(b"null"),
    "empty": forge(b"<>"),
    "one zero": forge(b"<00>"),
    "only zeros": forge(b"<" + b"0" * 200 + b">"),
    "a number": forge(b"0"),
    "a name": forge(b"/Sig"),
    "an empty list": forge(b"[]"),
    "another structure": forge(b"<3003020100>"),
    "cut off": forge(b"<30820f>"),
    "indefinite length": forge(b"<308006092a864886f70d010702a0800000>"),
    "a stream elsewhere": forge(b"1 0 R"),
    "in round brackets": forge(b"(0)"),
}

BYTE_RANGES: dict[str, Maker] = {
    "missing": forge(None, b""),
    "null": forge(None, b"null"),
    "empty": forge(None, b"[]"),
    "of one": forge(None, b"[0]"),
    "of two": forge(None, b"[0 %(a)d]"),
    "of three": forge(None, b"[0 %(a)d %(b)d]"),
    "of six": forge(None, b"[0 %(a)d %(b)d %(c)d 0 0]"),
    "negative length": forge(None, b"[0 -1 %(b)d %(c)d]"),
    "negative start": forge(None, b"[-1 %(a)d %(b)d %(c)d]"),
    "overlapping": forge(None, b"[0 %(b)d %(a)d %(c)d]"),
    "not from the start": forge(None, b"[1 %(a)d %(b)d %(c)d]"),
    "gap wider than the contents": forge(None, b"[0 100 %(b)d %(c)d]"),
    "beyond the end": forge(None, b"[0 %(a)d %(b)d 999999999]"),
    "all zeros": forge(None, b"[0 0 0 0]"),
    "backwards": forge(None, b"[%(b)d %(c)d 0 %(a)d]"),
    "of broken numbers": forge(None, b"[0 %(a)d.5 %(b)d %(c)d]"),
    "of words": forge(None, b"[(0) (%(a)d) (%(b)d) (%(c)d)]"),
    "nested": forge(None, b"[[0 %(a)d %(b)d %(c)d]]"),
    "a number": forge(None, b"0"),
    "huge": forge(None, b"[0 99999999999999999999999999 %(b)d %(c)d]"),
    "twice, the good one last": forge(None, b"[0 0 0 0] /ByteRange [0 %(a)d %(b)d %(c)d]"),
    "twice, the good one first": forge(None, b"[0 %(a)d %(b)d %(c)d] /ByteRange [0 0 0 0]"),
    "genuine, in a new dictionary": forge(),
    "behind an indirect reference": forge(None, b"%(n)d 0 R"),
}

ATTACKS: list[Attack] = [
    *attacks("contents", CONTENTS, on=("final", "approval"), shows=looks_different),
    *attacks("byte range", BYTE_RANGES, on=("final", "approval"), shows=looks_different),
]
