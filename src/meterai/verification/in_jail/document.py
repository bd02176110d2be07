"""Opens a document for judging: strict reading, pages counted by walking, every signature field found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from pyhanko.pdf_utils import generic
from pyhanko.sign.fields import enumerate_sig_fields

from meterai.pdf.limits import CHECKED_BYTES_MAX, DEFAULT_LIMITS
from meterai.pdf.page_box import PageBox, Rectangle, make_page_box
from meterai.pdf.signed.accepted_tables import AmbiguousTables
from meterai.pdf.signed.byte_range import (
    ByteRange,
    ShapeError,
    check_belongs,
    gap_content,
    read_byte_range,
    was_moved,
)
from meterai.pdf.signed.reading import Reader
from meterai.signatures.stamp_names import STAMP_FIELD, serial_of
from meterai.verification.in_jail.digests import Digests
from meterai.verification.model import Box

PAGES_MAX = 400
PAGE_TREE_DEPTH_MAX = DEFAULT_LIMITS.nesting_max
SIGNATURES_MAX = 40
OPEN_FIELDS_MAX = 400
"""Fields that wait for other people. They cost little, and a list of attendants has one for each."""


class Unreadable(Exception):
    """The file cannot be judged. `code` says why (reasons.py)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """The facts about a page that are needed to locate a stamp."""

    reference: tuple[int, int]
    annotations: frozenset[tuple[int, int]]
    box: PageBox
    """The visible part of the page."""


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """A filled signature field, as the structure of the file describes it."""

    field: str
    reason: str
    object: Any
    """The signature dictionary (pyHanko)."""
    field_object: Any
    byte_range: ByteRange | None
    content: bytes
    """Content of the gap, padding included; empty if the byte range has a wrong shape."""
    page: int | None
    box: Box | None
    document_time_stamp: bool
    moved: bool = False
    """The signature lies elsewhere than its byte range says: a program wrote the whole file again."""

    @property
    def serial(self) -> str:
        """The serial number from the Reason, or else from the field's name. Empty if it is no stamp."""
        return serial_of(self.reason, self.field)


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """An opened document."""

    data: bytes
    """The file, without a line end (CR LF) behind the last signature."""
    reader: Any
    pages: tuple[Page, ...]
    signatures: tuple[Signature, ...]
    """Sorted by the end of their byte ranges; signatures without an acceptable one come last."""
    open_stamp_fields: tuple[str, ...]
    """Names of fields for a stamp that have no signature."""
    digests: Digests


def check_envelope(data: bytes) -> None:
    """Checks what needs no parsing. Raises: Unreadable."""
    if not data:
        raise Unreadable("pdf.empty")
    if len(data) > CHECKED_BYTES_MAX:
        raise Unreadable("pdf.too_large")
    if not data.startswith(b"%PDF-"):
        raise Unreadable("file.junk_before" if b"%PDF-" in data[:1024] else "pdf.not_pdf")


def open_document(data: bytes) -> Document:
    """Reads the document strictly. Anything that readers might understand differently is not judged.

    Raises: Unreadable, or any parser's exception.
    """
    check_envelope(data)
    try:
        reader = Reader(data)
    except AmbiguousTables:
        raise Unreadable("pdf.ambiguous") from None
    if reader.encrypted:
        raise Unreadable("pdf.encrypted")
    pages = tuple(_walk(reader.root.raw_get("/Pages"), {}, set(), 0))
    if not pages:
        raise Unreadable("pdf.no_pages")
    if len(pages) > PAGES_MAX:
        raise Unreadable("pdf.too_many_pages")
    signatures, open_fields = [], []
    for name, value, field in enumerate_sig_fields(reader):
        if value is None:
            open_fields.append(str(name))
        else:
            signatures.append(_signature(data, pages, name, value, field))
        if len(signatures) > SIGNATURES_MAX or len(open_fields) > OPEN_FIELDS_MAX:
            raise Unreadable("pdf.too_complex")
    signatures.sort(key=lambda s: s.byte_range.end if s.byte_range else len(data) + 1)
    ranges = [s.byte_range for s in signatures if s.byte_range is not None]
    data = _without_line_end(data, max((r.end for r in ranges), default=len(data)))
    return Document(
        data=data,
        digests=Digests(data, ranges),
        reader=reader,
        pages=pages,
        signatures=tuple(signatures),
        open_stamp_fields=tuple(name for name in open_fields if STAMP_FIELD.fullmatch(name)),
    )


def _without_line_end(data: bytes, end: int) -> bytes:
    """The file up to the end of its last signature, if nothing but CR LF follows. Some programs add it behind
    `%%EOF`, and every reader skips it (ISO 32000-2, 7.5.5)."""
    return data[:end] if data[end:] == b"\r\n" else data


