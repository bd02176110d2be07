"""Draws a stamp and its surroundings. Runs in the jail."""

from __future__ import annotations

import io
from functools import lru_cache

import pikepdf
from PIL import Image

from meterai.pdf.own_page import own_page
from meterai.pdf.rendering import encode_picture, render_image, with_image
from meterai.pdf.requests import RenderedPage, RenderRequest
from meterai.stamping.crop_requests import CROP_WIDTH_PX, CropRequest
from meterai.stamping.placement import Placement
from meterai.stamping.stamp_face.artwork import ARTWORK_FONT, COLOUR_SPACES, COLOURS, PICTURE, SIDE
from meterai.stamping.stamp_face.given_artwork import SIDE_PX, Picture, given_picture
from meterai.stamping.stamp_face.sample_stamp import draw_sample

_QUALITY = 60


def warm_up() -> None:
    """Draws a part of our own page, so that a jail process need not import and compute what that needs."""
    place = Placement(page=1, x=100, y=100)
    draw_crop(CropRequest(data=own_page(), page=1, box=(0, 0, 320, 260), samples=[place]))


def draw_crop(request: CropRequest) -> RenderedPage:
    """Draws a part of a page as a reader shows it, and samples of stamps over it.

    Raises: Refusal INVALID `pdf.broken`, NOT_FOUND `pdf.no_such_page`.
    """
    part = RenderRequest(data=request.data, page=request.page, width_px=CROP_WIDTH_PX, crop=request.box)
    return with_image(part, lambda image: encode_picture(_with_samples(image, request), _QUALITY))


def _with_samples(image: Image.Image, request: CropRequest) -> Image.Image:
    picture = image.convert("RGB")
    left, _, right, top = request.box
    scale = picture.width / (right - left)
    for place in request.samples:
        corner = round((place.x - left) * scale), round((top - place.y - place.size) * scale)
        picture.paste(draw_sample_picture(round(place.size * scale)), corner)
    return picture


@lru_cache(maxsize=4)
def draw_sample_picture(side_px: int) -> Image.Image:
    """The sample of a stamp as a picture of this many dots."""
    request = RenderRequest(data=_sample_file(), page=1, width_px=max(1, side_px))
    return render_image(request).convert("RGB")


@lru_cache(maxsize=1)
def _sample_file() -> bytes:
    """A PDF whose only page is the sample, drawn by the operators that draw stamps of documents."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(SIDE, SIDE))
    page.obj["/Resources"] = pikepdf.Dictionary(
        ColorSpace=pikepdf.Object.parse(COLOUR_SPACES), Font=pikepdf.Object.parse(ARTWORK_FONT)
    )
    if given := given_picture():
        page.obj["/Resources"]["/XObject"] = pikepdf.Dictionary({PICTURE: _image(pdf, given)})
    page.obj["/Contents"] = pdf.make_stream(draw_sample().encode())
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def _image(pdf: pikepdf.Pdf, given: Picture) -> pikepdf.Object:
    rows = pikepdf.Dictionary(Predictor=15, Colors=3, BitsPerComponent=8, Columns=SIDE_PX)
    image = pdf.make_stream(
        b"",
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=SIDE_PX,
        Height=SIDE_PX,
        BitsPerComponent=8,
        ColorSpace=pikepdf.Object.parse(COLOURS),
    )
    image.write(given.packed, filter=pikepdf.Name.FlateDecode, decode_parms=rows)
    return image
