"""Compares the pages of a signed revision with those of the file, and judges what was signed since.

Drawing takes most of the time. So only pages are drawn that a later revision may have changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, partial
from typing import NamedTuple

import pypdfium2

from meterai.kernel.refusals import Refusal
from meterai.pdf.inspection import inspect
from meterai.pdf.limits import CHECKED_BYTES_MAX, DEFAULT_LIMITS, Limits
from meterai.pdf.opening.by_pdfium import opened
from meterai.pdf.requests import InspectRequest
from meterai.verification.in_jail.added import Seal
from meterai.verification.in_jail.document import PAGES_MAX, Document, Unreadable
from meterai.verification.in_jail.looks.faces import Face, faces_of, looks_before
from meterai.verification.in_jail.looks.judged_faces import CHANGED, PageFaces
from meterai.verification.in_jail.looks.pages_to_draw import pages_to_draw
from meterai.verification.in_jail.looks.rendered import differ, draw_page
from meterai.verification.in_jail.looks.scan_copies import plain_jpegs
from meterai.verification.in_jail.stamps import Examined
from meterai.verification.model import FaceLimits

_LIMITS = Limits(
    file_bytes_max=CHECKED_BYTES_MAX,
    pages_max=PAGES_MAX,
    objects_max=DEFAULT_LIMITS.objects_max + 1000,
    unpacked_bytes_max=DEFAULT_LIMITS.unpacked_bytes_max + CHECKED_BYTES_MAX,
)
"""Limits for judging. Stamps and archive data must not push an upload at its limits over them."""


class Since(NamedTuple):
    """What happened after a signed revision."""

    signed: int
    """Number of the signed revision."""
    end: int
    later: Sequence[Examined]
    """The later signatures, in the order of signing."""


def check_looks(document: Document, since: Since, seal: Seal, limits: FaceLimits) -> list[str]:
    """Reason codes of what looks wrong after a signed revision.

    Raises: Unreadable if the file is too heavy or too odd to be drawn.
    """
    try:
        inspection = inspect(InspectRequest(data=document.data, allow_signed=True, limits=_LIMITS))
    except Refusal as refusal:
        raise Unreadable(refusal.code) from refusal
    with opened(document.data[: since.end]) as old, opened(document.data) as new:
        if not len(old) == len(new) == len(inspection.pages) == len(document.pages):
            return [CHANGED]
        faces = faces_of(document, since.signed, since.later, seal)
        compared = _Comparison(document, since.signed, faces, seal, old, new)
        problems = set(compared.problems(limits))
        return [CHANGED] if CHANGED in problems else sorted(problems)


class _Comparison:
    def __init__(
        self,
        document: Document,
        signed: int,
        faces: Sequence[Face],
        seal: Seal,
        old: pypdfium2.PdfDocument,
        new: pypdfium2.PdfDocument,
    ) -> None:
        self._document, self._signed, self._faces = document, signed, faces
        self._seal, self._old, self._new = seal, old, new
        self._jpegs = cache(partial(plain_jpegs, document.data))

    def problems(self, limits: FaceLimits) -> Iterator[str]:
        numbers = pages_to_draw(self._document, self._signed)
        if not {face.page for face in self._faces} <= set(numbers):
            yield CHANGED  # a signature appeared on a page that is the same
            return
        if any(self._differs(number) for number in numbers):
            yield CHANGED
            return
        for number in numbers:
            yield from self._judge(number, limits)

    def _differs(self, number: int) -> bool:
        """Whether a page looks different outside the faces of the signatures."""
        box = self._document.pages[number - 1].box
        old, new = (draw_page(document[number - 1], self._jpegs) for document in (self._old, self._new))
        return differ(old, new, box, [face.box for face in self._faces if face.page == number])

    def _judge(self, number: int, limits: FaceLimits) -> Iterator[str]:
        faces = [face for face in self._faces if face.page == number]
        if all(face.is_sealed for face in faces):
            return
        sheets = self._old[number - 1], self._new[number - 1]
        seals = [e.signature.box for e in self._seal.stamps if e.signature.page == number]
        judged = PageFaces(
            self._document.pages[number - 1].box,
            faces,
            looks_before(self._document, self._signed, number),
            [box for box in seals if box is not None],
            *sheets,
        )
        yield from judged.judge(limits)
        for sheet in sheets:
            sheet.close()
