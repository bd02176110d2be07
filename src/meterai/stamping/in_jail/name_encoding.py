"""Writes names in the spelling that every current reader understands. Runs in the jail."""

from __future__ import annotations

import re
from typing import Any

import pikepdf

from meterai.pdf.opening.doubts import has_guessed

_STRAY = "\x00"
"""How qpdf keeps a `#` without two hex digits behind it.

No name may contain this byte (ISO 32000-1, 7.3.5).
"""
_WRITTEN = re.compile(rb"#(?![0-9A-Fa-f]{2})")
"""How qpdf writes such a `#`."""


def respell_names(pdf: pikepdf.Pdf, *, suspicious: bool) -> None:
    """Writes a stray `#` in names as `#23`. Other parsers give up on it; it dates from before PDF 1.2.

    `suspicious`: qpdf gave a warning before. If it gave none, nothing is searched.
    """
    if not (suspicious or has_guessed(pdf)):
        return
    for item in pdf.objects:
        _respell(item.stream_dict if isinstance(item, pikepdf.Stream) else item)
    _respell(pdf.trailer)


def _respell(value: Any) -> None:
    """Respells all names of one object. References are not followed."""
    holders = [value]
    while holders:
        holder = holders.pop()
        if isinstance(holder, pikepdf.Dictionary):
            _respell_keys(holder)
            entries: list[Any] = list(holder.keys())
        elif isinstance(holder, pikepdf.Array):
            entries = list(range(len(holder)))
        else:
            continue
        for entry in entries:
            inner = holder[entry]
            if isinstance(inner, pikepdf.Name):
                if _WRITTEN.search(inner.unparse()):
                    holder[entry] = pikepdf.Object.parse(_WRITTEN.sub(b"#23", inner.unparse()))
            elif isinstance(inner, pikepdf.Object) and not inner.is_indirect:
                holders.append(inner)


def _respell_keys(holder: pikepdf.Dictionary) -> None:
    for key in [key for key in holder.keys() if _STRAY in key]:  # noqa: SIM118 - items can't be iterated
        holder[key.replace(_STRAY, "#")] = holder[key]
        del holder[key]
