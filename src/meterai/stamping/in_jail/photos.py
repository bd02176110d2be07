"""Decodes photos of strangers and writes them as plain JPEGs. Runs in the jail."""

from __future__ import annotations

import io

from PIL import Image, ImageCms, JpegImagePlugin, MpoImagePlugin, PngImagePlugin

from meterai.kernel.refusals import Kind, Refusal
from meterai.pdf.limits import PICTURE_PIXELS_MAX
from meterai.pdf.picture_dots import has_sixteen_bits, in_eight_bits, on_white
from meterai.stamping.photos import PHOTO_SIDE_MAX, PHOTO_SIDE_MIN, CleanPhoto, CleanRequest

_SIDE = 2340
"""Longest side of a kept photo: an A4 page at 200 dpi."""
_STEPS = ((2340, 85), (2340, 70), (1754, 60), (1170, 50))
"""Dots on the long side and JPEG quality of a kept photo, best first."""
_KEPT_BYTES_MAX = 950_000
"""Ten photos together stay below the limit of a file."""
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_PROFILE_BYTES_MAX = 1 << 20


def warm_up() -> None:
    """Cleans a picture of our own, so that a jail process need not import and compute what that needs."""
    for kind in ("JPEG", "PNG"):
        out = io.BytesIO()
        Image.new("RGB", (PHOTO_SIDE_MIN, PHOTO_SIDE_MIN)).save(out, kind, icc_profile=_SRGB.tobytes())
        clean_photo(CleanRequest(data=out.getvalue()))


def clean_photo(request: CleanRequest) -> CleanPhoto:
    """Decodes the picture, turns it as its camera says, and keeps nothing but its dots, in sRGB.

    Of a moving picture, the first one counts.

    Raises: Refusal INVALID `photo.unreadable`, `photo.too_large`, `photo.too_small`.
    """
    try:
        with Image.open(io.BytesIO(request.data), formats=["JPEG", "PNG"]) as picture:
            _check_size(picture.size)
            picture.draft(None, (_SIDE, _SIDE))  # a large JPEG is unpacked at a half or a quarter
            photo = _in_srgb(*_upright(picture))
    except (OSError, ValueError, SyntaxError, EOFError):
        raise Refusal(Kind.INVALID, "photo.unreadable") from None
    except (MemoryError, Image.DecompressionBombError):
        raise Refusal(Kind.INVALID, "photo.too_large") from None
    for side, quality in _STEPS:
        photo.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
        jpeg = encoded(photo, quality)
        if len(jpeg) <= _KEPT_BYTES_MAX:
            break
    return CleanPhoto(jpeg=jpeg)


def _check_size(size: tuple[int, int]) -> None:
    if size[0] * size[1] > PICTURE_PIXELS_MAX or max(size) > PHOTO_SIDE_MAX:
        raise Refusal(Kind.INVALID, "photo.too_large")
    if min(size) < PHOTO_SIDE_MIN:
        raise Refusal(Kind.INVALID, "photo.too_small")


def _upright(picture: Image.Image) -> tuple[Image.Image, bytes]:
    """The picture at the kept size, turned by its EXIF orientation, and its profile."""
    profile = picture.info.get("icc_profile") or b""
    try:
        turn = _TURNS.get(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # its EXIF is broken, and turns nothing; the dots may be good
        turn = None
    photo = _plain(picture)
    photo.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return photo if turn is None else photo.transpose(turn), profile


def _plain(picture: Image.Image) -> Image.Image:
    """The picture with eight bits a value, in L, RGB or CMYK. What is transparent becomes white."""
    if has_sixteen_bits(picture):
        return in_eight_bits(picture)
    if picture.has_transparency_data:
        return on_white(picture.convert("RGBA"), "RGB")
    if picture.mode in ("L", "RGB", "CMYK"):
        picture.load()
        return picture.copy()
    return picture.convert("L" if picture.mode == "1" else "RGB")


def _in_srgb(photo: Image.Image, profile: bytes) -> Image.Image:
    """The photo in sRGB or grey. A profile that can't be used is dropped."""
    if profile and len(profile) <= _PROFILE_BYTES_MAX and photo.mode != "L":
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            changed = ImageCms.profileToProfile(photo, source, _SRGB, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            changed = None
        if changed is not None:
            return changed
    return photo if photo.mode == "L" else photo.convert("RGB")


def encoded(photo: Image.Image, quality: int) -> bytes:
    """The photo as a JPEG with nothing but its dots."""
    photo.info = {}
    out = io.BytesIO()
    photo.save(out, "JPEG", quality=quality)
    return out.getvalue()


_ORIENTATION = 0x0112
"""The EXIF tag that says how the camera was held."""
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Pillow would import them when it meets such a file: too late for a confined process.
assert JpegImagePlugin
assert MpoImagePlugin  # a JPEG with further pictures, as telephones make them
assert PngImagePlugin
