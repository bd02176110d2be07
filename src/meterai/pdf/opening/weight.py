"""How heavy a file is to work with: objects, unpacked bytes, forms drawn inside forms. Runs in the jail.

The jail's limits stop what slips through; these counts give the person a reason instead of a dead process.
"""

from __future__ import annotations

import re
import zlib
from typing import Any

import pikepdf

from meterai.pdf.limits import Limits
from meterai.pdf.opening.structure import OpenedDocument, name_of, refuse

_DRAW = re.compile(rb"/([^\s/<>\[\]()%{}]+)\s+Do\b")
_COMPONENTS = {
    "/DeviceGray": 1,
    "/CalGray": 1,
    "/Indexed": 1,
    "/DeviceRGB": 3,
    "/CalRGB": 3,
    "/DeviceCMYK": 4,
}

_GROWING = ("/FlateDecode", "/Fl", "/LZWDecode", "/LZW", "/RunLengthDecode", "/RL")
"""Filters that make more than they are given, by their names in full and in short."""
_DEFLATE_RATIO_MAX = 1032
"""258 bytes from two bits is the most that Deflate makes (RFC 1951 clause 3.2.5)."""


def check_weight(document: OpenedDocument, limits: Limits) -> None:
    """Raises: Refusal INVALID `pdf.too_complex` with `what` one of objects, unpacked, picture, drawings."""
    objects = document.pdf.objects
    if len(objects) > limits.objects_max:
        raise refuse("pdf.too_complex", what="objects", number=len(objects))
    _check_unpacked([item for item in objects if _is_checked_stream(item, limits)], limits.unpacked_bytes_max)
    for page in document.pages:
        _check_drawings(page.page, limits)


def _is_checked_stream(item: pikepdf.Object, limits: Limits) -> bool:
    """A stream that isn't a picture, whose size its dictionary tells."""
    if not isinstance(item, pikepdf.Stream):
        return False
    if item.get("/Subtype") != "/Image":
        return True
    _check_picture(item, limits)
    return False


def _check_unpacked(streams: list[pikepdf.Object], allowance: int) -> None:
    """Unpacks no more than it must: the smallest streams may be left when even at their worst they fit."""
    packed: list[tuple[int, int]] = []
    for number, stream in enumerate(streams):
        if stream.get("/Filter") == "/FlateDecode":
            packed.append((len(stream.read_raw_bytes()), number))
        else:
            allowance -= _unpacked_bytes(stream, allowance)
    packed.sort()
    at_worst = sum(size for size, _ in packed) * _DEFLATE_RATIO_MAX
    while at_worst > allowance:
        size, number = packed.pop()
        at_worst -= size * _DEFLATE_RATIO_MAX
        allowance -= _unpacked_bytes(streams[number], allowance)


def _check_picture(picture: pikepdf.Object, limits: Limits) -> None:
    width, height = _integer(picture.get("/Width")), _integer(picture.get("/Height"))
    bits = 1 if picture.get("/ImageMask") else _integer(picture.get("/BitsPerComponent")) or 8
    space = picture.get("/ColorSpace")
    if isinstance(space, pikepdf.Array) and len(space):
        space = space[0]
    components = _COMPONENTS.get(name_of(space), 3) if space is not None else 1
    if width * height * bits * components // 8 > limits.picture_bytes_max:
        raise refuse("pdf.too_complex", what="picture")


def _integer(value: Any) -> int:
    return max(0, value) if isinstance(value, int) else 0


def _unpacked_bytes(stream: pikepdf.Object, allowance: int) -> int:
    """Size of a stream unpacked; unpacks no more than `allowance` where the filter is Flate."""
    filters = stream.get("/Filter")
    names: list[Any] = [filters] if isinstance(filters, pikepdf.Name) else []
    if isinstance(filters, pikepdf.Array):
        names = list(filters)
    raw: bytes = stream.read_raw_bytes()
    if not names:
        size = len(raw)
    elif all(name_of(name) in ("/FlateDecode", "/Fl") for name in names):
        size = _inflated_bytes(raw, len(names), allowance)
    elif any(name_of(name) in _GROWING for name in names):
        size = _unpacked_by_qpdf(stream, raw)
    else:
        size = len(raw)
    if size > allowance:
        raise refuse("pdf.too_complex", what="unpacked")
    return size


def _unpacked_by_qpdf(stream: pikepdf.Object, raw: bytes) -> int:
    """qpdf unpacks it whole; the jail's memory limit is the guard. What it can't unpack stays as it is."""
    try:
        return len(stream.read_bytes(pikepdf.StreamDecodeLevel.specialized))  # with run lengths
    except pikepdf.PikepdfError:
        return len(raw)


def _inflated_bytes(raw: bytes, times: int, allowance: int) -> int:
    for _ in range(times):
        unpacker = zlib.decompressobj()
        try:
            raw = unpacker.decompress(raw, allowance + 1)
        except zlib.error:
            return len(raw)  # broken data: readers stop here too
        if len(raw) > allowance:
            break
    return len(raw)


def _check_drawings(page: pikepdf.Object, limits: Limits) -> None:
    counted: dict[tuple[int, int], int] = {}
    if _drawings(page, page.get("/Contents"), counted, depth=0, limits=limits) > limits.drawings_max:
        raise refuse("pdf.too_complex", what="drawings")


def _drawings(
    holder: Any, content: Any, counted: dict[tuple[int, int], int], *, depth: int, limits: Limits
) -> int:
    """How many forms drawing `content` draws, all levels counted. A form that draws itself is refused."""
    if depth > min(limits.nesting_max, 40):
        raise refuse("pdf.too_complex", what="drawings")
    forms = _forms_of(holder)
    if not forms:
        return 0
    total = 0
    for name in _DRAW.findall(_content_bytes(content)):
        form = forms.get("/" + name.decode("latin-1"))
        if not isinstance(form, pikepdf.Stream) or form.get("/Subtype") != "/Form":
            continue
        key = form.objgen
        if key not in counted:
            counted[key] = limits.drawings_max  # until counted: drawing itself is as good as endless
            counted[key] = _drawings(form, form, counted, depth=depth + 1, limits=limits)
        total += 1 + counted[key]
        if total > limits.drawings_max:
            break
    return total


def _forms_of(holder: Any) -> dict[str, Any]:
    resources = holder.get("/Resources")  # qpdf has given each page what it inherits
    forms = resources.get("/XObject") if isinstance(resources, pikepdf.Dictionary) else None
    return dict(forms.items()) if isinstance(forms, pikepdf.Dictionary) else {}


def _content_bytes(content: Any) -> bytes:
    if isinstance(content, pikepdf.Array):
        return b"\n".join(_content_bytes(part) for part in content if isinstance(part, pikepdf.Stream))
    if not isinstance(content, pikepdf.Stream):
        return b""
    try:
        return bytes(content.read_bytes())
    except pikepdf.PikepdfError:
        return b""
