"""Measures how much work a file makes: objects, unpacked bytes, forms drawn inside forms. Runs in the jail.

The jail's own limits stop everything else. These counts give the person a reason instead of a dead process.
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
"""Filters whose output is larger than their input, by their full and short names."""
_DEFLATE_RATIO_MAX = 1032
"""Largest ratio of Deflate: 258 bytes from two bits (RFC 1951 clause 3.2.5)."""


def check_weight(document: OpenedDocument, limits: Limits) -> None:
    """Checks the weight of a file.

    Raises: Refusal INVALID `pdf.too_complex` with `what` one of objects, unpacked, picture, drawings.
    """
    objects = document.pdf.objects
    if len(objects) > limits.objects_max:
        raise refuse("pdf.too_complex", what="objects", number=len(objects))
    _check_unpacked([item for item in objects if _is_checked_stream(item, limits)], limits.unpacked_bytes_max)
    for page in document.pages:
        _check_drawings(page.page, limits)


def _is_checked_stream(item: pikepdf.Object, limits: Limits) -> bool:
    """Whether it is a stream other than a picture. A picture is checked by the size in its dictionary."""
    if not isinstance(item, pikepdf.Stream):
        return False
    if item.get("/Subtype") != "/Image":
        return True
    _check_picture(item, limits)
    return False


def _check_unpacked(streams: list[pikepdf.Object], allowance: int) -> None:
    """Checks the unpacked size.

    Unpacks only what it must: small streams are skipped if they fit even at worst.
    """
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
    """Size of an unpacked stream. With the filter Flate it unpacks at most `allowance`."""
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
    """Size of a stream that qpdf unpacks whole, under the jail's memory limit.

    A stream that qpdf can't unpack counts as it is.
    """
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
    """Counts the forms drawn by `content` on all levels. A form that draws itself is refused."""
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
            counted[key] = limits.drawings_max  # until it is counted: a form that draws itself is endless
            counted[key] = _drawings(form, form, counted, depth=depth + 1, limits=limits)
        total += 1 + counted[key]
        if total > limits.drawings_max:
            break
    return total


def _forms_of(holder: Any) -> dict[str, Any]:
    resources = holder.get("/Resources")  # qpdf has copied the inherited entries to each page
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
