"""Makes pyHanko write values exactly as they were in the file. Runs in the jail.

An increment writes some objects of the file again: the catalog, a page, a form. Each must keep its values, or
the page is no longer the one that people signed. pyHanko 0.38 writes four kinds of values wrongly:

- A tiny number gets an exponent, which PDF does not know (ISO 32000-1 clause 7.3.3).
- A control character in a name gets one digit (clause 7.3.5 wants two).
- A text in UTF-8 or UTF-16LE gets another encoding.
- A name in Latin-1 becomes one in UTF-8. It then names nothing, and a font or picture is lost.
"""

# mypy: disallow-untyped-calls=False
# pyHanko types only part of its own functions.

from __future__ import annotations

import io
import re
from typing import Any

import pikepdf
from pyhanko.pdf_utils import generic

_NAME = re.compile(rb"/[^\x00\t\n\f\r ()<>\[\]{}/%]*")
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_PLAIN = frozenset(range(0x21, 0x7F)) - frozenset(b"#()<>[]{}/%")


def with_exact_values(value: generic.PdfObject, file: bytes, number: int, generation: int) -> Any:
    """Copies an object of `file` so that pyHanko writes it exactly. Streams are left alone.

    `file`: as it was before the increment. `value`: the object with its changes.
    """
    if isinstance(value, generic.StreamObject):
        return value
    return _Copying(file, number, generation).copy(value)


class EncodedObject(generic.PdfObject):
    """A direct object that is written as its given bytes."""

    def __init__(self, encoded: bytes) -> None:
        self._encoded = encoded

    def write_to_stream(self, stream: Any, handler: Any = None, container_ref: Any = None) -> None:
        stream.write(self._encoded)


class _Name(generic.NameObject):
    """A name that is written as `encoded`."""

    encoded: bytes

    def write_to_stream(self, stream: Any, handler: Any = None, container_ref: Any = None) -> None:
        stream.write(self.encoded)


class _Copying:
    """Copies one object. Reads its names from the file only when one of them is not ASCII."""

    def __init__(self, file: bytes, number: int, generation: int) -> None:
        self._file, self._number, self._generation = file, number, generation
        self._latin: dict[str, bytes] | None = None

    def copy(self, value: Any) -> Any:
        """Copies the value and everything in it. References are not followed."""
        if isinstance(value, generic.NameObject):
            return self._copy_name(value)
        if isinstance(value, generic.DictionaryObject):
            entries = {self._copy_name(key): self.copy(entry) for key, entry in dict.items(value)}
            return generic.DictionaryObject(entries)
        if isinstance(value, generic.ArrayObject):
            return generic.ArrayObject(self.copy(item) for item in list.__iter__(value))
        if isinstance(value, generic.FloatObject) and "E" in repr(value):
            return EncodedObject(format(value, "f").encode("ascii"))
        if isinstance(value, generic.TextStringObject):
            value.force_output_encoding = value.force_output_encoding or value.autodetected_encoding
        return value

    def _copy_name(self, name: str) -> generic.NameObject:
        if name.isascii() and name.isprintable() and isinstance(name, generic.NameObject):
            return name
        exact = _Name(name)
        exact.encoded = (not name.isascii() and self._latin_names().get(name)) or _encode(name)
        return exact

    def _latin_names(self) -> dict[str, bytes]:
        """Finds the names in the object that are not UTF-8, as the file spells them.

        pyHanko reads such names as Latin-1.
        """
        if self._latin is None:
            self._latin = {}
            with pikepdf.open(io.BytesIO(self._file), suppress_warnings=True) as pdf:
                original = pdf.get_object(self._number, self._generation).unparse(resolved=True)
            for name in _NAME.findall(original):
                raw = _ESCAPE.sub(lambda digits: bytes.fromhex(digits[1].decode()), name)
                try:
                    raw.decode()
                except UnicodeDecodeError:
                    self._latin[raw.decode("latin-1")] = name
        return self._latin


def _encode(name: str) -> bytes:
    """Encodes a name in UTF-8 (clause 7.3.5)."""
    return b"/" + b"".join(b"%c" % byte if byte in _PLAIN else b"#%02X" % byte for byte in name[1:].encode())
