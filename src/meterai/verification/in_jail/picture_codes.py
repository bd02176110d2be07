"""Reads QR codes in the photos and screenshots of strangers. Runs in the jail only.

zxing-cpp finds turned, tilted and mirrored codes. It misses small and soft ones, so it gets several views of
a picture.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator

import zxingcpp
from PIL import Image, ImageFilter, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin

from meterai.kernel.refusals import Kind, Refusal
from meterai.pdf.limits import PICTURE_PIXELS_MAX
from meterai.pdf.picture_dots import has_sixteen_bits, in_eight_bits, on_white
from meterai.verification.picture_codes import PictureCodes, PictureRequest

_LOOKED_AT_MAX = 17_000_000
"""Larger pictures are shrunk. In the photo of an A4 page a module of a code then still has five dots."""
_DOUBLED_MAX = 4_000_000
"""Pictures of this size and smaller, as messengers send them, are enlarged, too."""
_SECONDS_MAX = 3.0
"""CPU time after which no further view is made."""
_TEXTS_MAX = 20
_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


def warm_up() -> None:
    """Reads a code of our own, so that a jail process need not import what that needs."""
    out = io.BytesIO()
    code = zxingcpp.create_barcode("METERAI", zxingcpp.BarcodeFormat.QRCode)
    picture = memoryview(code.to_image(scale=4))
    assert picture.shape is not None
    Image.frombytes("L", (picture.shape[1], picture.shape[0]), picture.tobytes()).save(out, "JPEG")
    read_picture(PictureRequest(data=out.getvalue()))


def read_picture(request: PictureRequest) -> PictureCodes:
    """The texts of all QR codes that are found.

    Raises: Refusal INVALID `picture.unreadable`; `picture.too_large` when it has too many dots.
    """
    began = time.process_time()
    texts: dict[str, None] = {}
    for view in _views(_open(request.data)):
        texts |= dict.fromkeys(code.text for code in zxingcpp.read_barcodes(view, formats=_QR))
        if time.process_time() - began > _SECONDS_MAX:
            break
    return PictureCodes(texts=tuple(texts)[:_TEXTS_MAX])


def _open(data: bytes) -> Image.Image:
    """The picture in grey, not larger than is looked at. Of a moving picture, the first one."""
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG", "PNG", "WEBP"]) as picture:
            if picture.width * picture.height > PICTURE_PIXELS_MAX:
                raise Refusal(Kind.INVALID, "picture.too_large")
            if _is_large(picture):
                picture.draft(None, (picture.width // 2, picture.height // 2))  # a JPEG, unpacked at half
            return _in_grey(picture)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise Refusal(Kind.INVALID, "picture.unreadable") from None


def _is_large(picture: Image.Image) -> bool:
    return picture.width * picture.height > _LOOKED_AT_MAX


def _in_grey(picture: Image.Image) -> Image.Image:
    """In grey, on white where it is transparent: a code saved without its ground is black on nothing."""
    if has_sixteen_bits(picture):
        return _shrunk(in_eight_bits(picture))
    if not picture.has_transparency_data:
        return _shrunk(picture.convert("L"))
    return on_white(_shrunk(picture.convert("RGBA")), "L")


def _shrunk(picture: Image.Image) -> Image.Image:
    return picture.reduce(2) if _is_large(picture) else picture


def _views(picture: Image.Image) -> Iterator[Image.Image]:
    """The picture in several sizes; the last one soft, for screens that were photographed."""
    dots = picture.width * picture.height
    yield picture
    if dots <= _DOUBLED_MAX:
        yield picture.resize((picture.width * 2, picture.height * 2), Image.Resampling.BICUBIC)
    if min(picture.size) >= 200:
        yield picture.reduce(2)
    yield picture.filter(ImageFilter.GaussianBlur(2))


# Pillow would import them when it meets such a file: too late for a confined process.
assert JpegImagePlugin
assert MpoImagePlugin  # a JPEG with further pictures, as telephones make them
assert PngImagePlugin
assert WebPImagePlugin
