"""Asks qpdf, a second parser, which must find no other changes after a stamp than pyHanko."""

from __future__ import annotations

import io
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Any

import pikepdf

from meterai.pdf.opening.cross_references import named_numbers
from meterai.verification.in_jail.additions import ROOT_EXCEPT
from meterai.verification.in_jail.document import Document


def sees_no_more(document: Document, signed: int, end: int) -> bool:
    """Whether qpdf finds no changes but those that the later revisions name.

    `end` is the end of the signed revision. Catalog and pages must be the same, apart from what other rules
    examine. Raises: pikepdf.PikepdfError.
    """
    reader = document.reader
    later = range(signed + 1, reader.xrefs.total_revisions)
    changed = set().union(*(named_numbers(reader, revision) for revision in later))
    kept = {number for revision in range(signed + 1) for number in named_numbers(reader, revision)} - changed
    with _opened(document.data[:end]) as before, _opened(document.data) as now:
        return (
            all(_text(before.get_object(number, 0)) == _text(now.get_object(number, 0)) for number in kept)
            and _entries(before.Root, ROOT_EXCEPT) == _entries(now.Root, ROOT_EXCEPT)
            and _pages(before) == _pages(now)
        )


def _opened(data: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(data), suppress_warnings=True, inherit_page_attributes=False)


def _pages(pdf: pikepdf.Pdf) -> list[tuple[tuple[int, int], Any]]:
    return [(page.obj.objgen, _entries(page.obj, frozenset({"/Annots"}))) for page in pdf.pages]


def _entries(holder: pikepdf.Object, exempt: AbstractSet[str]) -> dict[str, Any]:
    return {key: _value(value) for key, value in holder.items() if key not in exempt}


def _value(value: Any) -> Any:
    """A comparable value: references as references, numbers and texts by their meaning.

    Writing 595 for 595.000, or a text in another encoding, is no change. Nor is rounding to a millionth.
    """
    if isinstance(value, Decimal):
        return round(value, 6)
    if not isinstance(value, pikepdf.Object):
        return value
    if isinstance(value, pikepdf.String):
        return str(value)
    if not value.is_indirect and isinstance(value, pikepdf.Array):
        return [_value(item) for item in value]
    if not value.is_indirect and isinstance(value, pikepdf.Dictionary):
        return _entries(value, frozenset())
    return value.unparse()


def _text(value: Any) -> tuple[bytes, bytes]:
    if not isinstance(value, pikepdf.Object):
        return str(value).encode(), b""  # a number, true or false
    if isinstance(value, pikepdf.Stream):
        return value.stream_dict.unparse(), value.read_raw_bytes()
    return value.unparse(resolved=True), b""
