"""Opens an uploaded PDF and walks its pages, without trusting what the file says. Runs in the jail."""

from __future__ import annotations

import io
import warnings
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pikepdf

from meterai.kernel.refusals import Kind, Refusal
from meterai.pdf.limits import Limits
from meterai.pdf.opening.doubts import are_doubts, warnings_of
from meterai.pdf.opening.rescue import rewrite_by_pdfium, rewrite_without_empty_branches
from meterai.pdf.page_box import PageBox, Rectangle, intersection, make_page_box

_LETTER = (0.0, 0.0, 612.0, 792.0)
_DEEP_NESTING = b"[" * 100
"""The plain form of deep nesting. qpdf cuts other forms off (limit 499), and the file counts as repaired."""

_INHERITED = ("/MediaBox", "/CropBox", "/Rotate")


@dataclass(frozen=True)
class WalkedPage:
    """A page found by walking the tree."""

    page: pikepdf.Object
    box: PageBox
    box_missing: bool
    """Whether it has no media box, own or inherited, or an empty one. Readers then show US Letter."""
    crop_outside: bool = False
    """Whether its crop box lies outside the page."""


@dataclass(frozen=True)
class OpenedDocument:
    """A parsed file with its pages."""

    pdf: pikepdf.Pdf
    pages: list[WalkedPage]
    encrypted: bool
    repaired: bool
    """qpdf had to guess."""
    doubtful: bool
    """It guessed what readers may understand in two ways. Only such a guess counts in a signed file."""


def name_of(value: Any) -> str:
    """The text of a name, or of another object in its place. Bytes that are not UTF-8 stay escaped."""
    try:
        return str(value)
    except UnicodeDecodeError:
        return str(value.unparse(), "latin-1")


def refuse(code: str, **facts: object) -> Refusal:
    return Refusal(Kind.INVALID, code, **facts)


def open_document(data: bytes, limits: Limits, password: str = "") -> OpenedDocument:
    """Parses `data` and walks its pages.

    Raises: Refusal INVALID `pdf.empty`, `pdf.too_large`, `pdf.not_pdf`, `pdf.encrypted`,
    `pdf.wrong_password`, `pdf.broken`, `pdf.encryption_unknown` (for certificates, say), `pdf.no_pages`,
    `pdf.too_many_pages`, `pdf.too_complex`, `pdf.page_size`.
    """
    check_outside(data, limits)
    rescued = False
    try:
        pdf = pikepdf.open(io.BytesIO(data), password=password, suppress_warnings=True)
    except pikepdf.PasswordError:
        raise refuse("pdf.wrong_password" if password else "pdf.encrypted") from None
    except (pikepdf.PikepdfError, ValueError) as error:  # ValueError: a number too large for any machine
        if "unsupported encryption" in str(error):
            raise refuse("pdf.encryption_unknown") from None
        pdf, rescued = _rescue(data, limits, password), True
    try:
        pages = walk_pages(pdf, limits)
    except (pikepdf.PikepdfError, ValueError):
        raise refuse("pdf.broken") from None
    return _opened(pdf, pages, changed=rescued or any(page.box_missing for page in pages))


def _opened(pdf: pikepdf.Pdf, pages: list[WalkedPage], *, changed: bool = False) -> OpenedDocument:
    """A file that qpdf has just parsed. `changed`: more was guessed than its warnings say."""
    warned = warnings_of(pdf)
    return OpenedDocument(
        pdf=pdf,
        pages=pages,
        encrypted=pdf.is_encrypted,
        repaired=bool(warned) or changed,
        doubtful=are_doubts(warned) or changed,
    )


def open_again(data: bytes, limits: Limits) -> OpenedDocument:
    """Parses a file that was checked before: rewriting may have taken it over an upload's size.

    Raises: Refusal INVALID `pdf.broken`, and as `walk_pages`.
    """
    try:
        pdf = pikepdf.open(io.BytesIO(data), suppress_warnings=True)
        pages = walk_pages(pdf, limits)
    except (pikepdf.PikepdfError, ValueError):
        raise refuse("pdf.broken") from None
    return _opened(pdf, pages)


def _rescue(data: bytes, limits: Limits, password: str) -> pikepdf.Pdf:
    """Opens a file that qpdf can't open: with a repaired page tree, or as PDFium writes it."""
    for rewritten in (
        rewrite_without_empty_branches(data, limits, password),
        rewrite_by_pdfium(data, password),
    ):
        if rewritten is not None:
            with suppress(pikepdf.PikepdfError, ValueError):
                return pikepdf.open(io.BytesIO(rewritten), suppress_warnings=True)
    raise refuse("pdf.broken")


