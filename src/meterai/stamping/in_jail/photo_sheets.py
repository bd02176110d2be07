"""Makes an A4 PDF of photos: turned, straightened by four corners, in grey or colour. Runs in the jail."""

from __future__ import annotations

import io
from collections.abc import Sequence
from math import hypot
from typing import Any, NamedTuple

import msgspec
import pikepdf
from PIL import Image

from meterai.kernel.refusals import Kind, Refusal
from meterai.pdf.limits import DEFAULT_LIMITS
from meterai.pdf.opening.structure import open_document
from meterai.stamping.in_jail.photos import encoded
from meterai.stamping.photos import PHOTOS_MAX, AlbumPage, Photo, Point, Sheets, SheetsRequest, is_paper

_SHORT_PT, _LONG_PT = 595.28, 841.89
_STEPS = ((2340, 75), (1754, 68), (1404, 58), (1170, 45))
"""Dots on the long side of a page and JPEG quality, best first: A4 at 200, 150, 120 and 100 dpi."""
_BEST_MAX = 3
"""More pages begin with the second step: the jail has 8 seconds, and people less patience."""
_NEARLY_A4 = 1.15
"""A sheet whose sides differ from A4 by no more is A4: a photo shows its sides not exactly."""
_TURNS = {
    90: Image.Transpose.ROTATE_270,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}
_SPACES = {"L": pikepdf.Name.DeviceGray, "RGB": pikepdf.Name.DeviceRGB}


def warm_up() -> None:
    """Makes a sheet of a picture of our own, so that a jail process need not compute what that needs."""
    jpeg = encoded(Image.new("RGB", (90, 120)), 75)
    photo = Photo(corners=((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9)))
    pages = [AlbumPage(page=0, photo=photo)]
    made = make_sheets(SheetsRequest(album=b"", added=[jpeg], pages=pages))
    make_sheets(SheetsRequest(album=made.album, added=[], pages=pages))


def make_sheets(request: SheetsRequest) -> Sheets:
    """Makes the PDF and the album. The PDF may still be over `bytes_max`; its pages stay legible.

    Raises: Refusal INVALID `photo.too_many`, `photo.corners`; as `open_document`.
    """
    if not 1 <= len(request.pages) <= PHOTOS_MAX:
        raise Refusal(Kind.INVALID, "photo.too_many", photos_max=PHOTOS_MAX)
    jpegs = [*_of_album(request.album), *request.added]
    chosen = [(_read(jpegs[page.page]), page.photo) for page in request.pages]
    steps = _STEPS if len(chosen) <= _BEST_MAX else _STEPS[1:]
    straight = [_straightened(jpeg.data, photo, steps[0][0]) for jpeg, photo in chosen]
    for side, quality in steps:
        data = _pdf_of([_page_of(picture, side, quality) for picture in straight])
        if request.bytes_max is None or len(data) <= request.bytes_max:
            break
    return Sheets(data=data, album=_album_of(chosen), photos=[_measured(*one) for one in chosen])


class _Jpeg(NamedTuple):
    """A picture as it stands in a PDF."""

    data: bytes
    mode: str
    size: tuple[int, int]


def _read(jpeg: bytes) -> _Jpeg:
    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as picture:
        return _Jpeg(jpeg, picture.mode, picture.size)


def _of_album(album: bytes) -> list[bytes]:
    """The photos of an album."""
    if not album:
        return []
    pdf = open_document(album, DEFAULT_LIMITS).pdf
    return [bytes(page.obj["/Resources"]["/XObject"]["/Im"].read_raw_bytes()) for page in pdf.pages]


def _album_of(chosen: Sequence[tuple[_Jpeg, Photo]]) -> bytes:
    """A PDF with each photo as it came, on a page of its size that is turned as the person wants."""
    pdf = pikepdf.new()
    for jpeg, photo in chosen:
        _add_page(pdf, jpeg, _scaled(jpeg.size), turn=photo.turn)
    return _saved(pdf)


def _measured(jpeg: _Jpeg, photo: Photo) -> Photo:
    width, height = jpeg.size if photo.turn % 180 == 0 else reversed(jpeg.size)
    return msgspec.structs.replace(photo, width_px=width, height_px=height)


def _scaled(size: tuple[int, int]) -> tuple[float, float]:
    """The page of a photo: as long as A4."""
    scale = _LONG_PT / max(size)
    return size[0] * scale, size[1] * scale


