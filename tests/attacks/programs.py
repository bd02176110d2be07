"""Signatures as other programs write them behind a stamp, modelled on the bytes of LibreOffice 25.2 and of
Poppler 25.03 (pdfsig, Okular)."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pikepdf

from tests.attacks.raw import anatomy, append, edited, form_xobject, longer
from tests.attacks.signing import BLANK, Box, somebody

_ROOM = 8_000
_NUMBERS = b"[0 %010d %010d %010d]"
_BLACK = b"0 0 1000 1000 re f"
_NOWHERE: Box = (0, 0, 0, 0)
_SIGNATURE = (
    b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /M (D:20261129030138Z)"
    b" /Contents <%s> /ByteRange %s >>" % (b"0" * _ROOM, _NUMBERS % (0, 0, 0))
)


def by_libreoffice(data: bytes) -> bytes:
    """A new field without a place, which names its signature as its default value too."""
    parts = anatomy(data)
    value, face, field = parts.size, parts.size + 1, parts.size + 2
    entries = (
        b"<< /Type /Annot /Subtype /Widget /F 132 /Rect [0 0 0 0] /FT /Sig /P %d 0 R /T (Signature1)"
        b" /V %d 0 R /DV %d 0 R /AP << /N %d 0 R >> >>" % (parts.page, value, value, face)
    )
    objects = _listed(data, field) | {value: _SIGNATURE, face: form_xobject(b"", 0, 0), field: entries}
    return _signed(append(data, objects))


def by_poppler(data: bytes, box: Box = _NOWHERE, *, name: str = "Budi", face: bytes | None = None) -> bytes:
    """A new field; two of its faces are left behind. `face`: how its own is named."""
    parts = anatomy(data)
    field = parts.size
    entries = (
        b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (%s) /Rect [%d %d %d %d] /M (D:20261129030138Z) /F 148"
        b" /Border [0 0 0] /P %d 0 R /AP << /N %s >> /AS /N /V %d 0 R >>"
        % (name.encode(), *box, parts.page, face or b"%d 0 R" % (field + 3), field + 4)
    )
    return _left_behind(data, _listed(data, field) | {field: entries}, field + 1, box)


def by_poppler_in(data: bytes, name: str = "Budi", box: Box = BLANK) -> bytes:
    """The same in a field that is there."""
    parts = anatomy(data)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        field = next(f.objgen[0] for f in pdf.Root.AcroForm.Fields if str(f.T) == name)
    added = {
        "/M": b"(D:20261129030138Z)",
        "/Border": b"[0 0 0]",
        "/AP": b"<< /N %d 0 R >>" % (parts.size + 2),
        "/AS": b"/N",
        "/V": b"%d 0 R" % (parts.size + 3),
    }
    return _left_behind(data, {field: edited(data, field, added)}, parts.size, box)


def _listed(data: bytes, field: int) -> dict[int, bytes]:
    """Form and page with one more field."""
    parts, item = anatomy(data), b"%d 0 R" % field
    return {
        parts.form: edited(data, parts.form, {"/Fields": longer(data, parts.form, "/Fields", item)}),
        parts.page: edited(data, parts.page, {"/Annots": longer(data, parts.page, "/Annots", item)}),
    }


def _left_behind(data: bytes, objects: Mapping[int, bytes], first: int, box: Box) -> bytes:
    """With two faces that Poppler gave up and wrote all the same, the third one, and the signature."""
    faces = [form_xobject(_BLACK, box[2] - box[0], box[3] - box[1])] * 3
    new = dict(enumerate([*faces, _SIGNATURE], first))
    written = append(data, {**objects, **new})
    for number in (first, first + 1):
        place = written.rindex(b"\n%d 0 obj\n" % number) + 1
        for old, made in (
            (b"\n%d 0 obj\n" % number, b"\n%d 1 obj\n" % number),
            (b"\n%010d 00000 n" % place, b"\n%010d 00001 n" % place),
        ):
            start = written.rindex(old)
            written = written[:start] + made + written[start + len(old) :]
    return _signed(written)


def _signed(written: bytes) -> bytes:
    """Budi's signature in the last gap."""
    start = written.rindex(b"/Contents <") + len(b"/Contents ")
    end = start + _ROOM + 2
    numbers = _NUMBERS % (start, end, len(written) - end)
    place = written.index(_NUMBERS % (0, 0, 0), end)
    written = written[:place] + numbers + written[place + len(numbers) :]
    digest = hashlib.sha256(written[:start] + written[end:]).digest()
    with ThreadPoolExecutor(1) as thread:  # a test may have an event loop already
        made = thread.submit(asyncio.run, somebody("Budi").async_sign(digest, "sha256")).result().dump()
    return written[:start] + b"<" + made.hex().encode().ljust(_ROOM, b"0") + b">" + written[end:]
