"""Changes to fonts, encodings, pictures and other resources of a page."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable

import pikepdf
from PIL import Image

from tests.attacks.raw import form_xobject, stream
from tests.changes.editing import (
    Objects,
    appended,
    dictionary,
    named,
    objects_of,
    page,
    raw_stream,
    with_resources,
)
from tests.changes.kind import Kind, Make, Start, kinds

_NINES = b"<< /Type /Encoding /Differences [48 /nine /nine /nine] >>"
_WIDTHS = b"[ " + b"300 " * 96 + b"]"


def font_with(**entries: bytes | None) -> Make:
    """Each font of the page that is an object of its own, with other entries."""

    def objects(start: Start, _: int) -> Objects | None:
        found: dict[int, bytes] = {}
        for number in named(start, "/Font").values():
            found.update(dictionary(start, number, **entries))
        return found or None

    return appended(objects)


def fonts(text: bytes, more: Callable[[int], Objects] = lambda _: {}) -> Make:
    """Each font of the page exchanged; `%d` in the text is the first free number."""

    def objects(start: Start, free: int) -> Objects | None:
        old = named(start, "/Font").values()
        filled = text % free if b"%d" in text else text
        return {**dict.fromkeys(old, filled), **more(free)} if old else None

    return appended(objects)


def _to_unicode(free: int) -> Objects:
    table = b"1 begincodespacerange <00> <ff> endcodespacerange 1 beginbfchar <31> <0039> endbfchar"
    return {free: stream(b"begincmap " + table + b" endcmap")}


def with_to_unicode(start: Start, free: int) -> Objects | None:
    """The same letters, copied as others."""
    found: dict[int, bytes] = {}
    for number in named(start, "/Font").values():
        found.update(dictionary(start, number, ToUnicode=b"%d 0 R" % free))
    return {**found, **_to_unicode(free)} if found else None


def _drawn_font(free: int) -> Objects:
    """Each letter is a black square."""
    return {free: stream(b"500 0 d0 0 0 500 500 re f")}


_TYPE_3 = (
    b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 500 500] /FontMatrix [0.001 0 0 0.001 0 0]"
    b" /CharProcs << /a %d 0 R >> /Encoding << /Differences [0 "
    + b"/a " * 255
    + b"] >> /FirstChar 0 /LastChar 254 /Widths ["
    + b"500 " * 255
    + b"] /Resources << >> >>"
)


def _is_picture(item: pikepdf.Object) -> bool:
    return isinstance(item, pikepdf.Stream) and item.get("/Subtype") == "/Image"


def pictures(make: Callable[[Start, int, int], Objects]) -> Make:
    """The largest picture changed; the third argument is the first free number."""

    def objects(start: Start, free: int) -> Objects | None:
        if not start.page.name.startswith(("scan", "two")):
            return None
        found = objects_of(start, _is_picture)
        return make(start, _largest(start, found), free) if found else None

    return appended(objects)


def _largest(start: Start, numbers: list[int]) -> int:
    with pikepdf.open(io.BytesIO(start.data)) as pdf:
        return max(numbers, key=lambda n: int(pdf.get_object(n, 0).Width))


def picture_with(**entries: bytes | None) -> Make:
    slashed = {f"/{key}": value for key, value in entries.items()}
    return pictures(lambda start, number, _: {number: raw_stream(start, number, slashed)})


def _other_picture(start: Start, number: int, _: int) -> Objects:
    black = zlib.compress(bytes(64))
    kind = b"/Type /XObject /Subtype /Image /Width 8 /Height 8 /ColorSpace /DeviceGray /BitsPerComponent 8"
    return {number: stream(black, kind + b" /Filter /FlateDecode")}


def _repainted(start: Start, number: int, _: int) -> Objects:
    """The picture with a white patch, saved again as JPEG."""
    with pikepdf.open(io.BytesIO(start.data)) as pdf:
        found = Image.open(io.BytesIO(pdf.get_object(number, 0).read_raw_bytes()))
        found.load()
    found.paste(255 if found.mode == "L" else (255, 255, 255), (0, 0, found.width // 2, found.height // 5))
    out = io.BytesIO()
    found.save(out, "JPEG", quality=80)
    space = b"/DeviceGray" if found.mode == "L" else b"/DeviceRGB"
    kind = b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace %s /BitsPerComponent 8"
    return {number: stream(out.getvalue(), kind % (*found.size, space) + b" /Filter /DCTDecode")}


def _mask(kind: str, packed: bytes, entries: bytes) -> Make:
    def make(start: Start, number: int, free: int) -> Objects:
        shape = b"/Type /XObject /Subtype /Image /Width 8 /Height 8 " + entries
        picture = raw_stream(start, number, {f"/{kind}": b"%d 0 R" % free})
        return {number: picture, free: stream(packed, shape)}

    return pictures(make)


def _alternate(start: Start, number: int, free: int) -> Objects:
    """Another picture for paper (ISO 32000-2 clause 8.9.5.4)."""
    listed = b"[<< /Image %d 0 R /DefaultForPrinting true >>]" % free
    other = _other_picture(start, free, 0)
    return {number: raw_stream(start, number, {"/Alternates": listed}), **other}


def state(**entries: object) -> Make:
    """A graphics state that is used before all else."""

    def change(found: pikepdf.Dictionary) -> None:
        found["/ExtGState"] = pikepdf.Dictionary(Baru=pikepdf.Dictionary(**entries))

    return with_resources(change, b"/Baru gs 0 g 60 200 10 10 re f")


def entry(key: str, value: object) -> Make:
    def change(found: pikepdf.Dictionary) -> None:
        found[key] = value

    return with_resources(change)


def gone(*keys: str) -> Make:
    def change(found: pikepdf.Dictionary) -> None:
        for key in keys:
            if key in found:
                del found[key]

    def make(start: Start) -> bytes | None:
        with pikepdf.open(io.BytesIO(start.data)) as pdf:
            if not any(key in pdf.pages[0].Resources for key in keys):
                return None
        return with_resources(change)(start)

    return make


def _other_picture_by_name(start: Start, free: int) -> Objects | None:
    """The name of a picture stands for a new form."""
    found = named(start, "/XObject")
    if not found:
        return None
    names = b" ".join(b"%s %d 0 R" % (name.encode(), free) for name in found)
    fonts_text = b" ".join(b"%s %d 0 R" % (n.encode(), v) for n, v in named(start, "/Font").items())
    text = b"<< /XObject << %s >> /Font << %s >> >>" % (names, fonts_text)
    return {**page(start, Resources=text), free: form_xobject(b"0 0 9 9 re f", 9, 9)}


_D, _N = pikepdf.Dictionary, pikepdf.Name
_TRANSFER = _D(FunctionType=2, Domain=[0, 1], N=1, C0=[1], C1=[0])
KINDS: list[Kind] = [
    *kinds(
        "fonts",
        {
            "another base font": font_with(BaseFont=b"/Symbol"),
            "similar base font": font_with(BaseFont=b"/Helvetica"),
            "italic": font_with(BaseFont=b"/Courier-Oblique"),
            "nines for zeros": font_with(Encoding=_NINES),
            "another encoding by name": font_with(Encoding=b"/MacExpertEncoding"),
            "other widths": font_with(Widths=_WIDTHS, FirstChar=b"32", LastChar=b"127"),
            "copied as other letters": appended(with_to_unicode),
            "a font that draws squares": fonts(_TYPE_3, _drawn_font),
            "no font": fonts(b"null"),
            "another kind": font_with(Subtype=b"/TrueType"),
            "name of a font that is missing": font_with(BaseFont=b"/Lain", FontDescriptor=b"<< /Flags 4 >>"),
        },
    ),
    *kinds(
        "pictures",
        {
            "another picture": pictures(_other_picture),
            "repainted": pictures(_repainted),
            "inverted": picture_with(Decode=b"[1 0 1 0 1 0]"),
            "made white by its values": picture_with(Decode=b"[1 1 1 1 1 1]"),
            "other width": picture_with(Width=b"100"),
            "as a mask of one colour": picture_with(ImageMask=b"true", BitsPerComponent=b"1"),
            "masked by colours": picture_with(Mask=b"[0 80 0 80 0 80]"),
            "soft mask": _mask("SMask", bytes(64), b"/ColorSpace /DeviceGray /BitsPerComponent 8"),
            "hard mask": _mask("Mask", b"\xff" * 8, b"/ImageMask true /BitsPerComponent 1"),
            "alternate for paper": pictures(_alternate),
            "in a layer": picture_with(OC=b"<< /Type /OCG /Name (x) >>"),
            "smoothed": picture_with(Interpolate=b"true"),
            "with metadata": picture_with(Metadata=b"null", Lain=b"(x)"),
            "by name another": appended(_other_picture_by_name),
        },
    ),
    *kinds(
        "resources",
        {
            "no fonts": gone("/Font"),
            "no pictures": gone("/XObject"),
            "empty": appended(lambda start, _: page(start, Resources=b"<< >>")),
            "none": appended(lambda start, _: page(start, Resources=None)),
            "transparent state": state(ca=0, CA=0),
            "half transparent state": state(ca=0.5),
            "multiplied": state(BM=_N.Multiply),
            "overprint": state(OP=True, op=True, OPM=1),
            "transfer function": state(TR=_TRANSFER),
            "transfer function, second name": state(TR2=_TRANSFER),
            "halftone": state(HT=_D(HalftoneType=1, Frequency=1, Angle=0, SpotFunction=_N.Round)),
            "black generation": state(BG=_TRANSFER),
            "a colour space for grey": entry("/ColorSpace", _D(DefaultGray=_N.DeviceGray)),
            "layers by name": entry("/Properties", _D(L=_D(Type=_N.OCG))),
            "an entry that nobody knows": entry("/Lain", pikepdf.String("x")),
            "a pattern": entry("/Pattern", _D(P=_D(PatternType=2))),
        },
    ),
]
