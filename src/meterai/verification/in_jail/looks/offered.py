"""Says whether a sealed document offered the field that somebody signed.

Its author wanted a signature there. In any other field, its signer alone chose the place.
"""

# mypy: disallow-untyped-calls=False
# pyHanko types only part of its own functions.

from __future__ import annotations

from typing import Any

from pyhanko.pdf_utils import generic

from meterai.verification.in_jail.document import Document, Signature

_UNSEEN = 2 | 32
"""The annotation flags Hidden and NoView (ISO 32000-2, 12.5.3)."""


def is_offered(document: Document, signed: int, signature: Signature) -> bool:
    """Whether a revision had the field of a signature: empty, visible, and in the place where it is now."""
    if signature.page is None:
        return False
    before = document.reader.get_historical_resolver(signed)
    reference = signature.field_object.reference
    place = generic.Reference(*document.pages[signature.page - 1].reference, document.reader)
    listed = items(entry(before.get_object(place), "/Annots"))
    if not any(isinstance(i, generic.IndirectObject) and i.reference == reference for i in listed):
        return False
    old, new = before.get_object(reference), signature.field_object.get_object()
    return (
        entry(old, "/V") is None
        and not int(entry(old, "/F") or 0) & _UNSEEN
        and numbers(entry(old, "/Rect")) == numbers(entry(new, "/Rect"))
    )


def entry(holder: Any, key: str) -> Any:
    """The value of an entry. A null counts as none."""
    try:
        return holder[key]
    except (KeyError, TypeError):
        return None


def items(value: Any) -> list[Any]:
    return list(list.__iter__(value)) if isinstance(value, list) else []


def numbers(value: Any) -> list[float]:
    return [float(item.get_object()) for item in items(value)]
