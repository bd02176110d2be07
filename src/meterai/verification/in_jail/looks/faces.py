"""Lists the faces of what was signed after a stamp, and what each may not cover.

A face is the look of a signature on a page. What lies below it is read from the signed revision, which is
what people saw before the first of these signatures.
"""

# mypy: disallow-untyped-calls=False
# pyHanko types only part of its own functions.

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from pyhanko.pdf_utils import generic

from meterai.verification.in_jail.added import Seal
from meterai.verification.in_jail.document import Document, Page, Signature, visible_box
from meterai.verification.in_jail.looks.boxes import core, overlap
from meterai.verification.in_jail.looks.offered import entry, is_offered, items, numbers
from meterai.verification.in_jail.stamps import Examined
from meterai.verification.model import Box

_WITHOUT_LOOK = frozenset({"/Link", "/Popup"})


class Face(msgspec.Struct, frozen=True, kw_only=True):
    """The look of one signature, made after the first stamp."""

    signature: Signature
    page: int
    box: Box
    is_sealed: bool
    """A stamp of the order that sealed the file. Its customer put it there before the file was sealed."""
    is_stamp: bool
    """Any stamp that we drew."""
    hash_serial: str
    """Serial number of a stamp by hash, which its adapter drew; else empty."""
    is_offered: bool
    """In a field that the sealed revision had: empty, visible, in the same place."""


def faces_of(document: Document, signed: int, later: Sequence[Examined], seal: Seal) -> list[Face]:
    """The faces of the later signatures, in the order of signing. `signed`: number of the signed revision."""
    return [
        Face(
            signature=e.signature,
            page=e.signature.page,
            box=e.signature.box,
            is_sealed=e in seal.stamps,
            is_stamp=e.ours and not e.by_hash,
            hash_serial=e.signature.serial if e.by_hash else "",
            is_offered=(e.by_hash or not e.ours) and is_offered(document, signed, e.signature),
        )
        for e in later
        if e.signature.page is not None and e.signature.box is not None
    ]


class Looks(NamedTuple):
    """Where annotations of a page are seen."""

    signatures: list[Box]
    others: list[Box]
    """Comments and form fields, which may hold text."""

    @property
    def all(self) -> list[Box]:
        return [*self.signatures, *self.others]


def looks_before(document: Document, signed: int, page: int) -> Looks:
    """Where annotations of a revision are seen on a page. An empty signature field is not."""
    looks = Looks([], [])
    before = document.reader.get_historical_resolver(signed)
    found = document.pages[page - 1]
    held = before.get_object(generic.Reference(*found.reference, document.reader))
    for item in items(entry(held, "/Annots")):
        annotation = item.get_object()
        if isinstance(annotation, generic.DictionaryObject) and _has_look(annotation):
            box = _place(annotation, found)
            if box is not None:
                (looks.signatures if entry(annotation, "/FT") == "/Sig" else looks.others).append(box)
    return looks


def _has_look(annotation: Any) -> bool:
    if entry(annotation, "/Subtype") in _WITHOUT_LOOK:
        return False
    is_empty_signature = entry(annotation, "/FT") == "/Sig" and entry(annotation, "/V") is None
    return not is_empty_signature and entry(annotation, "/Subtype") is not None


def _place(annotation: Any, page: Page) -> Box | None:
    corners = numbers(entry(annotation, "/Rect"))
    return visible_box(corners, page.box) if len(corners) == 4 else None


def covers(face: Face, others: Sequence[Box]) -> bool:
    """Whether a face lies over one of these places, by more than its edge."""
    return any(overlap(core(face.box), core(other)) for other in others)


def is_beside(face: Face, others: Sequence[Box], within: float) -> bool:
    """Whether a face lies level with one of these places, at most so far away."""
    box = core(face.box)
    wide = Box(x=box.x - within, y=box.y, width=box.width + 2 * within, height=box.height)
    return any(overlap(wide, core(other)) for other in others)


def has_face(signature: Signature) -> bool:
    """Whether the field of a signature has something to show."""
    looks = entry(signature.field_object.get_object(), "/AP")
    face = entry(looks, "/N")
    return isinstance(face, generic.StreamObject) and bool(face.data.strip())
