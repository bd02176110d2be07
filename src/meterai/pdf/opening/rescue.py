"""Last attempts to open files that qpdf does not open as they are. Runs in the jail."""

from __future__ import annotations

import io
from typing import Any

import pikepdf

from meterai.pdf.limits import Limits


def rewrite_without_empty_branches(data: bytes, limits: Limits, password: str = "") -> bytes | None:
    """Returns the file without encryption, and without branches of its page tree that hold no page.

    Programs that remove pages from a long document leave such branches (MuPDF's are the best known), and list
    one several times. Readers ignore them; qpdf takes the second mention for a loop. Returns None if there
    were none.
    """
    try:
        with pikepdf.open(
            io.BytesIO(data), password=password, suppress_warnings=True, inherit_page_attributes=False
        ) as pdf:
            if not _drop_empty_branches(pdf, limits):
                return None
            out = io.BytesIO()
            pdf.save(out, fix_metadata_version=False)
            return out.getvalue()
    except (pikepdf.PikepdfError, ValueError):
        return None


def _drop_empty_branches(pdf: pikepdf.Pdf, limits: Limits) -> bool:
    """Removes empty branches.

    Returns whether there were any. A branch that leads back to itself is not empty.
    """
    branches: list[pikepdf.Object] = []
    stack: list[Any] = [pdf.Root.get("/Pages")]
    seen, kids = set[tuple[int, int]](), 0
    while stack:
        node = stack.pop()
        if not _is_branch(node) or node.objgen in seen:
            continue
        kids += len(node.Kids)
        if kids > limits.objects_max:
            return False
        seen.add(node.objgen)
        branches.append(node)
        stack += list(node.Kids)
    empty: set[tuple[int, int]] = set()
    for branch in reversed(branches):  # objects below a branch were found after it
        kept = [kid for kid in branch.Kids if not (_is_branch(kid) and kid.objgen in empty)]
        if not kept:
            empty.add(branch.objgen)
        elif len(kept) < len(branch.Kids):
            branch.Kids = pikepdf.Array(kept)
    return bool(empty)


def _is_branch(node: object) -> bool:
    return (
        isinstance(node, pikepdf.Dictionary)
        and node.is_indirect
        and isinstance(node.get("/Kids"), pikepdf.Array)
    )


def rewrite_by_pdfium(data: bytes, password: str = "") -> bytes | None:
    """Returns the file as PDFium writes it, without encryption; None when PDFium can't read it either."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data, password=password or None)
    except pypdfium2.PdfiumError:
        return None
    try:
        out = io.BytesIO()
        document.save(out, flags=pypdfium2.raw.FPDF_REMOVE_SECURITY)
        return out.getvalue()
    except pypdfium2.PdfiumError:
        return None
    finally:
        document.close()
