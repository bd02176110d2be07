"""Makes a file fit an authority's limits, with consent: recompresses it, or makes pictures smaller.

Runs in the jail. Text and lines stay as they are. Only pictures lose detail, and only on request.
"""

from __future__ import annotations

import io
from typing import Any

import pikepdf
from PIL import Image

from meterai.pdf.opening.structure import open_document
from meterai.pdf.pictures import has_plain_values, light_values
from meterai.stamping.in_jail.normalisation import normalise, save
from meterai.stamping.requests import RewriteRequest, RewrittenDocument

_STEPS = ((2340, 70), (1754, 60), (1404, 50), (1170, 40))
"""Longest side in pixels and JPEG quality, gentlest first: an A4 page at 200, 150, 120 and 100 dpi."""
_WORTHWHILE_BYTES = 12_000
_SPACES = {"L": pikepdf.Name.DeviceGray, "RGB": pikepdf.Name.DeviceRGB}


def rewrite(request: RewriteRequest) -> RewrittenDocument:
    """Rewrites one file. It may still be over the limit, so the caller measures again.

    Raises: Refusal INVALID as `prepare_document`.
    """
    document = open_document(request.data, request.limits, request.password)
    normalise(document, request.data, request.password)
    data, changed = save(document.pdf, compact=True, version=request.pdf_version), 0
    if request.images == "smaller":
        for side_max, quality in _STEPS:
            if request.bytes_max is not None and len(data) <= request.bytes_max:
                break
            changed = max(changed, _shrink_pictures(document.pdf, side_max, quality))
            data = save(document.pdf, compact=True, version=request.pdf_version)
            if request.bytes_max is None:
                break
    with pikepdf.open(io.BytesIO(data)) as result:
        return RewrittenDocument(data=data, pdf_version=result.pdf_version, pictures_changed=changed)


def _shrink_pictures(pdf: pikepdf.Pdf, side_max: int, quality: int) -> int:
    changed = 0
    for item in pdf.objects:
        if isinstance(item, pikepdf.Stream) and item.get("/Subtype") == "/Image":
            changed += _shrink(item, side_max, quality)
    return changed


def _shrink(stream: Any, side_max: int, quality: int) -> bool:
    """Replaces the picture by a smaller JPEG if that saves bytes. Masks are left alone.

    Only if Pillow reads the values that readers show. The JPEG keeps the colour space.
    """
    before, mask = len(stream.read_raw_bytes()), stream.get("/SMask")
    blended = isinstance(mask, pikepdf.Stream) and "/Matte" in mask  # then both have the same dots
    if before < _WORTHWHILE_BYTES or blended or not has_plain_values(stream):
        return False
    try:
        picture = pikepdf.PdfImage(stream).as_pil_image()
    except Exception:  # unusual colour space or filter: this picture stays as it is
        return False
    space = stream.get("/ColorSpace", _SPACES.get(picture.mode.removesuffix("A")))  # JPX may leave it out
    if isinstance(space, pikepdf.Array) and len(space) == 4 and space[0] == "/Indexed":
        space = space[1]
        if isinstance(space, pikepdf.Array) and space[0] != "/ICCBased":
            return False  # readers that measure the colours of a palette leave those of dots as they are
    mode = {1: "L", 3: "RGB"}.get(light_values(space))
    if mode is None or picture.mode not in (mode, mode + "A", "P"):
        return False  # a fax page is small already, and grey would be larger
    picture = picture.convert(mode)
    picture.thumbnail((side_max, side_max), Image.Resampling.LANCZOS, reducing_gap=2.0)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True)
    if len(out.getvalue()) >= before * 0.95:
        return False
    stream.write(out.getvalue(), filter=pikepdf.Name.DCTDecode)
    stream["/Width"], stream["/Height"] = picture.width, picture.height
    stream["/ColorSpace"] = space
    stream["/BitsPerComponent"] = 8
    return True
