"""Makes sure that a repaired file still shows what it showed before. Runs in the jail.

qpdf repairs structure, but may lose a page's content, such as a stream without its end. The pages of the
result are compared with PDFium's drawing of the upload: no page may lose its ink.
"""

from __future__ import annotations

from itertools import zip_longest

import pypdfium2
from PIL import Image

from meterai.kernel.refusals import Refusal
from meterai.pdf.opening.rescue import rewrite_by_pdfium
from meterai.pdf.opening.structure import refuse
from meterai.stamping.in_jail.normalisation import DocumentRequest, prepare_document

_SIDE_PX = 300
_PAGES_MAX = 12
"""Number of pages whose ink is counted."""
_KEPT_SHARE_MIN = 0.8
_PAPER = 200
"""Grey value from which a dot is paper."""


def with_all_pages(data: bytes) -> bytes:
    """Returns the upload, or PDFium's version of it if only that one keeps every page.

    Raises: Refusal INVALID `pdf.broken` when neither keeps them, and as `prepare_document`.
    """
    wanted = _ink(data)
    if _keeps(prepare_document(DocumentRequest(data=data)).data, wanted):
        return data
    rewritten = rewrite_by_pdfium(data)
    if rewritten is not None and _is_kept_by(rewritten, wanted):
        return rewritten
    raise refuse("pdf.broken")


def _is_kept_by(rewritten: bytes, wanted: list[int]) -> bool:
    try:
        return _keeps(prepare_document(DocumentRequest(data=rewritten)).data, wanted)
    except Refusal:
        return False


def _keeps(flat: bytes, wanted: list[int]) -> bool:
    """Whether each page is there and has its ink. Pages that PDFium did not find before don't count."""
    pages = zip_longest(wanted, _ink(flat), fillvalue=0)
    return all(after >= before * _KEPT_SHARE_MIN for before, after in pages)


def _ink(data: bytes) -> list[int]:
    """Counts the dark dots of each page, plus one for the page itself.

    Pages behind the first `_PAGES_MAX` count one each. Empty when PDFium can't read the file.
    """
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError:
        return []
    try:
        document.init_forms()
        return [_ink_of(document, number) for number in range(len(document))]
    finally:
        document.close()


def _ink_of(document: pypdfium2.PdfDocument, number: int) -> int:
    try:
        page = document[number]
        longest = max(page.get_size())
        if longest <= 0:
            return 0
        if number >= _PAGES_MAX:
            return 1
        picture: Image.Image = page.render(scale=_SIDE_PX / longest).to_pil()
        return 1 + sum(picture.convert("L").histogram()[:_PAPER])
    except (pypdfium2.PdfiumError, ValueError):  # a page that can't be shown has no ink to lose
        return 0
