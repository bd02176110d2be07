"""Lets the product propose a place for each letter, and measures how far it lies from the signature."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec
import pikepdf
import pypdfium2
from PIL import Image, ImageDraw, ImageFilter

from benchmarks.placing.model import A4, Letter, Room, Written
from benchmarks.placing.writers import Writers
from meterai.stamping.in_jail.places.covering import look_under
from meterai.stamping.in_jail.reception import receive
from meterai.stamping.placement import Placement
from meterai.stamping.requests import OutputLimits, PlacesRequest, ReceptionRequest
from tests.pdf.samples import add_scan

NEAR_MM = 40.0
_MM = 72 / 25.4
_SCAN_DPI = 150
_PAPER = 244
"""Grey of the paper in scans."""
_THUMB_PX = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was proposed for one letter."""

    letter: Letter
    written: Written
    placement: Placement
    distance_mm: float
    """From the stamp's edge to the nearest place to sign; infinite on another page."""
    covers: str
    """What lies under the stamp; empty if it is free."""

    @property
    def is_near(self) -> bool:
        return self.distance_mm <= NEAR_MM


def study(letters: Iterable[Letter], writers: Writers, *, as_scans: bool = False) -> Iterator[Found]:
    """Proposes a stamp for each letter. `as_scans`: the letters are pictures without text."""
    for letter in letters:
        written = writers.write(letter)
        if as_scans:
            written = Written(data=scanned(written.data), rooms=written.rooms)
        received = receive(ReceptionRequest(data=written.data, stamps=1, limits=OutputLimits()))
        (placement,) = received.placements
        yield Found(
            letter=letter,
            written=written,
            placement=placement,
            distance_mm=min(_distance(placement, room) for room in written.rooms) / _MM,
            covers=_cover(written.data, placement),
        )


def _cover(data: bytes, placement: Placement) -> str:
    """What the stamp covers, looked at again."""
    unseen = msgspec.structs.replace(placement, covers=None)
    (seen,) = look_under(PlacesRequest(data=data, placements=[unseen])).placements
    return str(seen.covers)


def _distance(placement: Placement, room: Room) -> float:
    """From edge to edge, in points; 0 if they meet."""
    if placement.page != room.page:
        return math.inf
    one, other = placement.rectangle, room.box
    across = max(one[0] - other[2], other[0] - one[2], 0.0)
    up = max(one[1] - other[3], other[1] - one[3], 0.0)
    return math.hypot(across, up)


def scanned(data: bytes) -> bytes:
    """The same pages as an office scanner makes them: grey paper, soft letters, no text."""
    pdf = pikepdf.new()
    with pypdfium2.PdfDocument(data) as document:
        for page in document:
            picture = page.render(scale=_SCAN_DPI / 72, grayscale=True).to_pil().convert("L")
            soft = picture.filter(ImageFilter.GaussianBlur(0.6)).point(
                [v * _PAPER // 255 for v in range(256)]
            )
            grain = Image.effect_noise(picture.size, 24)
            picture = Image.blend(soft, grain, 0.06)
            picture.save(jpeg := io.BytesIO(), "JPEG", quality=70)
            add_scan(pdf, jpeg.getvalue(), picture.size)
    pdf.save(out := io.BytesIO())
    return out.getvalue()


def sheet_of(found: list[Found], columns: int = 10) -> Image.Image:
    """All letters on one picture. Rooms are blue, stamps green, or red if far or over something."""
    height = round(_THUMB_PX * A4[1] / A4[0])
    rows = -(-len(found) // columns)
    sheet = Image.new("RGB", (columns * (_THUMB_PX + 8), rows * (height + 24)), "#888888")
    for number, one in enumerate(found):
        corner = number % columns * (_THUMB_PX + 8), number // columns * (height + 24)
        sheet.paste(_thumb(one), (corner[0], corner[1] + 16))
        words = f"{number + 1} {one.letter.name}: {one.distance_mm:.0f} mm {one.covers}"
        ImageDraw.Draw(sheet).text((corner[0] + 2, corner[1] + 2), words, fill="white")
    return sheet


def _thumb(found: Found) -> Image.Image:
    with pypdfium2.PdfDocument(found.written.data) as document:
        scale = _THUMB_PX / A4[0]
        picture: Image.Image = document[found.placement.page - 1].render(scale=scale).to_pil().convert("RGB")
    pen = ImageDraw.Draw(picture)
    for room in found.written.rooms:
        if room.page == found.placement.page:
            pen.rectangle(_dots(room.box, scale), outline="blue")
    good = found.is_near and not found.covers
    pen.rectangle(_dots(found.placement.rectangle, scale), outline="green" if good else "red", width=3)
    return picture


def _dots(box: tuple[float, float, float, float], scale: float) -> tuple[float, float, float, float]:
    return box[0] * scale, (A4[1] - box[3]) * scale, box[2] * scale, (A4[1] - box[1]) * scale
