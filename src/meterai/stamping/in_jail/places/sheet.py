"""A page on which a place for stamps is looked for."""

from __future__ import annotations

import pypdfium2
from PIL import Image

from meterai.pdf.page_box import Rectangle
from meterai.pdf.ruled_lines import without_lines
from meterai.stamping.in_jail.places.aims import Aim, usual_aim
from meterai.stamping.in_jail.places.choosing import choose_place
from meterai.stamping.in_jail.places.covering import seen_on, unit_of
from meterai.stamping.in_jail.places.dots import Dots, counted_from, within
from meterai.stamping.in_jail.places.last_ink import find_last_ink
from meterai.stamping.in_jail.places.page_marks import PageMarks, even_marks, marks_of, marks_on_paper
from meterai.stamping.placement import Placement
from meterai.stamping.requests import ProposeRequest

_REDUCED = 4
"""Factor by which the page image is reduced to look for an empty place."""
_TRIES_MAX = 1
"""Other places that are tried where the first one covers something after all. Each is drawn again."""
_WORDS_PT = 1.0
"""How far around the place of words that wait for a stamp their letters reach."""
_FRAME_PT = 22.0
"""How far around them a frame may be."""
_AROUND_PT = 84.0
"""How far around words that wait for a stamp their frame is looked at."""


class Sheet:
    """A page with its picture, and with what a stamp should be near.

    - `grey`: the same picture in grey.
    - `width_pt`: width of the page as people see it.
    - `aim`: None if no word says where people sign.
    """

    def __init__(
        self,
        page: pypdfium2.PdfPage,
        picture: Image.Image,
        grey: Image.Image,
        *,
        width_pt: float,
        aim: Aim | None,
    ) -> None:
        self._page, self._picture, self._grey, self._width_pt = page, picture, grey, width_pt
        self._scale = grey.width / width_pt
        self._factor = _REDUCED if min(grey.size) > _REDUCED * 20 else 1
        small = grey.reduce(self._factor)
        even = even_marks(small)
        self._is_even = even is not None
        marks = even or marks_on_paper(small)
        self.is_empty = marks.getbbox() is None
        self._marks = PageMarks(marks, self._scale / self._factor, height_pt=grey.height / self._scale)
        self._aim = aim or find_last_ink(self._marks)
        if aim is not None and aim.is_for_stamp:
            self._clear(aim.box)
        self._marks.blacken_fields(page, unit_of(page, width_pt))

    def propose(self, request: ProposeRequest) -> Placement:
        """The best place that covers nothing, else that with the least ink. It says what it covers."""
        aim = self._aim or usual_aim(request.width_pt, request.height_pt)
        place, is_free = choose_place(self._marks, request, aim)
        first = seen = self._look_at(place)
        for _ in range(_TRIES_MAX):
            if not (seen.covers and is_free and self._is_even):
                break
            self._marks.blacken(_middle_of(place))
            place, is_free = choose_place(self._marks, request, aim)
            seen = self._look_at(place)
        return first if seen.covers else seen

    def _look_at(self, place: Placement) -> Placement:
        return seen_on(self._page, self._picture, place, width_pt=self._width_pt)

    def _clear(self, box: Rectangle) -> None:
        """Takes the words that wait for a stamp, and the lines around them, out of the marks."""
        left, top, right, bottom = self._dots(box, _AROUND_PT)
        left, top = left - left % self._factor, top - top % self._factor
        marks = marks_of(self._grey.crop((left, top, right, bottom)))
        words, frame = (
            counted_from((left, top), self._dots(box, around)) for around in (_WORDS_PT, _FRAME_PT)
        )
        marks.paste(0, words)
        if marks.crop(frame).getbbox() is not None:
            marks = without_lines(marks, max(1, round(self._scale)))
        corner = left // self._factor, top // self._factor
        self._marks.replace(marks.reduce(self._factor).point([0, *[255] * 255]), corner)

    def _dots(self, box: Rectangle, around: float) -> Dots:
        """A place on the page and some points around it, in dots of the picture."""
        left, bottom, right, top = (
            round((side + way * around) * self._scale) for side, way in zip(box, (-1, -1, 1, 1), strict=True)
        )
        height = self._grey.height
        return within((left, height - top, right, height - bottom), self._grey)


def _middle_of(place: Placement) -> Rectangle:
    third = place.size / 3
    return place.x + third, place.y + third, place.x + 2 * third, place.y + 2 * third
