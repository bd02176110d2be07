"""Draws a page before and after something was added to it. Runs in the jail only."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import pypdfium2
from PIL import Image, ImageDraw

from meterai.pdf.page_box import Rectangle
from meterai.pdf.rendering import encode_page, encode_picture, user_unit, with_image
from meterai.pdf.requests import RenderedPage, RenderRequest
from meterai.verification.model import Box
from meterai.verification.page_pictures import BeforeAndAfter, ComparedPage, CompareRequest

_WHOLE_PX, _PLACE_PX = 720, 480
_QUALITY = 60
_AROUND_PT = 30.0
"""What is shown around a place: an addition may change what stands beside it."""
_PLACE_PT_MIN = 120.0
"""Smaller places are not enlarged further."""
_INK, _HALO = "#86134a", "#ffffff"


class _Size(NamedTuple):
    """Of the visible page, in points."""

    width: float
    height: float


def compare_page(request: CompareRequest) -> ComparedPage:
    """Draws the page and the places.

    Raises: Refusal INVALID `pdf.broken`, NOT_FOUND `pdf.no_such_page`.
    """
    size = _size_of(request.data, request.page)
    return ComparedPage(
        whole=_pair(request, _WHOLE_PX, outlined=request.boxes, size=size),
        places=tuple(_pair(request, _PLACE_PX, part=_around(box, size), size=size) for box in request.boxes),
    )


def _size_of(data: bytes, page: int) -> _Size:
    document = pypdfium2.PdfDocument(data)
    try:
        width, height = document[page - 1].get_size()
    finally:
        document.close()
    unit = user_unit(data, page)
    return _Size(max(1.0, width * unit), max(1.0, height * unit))


def _pair(
    request: CompareRequest,
    width_px: int,
    *,
    size: _Size,
    part: Rectangle | None = None,
    outlined: Sequence[Box] = (),
) -> BeforeAndAfter:
    draw = partial(_draw, page=request.page, width_px=width_px, part=part, size=size)
    sealed = request.data[: request.sealed_bytes]
    return BeforeAndAfter(sealed=draw(sealed, outlined=()), now=draw(request.data, outlined=outlined))


def _draw(
    data: bytes, *, page: int, width_px: int, part: Rectangle | None, size: _Size, outlined: Sequence[Box]
) -> bytes:
    def encode(image: Image.Image) -> RenderedPage:
        if not outlined:
            return encode_page(image, _QUALITY)
        return encode_picture(_outline(image, outlined, size), _QUALITY)

    return with_image(RenderRequest(data=data, page=page, width_px=width_px, crop=part), encode).jpeg


def _outline(image: Image.Image, boxes: Sequence[Box], size: _Size) -> Image.Image:
    """A copy with a frame around each box, dark with a light halo, which is seen on any ground."""
    framed = image.convert("RGB")
    pen = ImageDraw.Draw(framed)
    across, up = framed.width / size.width, framed.height / size.height
    for box in boxes:
        left, right = box.x * across, (box.x + box.width) * across
        top, bottom = framed.height - (box.y + box.height) * up, framed.height - box.y * up
        for margin, colour in ((7, _HALO), (5, _INK), (2, _HALO)):
            pen.rectangle(
                (left - margin, top - margin, right + margin, bottom + margin), outline=colour, width=3
            )
    return framed


def _around(box: Box, size: _Size) -> Rectangle:
    """The box and what is around it, within the page."""
    wide = max(_AROUND_PT, (_PLACE_PT_MIN - box.width) / 2)
    left, right = max(0.0, box.x - wide), min(size.width, box.x + box.width + wide)
    bottom, top = max(0.0, box.y - _AROUND_PT), min(size.height, box.y + box.height + _AROUND_PT)
    return (left, bottom, right, top) if left < right and bottom < top else (0.0, 0.0, *size)
