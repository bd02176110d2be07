"""Says whether a later picture hides what a place showed before. Runs in the jail.

A signature in a prepared field may touch text there, as one by hand does. It may not take it away.
"""

from __future__ import annotations

from PIL import Image, ImageChops, ImageFilter

from meterai.pdf.ink import ground_of, letters_of, marks_on
from meterai.pdf.regions import regions

_FADED = 48
"""Difference of grey by which a dot is another one."""
_LOST_SHARE_MAX, _DARKENED_SHARE_MAX = 0.3, 0.8
"""Largest shares of a letter that may fade, and of the paper around it that may become dark."""
_ALL = [255 if value >= _FADED else 0 for value in range(256)]


def hides_ink(before: Image.Image, after: Image.Image) -> bool:
    """Whether a letter or mark of a place, as it was before, is gone or can't be read. Both RGB, one size."""
    ground = ground_of(before)
    marks = letters_of(marks_on(before, ground))
    if marks.getbbox() is None:
        return False
    changed = ImageChops.difference(before.convert("L"), after.convert("L")).point(_ALL)
    lost = ImageChops.darker(changed, marks)
    around = marks.filter(ImageFilter.MaxFilter(5))
    darkened = ImageChops.subtract(ImageChops.darker(changed, around), marks)
    found = regions(marks.filter(ImageFilter.MaxFilter(3)))
    return found is None or any(
        _share(lost, marks, box) > _LOST_SHARE_MAX
        or _share(darkened, ImageChops.subtract(around, marks), box) > _DARKENED_SHARE_MAX
        for box in found
    )


def _share(part: Image.Image, whole: Image.Image, box: tuple[int, int, int, int]) -> float:
    all_of_it = whole.crop(box).histogram()[255]
    return part.crop(box).histogram()[255] / all_of_it if all_of_it else 0.0
