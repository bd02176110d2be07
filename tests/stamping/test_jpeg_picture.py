"""The picture of a stamp that partners' programs put on documents: its code can be read when it is small."""

from __future__ import annotations

import io
from typing import NamedTuple

import pytest
import zxingcpp
from PIL import Image, ImageChops

from meterai.stamping.stamp_face.jpeg_picture import SIDE_PX, stamp_jpeg

SERIAL = "7ACDEFGHJKLMNPQRTUVWXY"
CODE = "HTTPS://METERAI.EXAMPLE/S/" + "7K2QXWTA3C5N" * 10
"""As long as the text of a stamp's code: version 6 of the symbol."""


def opened(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg)).convert("RGB")


@pytest.mark.parametrize("dots_per_inch", [200, 300])
def test_the_code_is_read_at_54_points(dots_per_inch: int) -> None:
    jpeg = stamp_jpeg(SERIAL, CODE)
    assert jpeg.startswith(b"\xff\xd8\xff\xe0")
    side = round(54 * dots_per_inch / 72)
    printed = io.BytesIO()
    opened(jpeg).resize((side, side), Image.Resampling.BICUBIC).save(printed, "JPEG", quality=75)
    [found] = zxingcpp.read_barcodes(opened(printed.getvalue()))
    assert found.text == CODE


class Changed(NamedTuple):
    """The rectangle of the dots that differ clearly."""

    left: int
    top: int
    right: int
    bottom: int


def changed_box(jpeg: bytes) -> Changed:
    difference = ImageChops.difference(opened(stamp_jpeg(SERIAL, CODE)), opened(jpeg))
    box = difference.convert("L").point(lambda level: 255 if level > 60 else 0).getbbox()
    assert box is not None
    return Changed(*box)


def test_stamps_differ_in_code_and_number_alone() -> None:
    first_letter = changed_box(stamp_jpeg("9" + SERIAL[1:], CODE))
    assert first_letter.left < 40
    assert first_letter.right < 60
    assert first_letter.top > 0.9 * SIDE_PX
    assert changed_box(stamp_jpeg(SERIAL, CODE[::-1])).bottom < 0.8 * SIDE_PX


def test_only_trial_stamps_are_marked() -> None:
    place = round(0.95 * SIDE_PX), round(0.5 * SIDE_PX)
    trial, real = (opened(stamp_jpeg(SERIAL, CODE, specimen=specimen)) for specimen in (True, False))
    red, _, blue = trial.getpixel(place)  # type: ignore[misc]
    assert red > blue + 80
    red, _, blue = real.getpixel(place)  # type: ignore[misc]
    assert blue >= red
