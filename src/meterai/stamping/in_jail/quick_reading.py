"""Reads plain objects of files that we wrote as pyHanko does, into the same objects, only quicker.

pyHanko reads byte for byte. Here one regular expression reads a token. Whatever is not plain goes pyHanko's
own way: strings, streams, comments, escapes in names, a key twice, anything that is wrong. A test compares
both. Files that come from others, signatures in them, are read by pyHanko alone.
"""

# mypy: disallow-untyped-calls=False
# pyHanko types only part of its own functions.

from __future__ import annotations

import io
import re
from functools import lru_cache
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.pdf_utils.reader import PdfFileReader

_CHUNK_BYTES = 8192
"""Objects that are longer are read by pyHanko."""
_DEPTH_MAX = 20

_HEADER = re.compile(rb"(\d+) (\d+) obj(?=[\s<\[])")
_END = re.compile(rb"[\x00\t\n\f\r ]*endobj")
_TOKEN = re.compile(
    rb"[\x00\t\n\f\r ]*(?:"
    rb"/([!\"$&-'*-.0-;=?-Z\\^-z|~]+)"  # regular characters (ISO 32000-1 clause 7.2.2), no #
    rb"|([1-9]\d*) (\d+) R(?![a-zA-Z])"
    rb"|([+-]?\d+)(?![0-9.+-])"
    rb"|([+-]?\d+\.\d+)(?![0-9.+-])"
    rb"|(true|false|null)(?=[\x00\t\n\f\r /<>\[\]])"
    rb"|(<<|>>|\[|\]))"
)
_CLOSING = {b"<<": b">>", b"[": b"]"}
_NAME, _REFERENCE, _INTEGER, _REAL, _WORD, _BRACKET = 1, 3, 4, 5, 6, 7  # the last group that took part


class QuickReader(PdfFileReader):
    """pyHanko's reader; only objects that are read from the file itself are read another way."""

    def _read_object(
        self,
        ref: generic.Reference,
        marker: Any,
        never_decrypt: bool = False,
        as_metadata_stream: bool = False,
    ) -> Any:
        if isinstance(marker, int) and not as_metadata_stream and not self.encrypted:
            self.stream.seek(marker)
            found = parse(self.stream.read(_CHUNK_BYTES), ref, self)
            if found is not None:
                return found
        return super()._read_object(ref, marker, never_decrypt, as_metadata_stream)


def is_readable(body: bytes) -> bool:
    """Whether pyHanko reads one dictionary, strictly."""
    ref = generic.Reference(1, 0, None)
    if parse(b"1 0 obj\n%s\nendobj\n" % body, ref, None) is not None:
        return True
    try:
        generic.DictionaryObject.read_from_stream(io.BytesIO(body), ref)
    except (PdfReadError, ValueError):
        return False
    return True


def parse(chunk: bytes, ref: generic.Reference, reader: PdfFileReader | None) -> generic.PdfObject | None:
    """The object `ref` at the start of `chunk`; None if it isn't there, isn't plain, or goes on behind it."""
    header = _HEADER.match(chunk)
    if header is None or (int(header[1]), int(header[2])) != (ref.idnum, ref.generation):
        return None
    holder = generic.Reference(ref.idnum, ref.generation, reader)
    return _read(chunk, header.end(), holder)


def _read(chunk: bytes, start: int, holder: generic.Reference) -> generic.PdfObject | None:
    """One array or dictionary and the `endobj` behind it."""
    open_lists: list[tuple[bytes, list[Any]]] = []
    items: list[Any] = []
    place = start
    while (token := _TOKEN.match(chunk, place)) is not None:
        place = token.end()
        if token.lastindex != _BRACKET:
            items.append(_scalar(token, holder))
            continue
        bracket = token[_BRACKET]
        if bracket in _CLOSING:
            open_lists.append((_CLOSING[bracket], items))
            items = []
            if len(open_lists) > _DEPTH_MAX:
                return None
            continue
        if not open_lists or open_lists[-1][0] != bracket:
            return None
        made = _dictionary(items) if bracket == b">>" else generic.ArrayObject(items)
        if made is None:
            return None
        made.container_ref = holder
        items = open_lists.pop()[1]
        if not open_lists:
            return made if _END.match(chunk, place) else None
        items.append(made)
    return None


def _scalar(token: re.Match[bytes], holder: generic.Reference) -> generic.PdfObject:
    made: generic.PdfObject
    kind = token.lastindex
    if kind == _NAME:
        made = generic.NameObject(_text_of(token[_NAME]))
    elif kind == _REFERENCE:
        made = generic.IndirectObject(int(token[_REFERENCE - 1]), int(token[_REFERENCE]), holder.pdf)
    elif kind == _INTEGER:
        made = generic.NumberObject(token[_INTEGER])
    elif kind == _REAL:
        made = generic.FloatObject(token[_REAL].decode("ascii"))
    else:
        word = token[_WORD]
        made = generic.NullObject() if word == b"null" else generic.BooleanObject(word == b"true")
    made.container_ref = holder
    return made


def _dictionary(items: list[Any]) -> generic.DictionaryObject | None:
    """From keys and values in turn; None where a key is no name or comes twice."""
    keys, values = items[::2], items[1::2]
    found = dict(zip(keys, values, strict=False))
    if len(found) != len(values) or len(keys) != len(values):
        return None
    if not all(type(key) is generic.NameObject for key in keys):
        return None
    return generic.DictionaryObject(found)


@lru_cache(maxsize=512)
def _text_of(name: bytes) -> str:
    return "/" + name.decode("ascii")
