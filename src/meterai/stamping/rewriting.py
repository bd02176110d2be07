"""Makes a file fit an authority's limits, with consent: packs it anew, or makes pictures smaller.

Runs in the jail. Text and lines stay as they are; only pictures lose detail, and only when asked.
"""

from __future__ import annotations

import io
from typing import Any

import pikepdf
from PIL import Image

from meterai.kit.pdf.structure import open_document
from meterai.stamping.normalising import normalise, save
from meterai.stamping.requests import RewriteRequest, RewrittenDocument

_STEPS = ((2340, 70), (1754, 60), (1404, 50), (1170, 40))
"""Longest side in pixels and JPEG quality, gentlest first: an A4 page at 200, 150, 120 and 100 dpi."""
_WORTHWHILE_BYTES = 12_000


def rewrite(request: RewriteRequest) -> RewrittenDocument:
    """Rewrites one file. It may still be over the limit: the caller measures again.

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
    """Puts a smaller JPEG in the picture's place if that saves something; masks are left alone."""
    before = len(stream.read_raw_bytes())
    if before < _WORTHWHILE_BYTES or stream.get("/ImageMask") or "/Decode" in stream or "/Mask" in stream:
        return False
    try:
        picture = pikepdf.PdfImage(stream).as_pil_image()
    except Exception:  # an exotic colour space or filter: this picture stays as it is
        return False
    if picture.mode == "1":  # a fax page is small already, and grey would be larger
        return False
    picture = picture.convert("L" if picture.mode in ("L", "LA") else "RGB")
    picture.thumbnail((side_max, side_max), Image.Resampling.LANCZOS, reducing_gap=2.0)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True)
    if len(out.getvalue()) >= before * 0.95:
        return False
    stream.write(out.getvalue(), filter=pikepdf.Name.DCTDecode)
    stream["/Width"], stream["/Height"] = picture.width, picture.height
    stream["/ColorSpace"] = pikepdf.Name.DeviceGray if picture.mode == "L" else pikepdf.Name.DeviceRGB
    stream["/BitsPerComponent"] = 8
    return True
