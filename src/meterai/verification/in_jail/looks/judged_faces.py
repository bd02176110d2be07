"""Judges what later signatures show and what they cover (docs/verification.md, "What may follow a stamp").

What lay below a signature before is read from the sealed revision, and from the signatures before it. So it
does not matter what its face shows: a white one hides as much as a black one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pypdfium2

from meterai.pdf.ink import DOTS_PER_PT, drawn_under
from meterai.pdf.ink_kinds import Ink
from meterai.pdf.page_box import PageBox, Rectangle
from meterai.verification.in_jail.looks.boxes import area, core, lies_in
from meterai.verification.in_jail.looks.faces import Face, Looks, covers, has_face, is_beside
from meterai.verification.in_jail.looks.hidden_ink import hides_ink
from meterai.verification.in_jail.looks.machine_codes import codes_near
from meterai.verification.in_jail.looks.rendered import draw_part
from meterai.verification.in_jail.looks.stamp_pictures import shows_a_stamp
from meterai.verification.in_jail.looks.text_lines import NEAR_PT, is_on_text_line
from meterai.verification.model import Box, FaceLimits

CHANGED, UNCLEAR = "file.changed_after", "addition.unclear"
FACE_SHARE_MAX = 1 / 6
FACES_SHARE_MAX = 1 / 3
"""Largest share of a page that the faces of all other people's signatures may take together."""
_PT_PER_MM = 72 / 25.4
_ROUNDED_PT = 0.5


class PageFaces:
    """The faces on one page, and the page as it was sealed and as it is."""

    def __init__(
        self,
        seen: PageBox,
        faces: Sequence[Face],
        looks: Looks,
        seals: Sequence[Box],
        before: pypdfium2.PdfPage,
        after: pypdfium2.PdfPage,
    ) -> None:
        """`faces`: in the order of signing. `looks`: the annotations of the sealed page that are seen.
        `seals`: the stamps that sealed it."""
        self._seen, self._faces, self._looks, self._seals = seen, faces, looks, seals
        self._before, self._after = before, after
        self._of_others = [face for face in faces if not face.is_stamp]

    def judge(self, limits: FaceLimits) -> Iterator[str]:
        """Reason codes of what is wrong, if anything is."""
        if _are_large([face.box for face in self._of_others], self._seen):
            yield CHANGED
            return
        for number, face in enumerate(self._faces):
            if face.is_sealed:
                continue
            before = self._faces[:number]
            earlier = [other.box for other in before if other.is_stamp or has_face(other.signature)]
            if face.is_offered:
                yield from self._judge_offered(face, earlier)
            elif covers(face, [*self._looks.all, *earlier]) or self._is_over_ink(face):
                yield CHANGED
            elif not face.is_stamp and self._is_unclear(face, limits):
                yield UNCLEAR
        yield from self._judge_codes()
        if self._of_others and shows_a_stamp(self._after, self._seen, self._faces):
            yield UNCLEAR

    def _judge_offered(self, face: Face, earlier: Sequence[Box]) -> Iterator[str]:
        if covers(face, earlier) or (self._is_over_ink(face) and self._hides(face)):
            yield UNCLEAR

    def _is_over_ink(self, face: Face) -> bool:
        return drawn_under(self._before, self._place(face)) is not Ink.NOTHING

    def _hides(self, face: Face) -> bool:
        dpi = 72 * DOTS_PER_PT
        before, after = (draw_part(page, self._seen, face.box, dpi) for page in (self._before, self._after))
        return before.size != after.size or hides_ink(before, after)

    def _is_unclear(self, face: Face, limits: FaceLimits) -> bool:
        return (
            _is_larger(face.box, limits)
            or is_beside(face, self._looks.others, NEAR_PT)
            or is_on_text_line(self._before, self._place(face), self._seen.user_unit)
        )

    def _place(self, face: Face) -> Rectangle:
        """Its place in PDFium's units, without its edge."""
        box, unit = core(face.box), self._seen.user_unit
        return box.x / unit, box.y / unit, (box.x + box.width) / unit, (box.y + box.height) / unit

    def _judge_codes(self) -> Iterator[str]:
        boxes = [face.box for face in self._of_others]
        stamps = [*self._seals, *(face.box for face in self._faces if face.is_stamp)]
        free = [face.box for face in self._of_others if not face.is_offered]
        by_hash = [(face.hash_serial, face.box) for face in self._faces if face.hash_serial]
        for code in codes_near(self._after, self._seen, boxes) if boxes else ():
            if any(lies_in(code.place, stamp) for stamp in stamps):
                continue  # a stamp of ours, over or beside somebody's signature, shows its own
            if any(code.serial == serial and lies_in(code.place, box) for serial, box in by_hash):
                continue  # so does the picture in a stamp by hash
            if code.serial and code.touches(boxes):
                yield CHANGED
            elif code.touches(free):
                yield UNCLEAR


def _are_large(faces: Sequence[Box], page: PageBox) -> bool:
    """Whether the faces of signatures cover so large a part of their page that they amount to a text of
    their own."""
    whole = page.width_pt * page.height_pt
    largest = max((area([face]) for face in faces), default=0.0)
    return largest > FACE_SHARE_MAX * whole or area(faces) > FACES_SHARE_MAX * whole


def _is_larger(box: Box, limits: FaceLimits) -> bool:
    """Whether a face is larger than the limits, whichever way it lies."""
    sides = sorted((box.width, box.height))
    largest = sorted((limits.width_mm * _PT_PER_MM, limits.height_mm * _PT_PER_MM))
    return any(side > most + _ROUNDED_PT for side, most in zip(sides, largest, strict=True))