def check_outside(data: bytes, limits: Limits) -> None:
    """Checks what can be checked before any parser runs.

    Raises: Refusal INVALID `pdf.empty`, `pdf.too_large`, `pdf.not_pdf`, `pdf.too_complex`.
    """
    if not data[:1024].strip(b"\x00\t\n\x0c\r "):
        raise refuse("pdf.empty")
    if len(data) > limits.file_bytes_max:
        raise refuse("pdf.too_large", size_bytes=len(data), size_bytes_max=limits.file_bytes_max)
    if b"%PDF-" not in data[:1024]:
        raise refuse("pdf.not_pdf")
    if _DEEP_NESTING in data:
        raise refuse("pdf.too_complex", what="nesting")


def walk_pages(pdf: pikepdf.Pdf, limits: Limits) -> list[WalkedPage]:
    """Lists the pages in order, by walking `/Kids`: `/Count` may say two thousand million.

    One page must be large enough for a stamp. The others may be as small as labels.

    Raises: Refusal INVALID `pdf.no_pages`, `pdf.too_many_pages`, `pdf.too_complex`, `pdf.page_size`.
    """
    found: list[WalkedPage] = []
    seen: set[tuple[int, int]] = set()
    root = pdf.Root.get("/Pages")
    stack: list[tuple[Any, dict[str, Any], int]] = [(root, {}, 0)] if root is not None else []
    while stack:
        node, inherited, depth = stack.pop()
        if not isinstance(node, pikepdf.Dictionary) or (node.is_indirect and node.objgen in seen):
            continue
        if depth > limits.nesting_max:
            raise refuse("pdf.too_complex", what="page_tree")
        if node.is_indirect:
            seen.add(node.objgen)
        values = inherited | {key: node[key] for key in _INHERITED if key in node}
        kids = node.get("/Kids")
        if isinstance(kids, pikepdf.Array):
            if len(kids) > limits.objects_max:
                raise refuse("pdf.too_complex", what="page_tree")
            stack += [(kid, values, depth + 1) for kid in reversed(list(kids))]
            continue
        if len(found) >= limits.pages_max:
            raise refuse("pdf.too_many_pages", pages_max=limits.pages_max)
        found.append(_page(node, values, limits, number=len(found) + 1))
    if not found:
        raise refuse("pdf.no_pages")
    if not any(limits.is_large_enough(walked.box.width_pt, walked.box.height_pt) for walked in found):
        raise refuse("pdf.page_size", page=len(found))
    return found


def _page(node: pikepdf.Object, values: dict[str, Any], limits: Limits, *, number: int) -> WalkedPage:
    media, crop = rectangle_of(values.get("/MediaBox")), rectangle_of(values.get("/CropBox"))
    rotation, user_unit = values.get("/Rotate", 0), user_unit_of(node)
    turn = int(rotation) if _is_number(rotation) else 0
    box = make_page_box(media, crop, rotation=turn, user_unit=user_unit) if media else None
    missing = box is None
    if box is None:
        box = make_page_box(_LETTER, crop, rotation=turn, user_unit=user_unit)
        assert box is not None
    if max(box.x1 - box.x0, box.y1 - box.y0) > limits.page_units_max or user_unit > limits.user_unit_max:
        raise refuse("pdf.page_size", page=number)
    outside = crop is not None and intersection(_LETTER if missing else media or _LETTER, crop) is None
    return WalkedPage(page=node, box=box, box_missing=missing, crop_outside=outside)


def user_unit_of(page: pikepdf.Object) -> float:
    """Points per unit of a page; 1 if the page gives no sensible value."""
    unit: Any = page.get("/UserUnit", 1)
    return float(unit) if _is_number(unit) and unit > 0 else 1.0


def rectangle_of(value: Any) -> Rectangle | None:
    """The corners in a list of four numbers, as they come."""
    if not isinstance(value, pikepdf.Array) or len(value) != 4:
        return None
    numbers = [float(item) for item in value if _is_number(item)]
    return (numbers[0], numbers[1], numbers[2], numbers[3]) if len(numbers) == 4 else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _open_random_device() -> None:
    """Makes qpdf open the system's random numbers, and keep them open: the jail will hide `/dev`.

    qpdf needs some for AES of 256 bits. Encrypting an empty file is the shortest way to make it ask.
    """
    with pikepdf.new() as nothing, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no document gets this outdated encryption
        nothing.save(io.BytesIO(), encryption=pikepdf.Encryption(owner="-", R=5))


_open_random_device()
