"""Compares pages as a person sees them. Runs in the jail only."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pypdfium2
from PIL import Image, ImageChops

from meterai.pdf.page_box import PageBox
from meterai.verification.in_jail.looks.scan_copies import lighten_scans
from meterai.verification.model import Box

COMPARE_DPI = 60
PIXELS_MAX = 4_000_000


def draw_part(
    page: pypdfium2.PdfPage, seen: PageBox, box: Box, dpi: float, pixels_max: int = PIXELS_MAX
) -> Image.Image:
    """Draws the content of a box in colour, as finely as asked or as its size allows."""
    width, height = page.get_size()
    across, up = width / seen.width_pt, height / seen.height_pt  # PDFium knows no UserUnit
    scale = min(dpi / 72, (pixels_max / max(1.0, box.width * box.height)) ** 0.5) / across
    cut = (
        box.x * across,
        box.y * up,
        width - (box.x + box.width) * across,
        height - (box.y + box.height) * up,
    )
    left, bottom, right, top = (max(0.0, margin) for margin in cut)
    if left + right >= width or bottom + top >= height:
        return Image.new("RGB", (1, 1), "white")
    bitmap = page.render(
        scale=scale, crop=(left, bottom, right, top), rev_byteorder=True, may_draw_forms=True
    )
    image: Image.Image = bitmap.to_pil().convert("RGB")
    return image


def draw_page(page: pypdfium2.PdfPage, jpegs: Callable[[], set[bytes]]) -> Image.Image:
    """Draws a page small and in grey, to compare it, and closes it. `jpegs`: returns the file's plain JPEGs,
    which are drawn from smaller copies."""
    width, height = page.get_size()
    scale = min(COMPARE_DPI / 72, (PIXELS_MAX / max(1.0, width * height)) ** 0.5)
    lighten_scans(page, jpegs, scale=scale)
    bitmap = page.render(scale=scale, grayscale=True, may_draw_forms=True)
    image: Image.Image = bitmap.to_pil().copy()
    page.close()
    return image


def differ(before: Image.Image, after: Image.Image, page: PageBox, allowed: Sequence[Box]) -> bool:
    """Whether two pictures of a page differ outside the allowed boxes."""
    if before.size != after.size:
        return True
    old, new = before.convert("L"), after.convert("L")
    for box in allowed:
        place = _pixels(box, page, old)
        old.paste(255, place)
        new.paste(255, place)
    return ImageChops.difference(old, new).getbbox() is not None


def _pixels(box: Box, page: PageBox, image: Image.Image) -> tuple[int, int, int, int]:
    """A box in pixels, by the size of the picture: large pages are drawn coarser, and PDFium ignores
    UserUnit."""
    across, up = image.width / page.width_pt, image.height / page.height_pt
    return (
        int(box.x * across) - 1,
        int(image.height - (box.y + box.height) * up) - 1,
        int((box.x + box.width) * across) + 2,
        int(image.height - box.y * up) + 2,
    )
