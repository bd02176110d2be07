"""Opens files with PDFium. Runs in the jail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pypdfium2


@contextmanager
def opened(data: bytes, password: str = "") -> Iterator[pypdfium2.PdfDocument]:
    """The file as PDFium reads it, with its form, until the block ends.

    Raises: PdfiumError if PDFium can't read it.
    """
    document = pypdfium2.PdfDocument(data, password=password or None)
    try:
        document.init_forms()
        yield document
    finally:
        document.close()
