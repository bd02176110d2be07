"""Encodes DER (ITU-T X.690), and reads it strictly, as far as making and checking a signature needs.

A complete ASN.1 library takes two milliseconds for what takes twenty microseconds here. The tests compare
every result with asn1crypto, pyHanko and openssl.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x02, 0x03, 0x04, 0x05, 0x06
GENERALIZED_TIME, SEQUENCE, SET = 0x18, 0x30, 0x31


class DerError(ValueError):
    """The bytes are not the DER that was expected."""


def encode(tag: int, *parts: bytes) -> bytes:
    """One element with the given tag; the parts are its content."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def encode_integer(value: int) -> bytes:
    return encode(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def encode_oid(dotted: str) -> bytes:
    first, second, *rest = (int(number) for number in dotted.split("."))
    out = bytearray()
    for number in (first * 40 + second, *rest):
        digits = [number & 0x7F]
        while number := number >> 7:
            digits.append(0x80 | number & 0x7F)
        out += bytes(reversed(digits))
    return encode(OID, bytes(out))


def encode_set_of(tag: int, *elements: bytes) -> bytes:
    """Encodes a SET OF, whose elements DER sorts (clause 11.6)."""
    return encode(tag, *sorted(elements))


class Element(NamedTuple):
    """One element inside `source`. Nothing is copied until it is asked for."""

    source: bytes
    tag: int
    start: int
    """Index of its tag in `source`."""
    content_start: int
    end: int

    @property
    def content(self) -> bytes:
        return self.source[self.content_start : self.end]

    @property
    def whole(self) -> bytes:
        return self.source[self.start : self.end]

    def children(self) -> list[Element]:
        """The elements inside it. Raises: DerError."""
        return list(read_all(self.source, self.content_start, self.end))

    def expect(self, tag: int) -> Element:
        if self.tag != tag:
            raise DerError(f"tag {self.tag:#x} where {tag:#x} was expected")
        return self


def read(source: bytes, start: int = 0, end: int | None = None) -> Element:
    """The element at `start`. Raises: DerError for indefinite or over-long lengths, or one beyond `end`."""
    limit = len(source) if end is None else end
    if start + 2 > limit:
        raise DerError("truncated")
    tag, size = source[start], source[start + 1]
    if tag & 0x1F == 0x1F:
        raise DerError("long tags are not used here")
    position = start + 2
    if size & 0x80:
        count = size & 0x7F
        if not 1 <= count <= 4 or position + count > limit:
            raise DerError("length")
        size = int.from_bytes(source[position : position + count], "big")
        position += count
        if size < 0x80 or size >> (8 * (count - 1)) == 0:
            raise DerError("length not in shortest form")
    if position + size > limit:
        raise DerError("truncated")
    return Element(source, tag, start, position, position + size)


def read_all(source: bytes, start: int, end: int) -> Iterator[Element]:
    position = start
    while position < end:
        element = read(source, position, end)
        yield element
        position = element.end


def read_only(source: bytes) -> Element:
    """Reads the one element that `source` consists of. Raises: DerError if anything follows it."""
    element = read(source)
    if element.end != len(source):
        raise DerError("bytes after the end")
    return element
