"""Photos of a stamped page, as telephones make them: tilted, turned, soft, dark, noisy, made smaller."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import zxingcpp
from PIL import Image, ImageFilter

from meterai.pdf.rendering import render_image
from meterai.pdf.requests import RenderRequest

TELEPHONE = (3024, 4032)
"""Twelve million dots."""
_TABLE = (120, 100, 80)
type Corner = tuple[float, float]


def page_of(stamped: bytes) -> Image.Image:
    """Page 1 at 300 dots an inch."""
    return render_image(RenderRequest(data=stamped, page=1, width_px=2480)).convert("RGB")


def photographed(page: Image.Image, *corners: Corner, size: tuple[int, int] = TELEPHONE) -> Image.Image:
    """The page on a table, its corners at these places, with soft focus, uneven light and noise."""
    width, height = page.size
    rows, values = [], []
    for (x, y), (u, v) in zip(corners, [(0, 0), (width, 0), (width, height), (0, height)], strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    shape = np.linalg.solve(np.array(rows, float), np.array(values, float))
    flat = page.transform(
        size, Image.Transform.PERSPECTIVE, tuple(shape), Image.Resampling.BICUBIC, fillcolor=_TABLE
    )
    return in_bad_light(flat.filter(ImageFilter.GaussianBlur(1.5)))


def in_bad_light(picture: Image.Image) -> Image.Image:
    """Half as bright on the right, with noise."""
    light = np.linspace(1, 0.5, picture.width)[None, :, None]
    noise = np.random.default_rng(1).normal(0, 8, (picture.height, picture.width, 3))
    return Image.fromarray((np.asarray(picture) * light + noise).clip(0, 255).astype("uint8"))


def from_above(page: Image.Image) -> Image.Image:
    return photographed(page, (200, 150), (2850, 120), (2900, 3900), (120, 3850))


def from_the_side(page: Image.Image) -> Image.Image:
    return photographed(page, (700, 300), (2300, 500), (2950, 3900), (60, 3500))


def turned(page: Image.Image) -> Image.Image:
    return page.rotate(37, expand=True, fillcolor=_TABLE)


def by_messenger(page: Image.Image) -> Image.Image:
    """As a messenger sends it: 1,000 dots high."""
    return from_above(page).resize((750, 1000), Image.Resampling.LANCZOS)


def close_up(page: Image.Image, side: int = 900) -> Image.Image:
    """The stamp alone."""
    place = zxingcpp.read_barcodes(page)[0].position
    left, top = place.top_left.x - 100, place.top_left.y - 300
    return page.crop((left, top, left + 550, top + 550)).resize((side, side), Image.Resampling.BICUBIC)


def blurred(page: Image.Image) -> Image.Image:
    return close_up(page).filter(ImageFilter.GaussianBlur(4))


def dark(page: Image.Image) -> Image.Image:
    return Image.eval(close_up(page), lambda value: value // 6)


def tiny(page: Image.Image) -> Image.Image:
    """A cut-out of a screenshot. A module of the code has less than two dots."""
    return close_up(page, 150)


def off_a_screen(page: Image.Image) -> Image.Image:
    """The lines of a screen, seen through another grid."""
    picture = np.asarray(close_up(page, 1400)).astype(np.float32)
    picture[::3] *= 0.75
    picture[:, ::4] *= 0.8
    return Image.fromarray(picture.astype("uint8")).rotate(3)


def mirrored(page: Image.Image) -> Image.Image:
    """As a front camera shows it."""
    return close_up(page).transpose(Image.Transpose.FLIP_LEFT_RIGHT)


SHOTS: list[Callable[[Image.Image], Image.Image]] = [
    from_above, from_the_side, turned, by_messenger, close_up, blurred, dark, tiny, off_a_screen, mirrored,
]  # fmt: skip


def saved(picture: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    """The picture as a file."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def sixteen_bits(picture: Image.Image) -> bytes:
    """A PNG of 16 bits a dot."""
    deep = picture.convert("L").convert("I").point(lambda value: value * 256)
    return saved(deep.convert("I;16"), "PNG")


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_of(width: int, height: int, packed: bytes, *more: bytes, colours: int = 0) -> bytes:
    """A PNG that claims this size, with these packed lines. `colours`: 0 for grey, 2 for RGB."""
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colours, 0, 0, 0))
    lines = png_chunk(b"IDAT", packed) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + lines


def without_ground(picture: Image.Image) -> bytes:
    """A PNG whose white is transparent black."""
    clear = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    clear.putalpha(Image.eval(picture.convert("L"), lambda value: 255 - value))
    return saved(clear, "PNG")