def _walk(node: Any, inherited: dict[str, Any], seen: set[tuple[int, int]], depth: int) -> Iterator[Page]:
    """The pages below a node of the page tree, without trusting /Count. Raises: Unreadable."""
    reference = _key(node)
    if reference is None or reference in seen or depth > PAGE_TREE_DEPTH_MAX or len(seen) > 4 * PAGES_MAX:
        raise Unreadable("pdf.broken")
    seen.add(reference)
    found = node.get_object()
    stated = {key: _value(found, key) for key in ("/MediaBox", "/CropBox", "/Rotate")}
    own = inherited | {key: value for key, value in stated.items() if value is not None}
    if "/Kids" in found:
        for position in range(len(found["/Kids"])):
            yield from _walk(found["/Kids"].raw_get(position), own, seen, depth + 1)
        return
    media, unit = _rectangle(own.get("/MediaBox")), _number(_value(found, "/UserUnit"))
    box = media and make_page_box(
        media,
        _rectangle(own.get("/CropBox")),
        rotation=int(_number(own.get("/Rotate")) or 0),
        user_unit=unit if unit is not None and unit > 0 else 1.0,
    )
    if box is None:
        raise Unreadable("pdf.broken")
    annotations = _value(found, "/Annots")
    listed = list.__iter__(annotations) if isinstance(annotations, generic.ArrayObject) else ()
    yield Page(
        reference=reference,
        annotations=frozenset(key for item in listed if (key := _key(item))),
        box=box,
    )


def _rectangle(value: Any) -> Rectangle | None:
    """Reads a rectangle. Returns None if it is none: readers ignore it, and so did the process that
    stamped the file."""
    if not isinstance(value, generic.ArrayObject) or len(value) != 4:
        return None
    numbers = [number for item in list.__iter__(value) if (number := _number(item.get_object())) is not None]
    return (numbers[0], numbers[1], numbers[2], numbers[3]) if len(numbers) == 4 else None


def _value(holder: Any, key: str) -> Any:
    """Reads a value. Returns None also for a null, which pyHanko lists as a key and then denies."""
    try:
        return holder[key]
    except KeyError:
        return None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, generic.NumberObject | generic.FloatObject) else None


def _key(value: Any) -> tuple[int, int] | None:
    return (value.idnum, value.generation) if isinstance(value, generic.IndirectObject) else None


def _signature(data: bytes, pages: tuple[Page, ...], name: str, value: Any, field: Any) -> Signature:
    dictionary = value.get_object()
    if not isinstance(dictionary, generic.DictionaryObject):
        raise Unreadable("pdf.broken")
    byte_range: ByteRange | None = None
    content = b""
    try:
        byte_range = read_byte_range(data, _integers(dictionary))
        content = gap_content(data, byte_range)
        check_belongs(data, dictionary, byte_range, content)
    except ShapeError:
        byte_range, content = None, b""
    page, box = _place(field, pages)
    return Signature(
        field=str(name),
        reason=text_of(dictionary.get("/Reason")),
        object=dictionary,
        field_object=field,
        byte_range=byte_range,
        content=content,
        page=page,
        box=box,
        document_time_stamp=dictionary.get("/Type") == "/DocTimeStamp",
        moved=byte_range is None and was_moved(data, _integers(dictionary), _bytes_of(dictionary)),
    )


def _bytes_of(dictionary: Any) -> bytes:
    """The bytes of /Contents, wherever they are."""
    value = _value(dictionary, "/Contents")
    return value.original_bytes if hasattr(value, "original_bytes") else b""


def _integers(dictionary: Any) -> list[int] | None:
    """The integers of /ByteRange, which must stand in the dictionary itself."""
    if "/ByteRange" not in dictionary:
        return None
    value = dictionary.raw_get("/ByteRange")
    if not isinstance(value, generic.ArrayObject):
        return None
    items = list(list.__iter__(value))
    return [int(item) for item in items] if all(isinstance(i, generic.NumberObject) for i in items) else None


def text_of(value: Any) -> str:
    """The text of a text string; empty for anything else."""
    return str(value) if isinstance(value, generic.TextStringObject) else ""


def _place(field: Any, pages: tuple[Page, ...]) -> tuple[int | None, Box | None]:
    key, found = _key(field), field.get_object()
    for number, page in enumerate(pages, 1):
        if key in page.annotations:
            corners = [float(value) for value in found["/Rect"]] if "/Rect" in found else []
            if len(corners) == 4:
                return number, visible_box(corners, page.box)
    return None, None


def visible_box(corners: list[float], page: PageBox) -> Box | None:
    """A rectangle of user space in the visible page, in points; None if it is empty."""
    x0, x1 = sorted((corners[0], corners[2]))
    y0, y1 = sorted((corners[1], corners[3]))
    left, bottom, right, top = page.to_visible((x0, y0, x1, y1))
    if not (left < right and bottom < top):
        return None
    return Box(x=left, y=bottom, width=right - left, height=top - bottom)