def _straightened(jpeg: bytes, photo: Photo, side: int) -> Image.Image:
    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as opened:
        picture = opened.convert("L" if photo.grey else opened.mode)
    if not photo.corners:
        picture.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    if photo.turn:
        picture = picture.transpose(_TURNS[photo.turn])
    if not photo.corners:
        return picture
    if not is_paper(photo.corners):
        raise Refusal(Kind.INVALID, "photo.corners")
    corners = [(x * picture.width, y * picture.height) for x, y in photo.corners]
    size = _sheet_size(corners, side)
    return picture.transform(
        size, Image.Transform.PERSPECTIVE, _perspective(size, corners), Image.Resampling.BICUBIC
    )


def _sheet_size(corners: Sequence[Point], side: int) -> tuple[int, int]:
    """The size of the sheet between the corners: its sides as the photo shows them, or those of A4."""
    sides = [
        hypot(b[0] - a[0], b[1] - a[1]) for a, b in zip(corners, (*corners[1:], corners[0]), strict=True)
    ]
    width, height = (sides[0] + sides[2]) / 2, (sides[1] + sides[3]) / 2
    ratio = (height / width) / (_LONG_PT / _SHORT_PT if height >= width else _SHORT_PT / _LONG_PT)
    if 1 / _NEARLY_A4 <= ratio <= _NEARLY_A4:
        width, height = (_SHORT_PT, _LONG_PT) if height >= width else (_LONG_PT, _SHORT_PT)
    scale = side / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _perspective(size: tuple[int, int], corners: Sequence[Point]) -> list[float]:
    """The eight numbers with which Pillow looks up each dot of the sheet in the photo.

    They solve, for each of the four corners: (a x + b y + c) / (g x + h y + 1) = the photo's x, and the same
    with d, e and f for its y.
    """
    rows: list[list[float]] = []
    width, height = size
    sheet = ((0, 0), (width, 0), (width, height), (0, height))
    for (x, y), (u, v) in zip(sheet, corners, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    return _solved(rows)


def _solved(rows: list[list[float]]) -> list[float]:
    """Solves linear equations by elimination. The last number of each row is its right side."""
    count = len(rows)
    for at in range(count):
        pivot = max(range(at, count), key=lambda n: abs(rows[n][at]))
        rows[at], rows[pivot] = rows[pivot], rows[at]
        rows[at] = [value / rows[at][at] for value in rows[at]]
        for n in range(count):
            if n != at:
                factor = rows[n][at]
                rows[n] = [value - factor * base for value, base in zip(rows[n], rows[at], strict=True)]
    return [row[-1] for row in rows]


def _page_of(picture: Image.Image, side: int, quality: int) -> _Jpeg:
    smaller = picture.copy()
    smaller.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return _Jpeg(encoded(smaller, quality), smaller.mode, smaller.size)


def _pdf_of(pictures: Sequence[_Jpeg]) -> bytes:
    """An A4 page for each picture, upright or across as the picture is, with the picture in its middle."""
    pdf = pikepdf.new()
    for picture in pictures:
        width, height = picture.size
        page = (_SHORT_PT, _LONG_PT) if height >= width else (_LONG_PT, _SHORT_PT)
        _add_page(pdf, picture, page)
    return _saved(pdf)


def _add_page(pdf: pikepdf.Pdf, jpeg: _Jpeg, page: tuple[float, float], *, turn: int = 0) -> None:
    scale = min(page[0] / jpeg.size[0], page[1] / jpeg.size[1])
    width, height = jpeg.size[0] * scale, jpeg.size[1] * scale
    left, bottom = (page[0] - width) / 2, (page[1] - height) / 2
    drawing = f"q {width:.2f} 0 0 {height:.2f} {left:.2f} {bottom:.2f} cm /Im Do Q"
    resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im=_image(pdf, jpeg)))
    made: Any = pikepdf.Dictionary(
        Type=pikepdf.Name.Page,
        MediaBox=[0, 0, round(page[0], 2), round(page[1], 2)],
        Rotate=turn,
        Resources=resources,
        Contents=pikepdf.Stream(pdf, drawing.encode()),
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(made)))


def _image(pdf: pikepdf.Pdf, jpeg: _Jpeg) -> pikepdf.Stream:
    image = pikepdf.Stream(pdf, b"")
    image.write(jpeg.data, filter=pikepdf.Name.DCTDecode)
    image.Type, image.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
    image.Width, image.Height = jpeg.size
    image.ColorSpace, image.BitsPerComponent = _SPACES[jpeg.mode], 8
    return image


def _saved(pdf: pikepdf.Pdf) -> bytes:
    out = io.BytesIO()
    pdf.save(out, force_version="1.7", deterministic_id=True)
    return out.getvalue()
