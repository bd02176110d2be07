"""Writes pyHanko's objects as pyHanko does, byte for byte, only quicker.

pyHanko writes names letter by letter and strings through a table look-up for each letter: a third of what an
increment costs. A test compares the bytes of both ways.

Three things it writes as something else than it read, and a page that is written once more would no longer be
the one that was signed. So here a tiny number has no exponent (ISO 32000-1 clause 7.3.3), a byte of a name
always two digits (7.3.5), and a text keeps the encoding it was read in. A fourth, the bytes of a name that is
no UTF-8, pyHanko has forgotten by then: `respell` takes them from the object as it was.
"""

# mypy: disallow-untyped-calls=False
# pyHanko types only part of its own functions.

from __future__ import annotations

import io
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from pyhanko.pdf_utils import generic

_NAMES = re.compile(rb"/[^\x00\t\n\f\r ()<>\[\]{}/%]*")
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_PLAIN = frozenset(range(0x21, 0x7F)) - frozenset(b"#()<>[]{}/%")


def respell(written: bytes, original: bytes) -> bytes:
    """An object as `write` wrote it, its names with the bytes that they had in `original` (ISO 32000-1 clause
    7.3.5): those that are no UTF-8 were read as Latin-1.
    """
    spelt = {}
    for name in _NAMES.findall(original):
        raw = _ESCAPE.sub(lambda digits: bytes.fromhex(digits[1].decode()), name)
        try:
            raw.decode()
        except UnicodeDecodeError:
            spelt[_name(raw.decode("latin-1"))] = name
    return _NAMES.sub(lambda name: spelt.get(name[0], name[0]), written) if spelt else written


def write(value: generic.PdfObject, stream: io.BytesIO) -> None:
    """Writes one unencrypted object. Kinds without a quick way go pyHanko's own."""
    quick = _QUICK.get(type(value))
    if quick is not None:
        quick(value, stream)
    elif type(value).write_to_stream is generic.DictionaryObject.write_to_stream:
        _write_dictionary(value, stream)
    else:
        value.write_to_stream(stream, None)


def _write_dictionary(value: Any, stream: io.BytesIO) -> None:
    stream.write(b"<<\n")
    for key, entry in dict.items(value):
        stream.write(_name(key))
        stream.write(b" ")
        write(entry, stream)
        stream.write(b"\n")
    stream.write(b">>")


def _write_array(value: generic.ArrayObject, stream: io.BytesIO) -> None:
    stream.write(b"[")
    for item in list.__iter__(value):
        stream.write(b" ")
        write(item, stream)
    stream.write(b" ]")


def _write_name(value: generic.NameObject, stream: io.BytesIO) -> None:
    stream.write(_name(value))


def _write_integer(value: Any, stream: io.BytesIO) -> None:
    stream.write(b"%d" % value)


def _write_real(value: Any, stream: io.BytesIO) -> None:
    text = repr(value)
    stream.write((format(value, "f") if "E" in text else text).encode("ascii"))


def _write_stream(value: generic.StreamObject, stream: io.BytesIO) -> None:
    data = value.encoded_data
    value["/Length"] = generic.NumberObject(len(data))
    _write_dictionary(value, stream)
    del value["/Length"]
    stream.write(b"\nstream\n")
    stream.write(data)
    stream.write(b"\nendstream")


def _write_text(value: generic.TextStringObject, stream: io.BytesIO) -> None:
    stream.write(_text(str(value), value.force_output_encoding or value.autodetected_encoding))


@lru_cache(maxsize=2048)
def _name(name: str) -> bytes:
    return b"/" + b"".join(b"%c" % byte if byte in _PLAIN else b"#%02X" % byte for byte in name[1:].encode())


@lru_cache(maxsize=256)
def _text(text: str, encoding: generic.TextStringEncoding | None) -> bytes:
    value = generic.TextStringObject(text)
    value.force_output_encoding = encoding
    out = io.BytesIO()
    value.write_to_stream(out)
    return out.getvalue()


_QUICK: dict[type, Callable[[Any, io.BytesIO], None]] = {
    generic.DictionaryObject: _write_dictionary,
    generic.ArrayObject: _write_array,
    generic.NameObject: _write_name,
    generic.NumberObject: _write_integer,
    generic.FloatObject: _write_real,
    generic.StreamObject: _write_stream,
    generic.TextStringObject: _write_text,
}
