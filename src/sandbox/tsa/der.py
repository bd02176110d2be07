"""The little of DER (ITU-T X.690) that a time stamp needs."""

from __future__ import annotations

INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x02, 0x03, 0x04, 0x05, 0x06
BOOLEAN, GENERALIZED_TIME, SEQUENCE, SET = 0x01, 0x18, 0x30, 0x31


def encode(tag: int, content: bytes) -> bytes:
    """One value with a one-byte tag."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE of values."""
    return encode(SEQUENCE, b"".join(parts))


def integer(value: int) -> bytes:
    """A non-negative INTEGER."""
    return encode(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER."""
    first, second, *rest = (int(part) for part in dotted.split("."))
    content = bytearray()
    for arc in (first * 40 + second, *rest):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(0x80 | arc & 0x7F)
        content += bytes(reversed(septets))
    return encode(OID, bytes(content))


class Reader:
    """Reads values one after the other. Raises: ValueError for anything but DER with definite lengths."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def tag(self) -> int:
        """The next value's tag; -1 at the end."""
        return self._data[self._at] if self._at < len(self._data) else -1

    def whole(self, tag: int) -> bytes:
        """The next value with its tag and length."""
        start = self._at
        self.read(tag)
        return self._data[start : self._at]

    def read(self, tag: int) -> bytes:
        """The next value's content."""
        if self.tag != tag or self._at + 2 > len(self._data):
            raise ValueError("another value was expected")
        size, start = self._data[self._at + 1], self._at + 2
        if size & 0x80:
            count = size & 0x7F
            if not 1 <= count <= 3:
                raise ValueError("a length that no request has")
            size = int.from_bytes(self._data[start : start + count], "big")
            start += count
        end = start + size
        if end > len(self._data):
            raise ValueError("a value ends after its frame")
        self._at = end
        return self._data[start:end]

    def end(self) -> None:
        """Nothing may follow."""
        if self._at != len(self._data):
            raise ValueError("bytes after the last value")
