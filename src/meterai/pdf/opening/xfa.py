"""XFA forms (ISO 32000-1 clause 12.7.8): XML that Adobe Reader shows instead of the pages.

Runs in the jail.
"""

from __future__ import annotations

import re
from typing import Any

import pikepdf

_REQUIRED = re.compile(rb"<dynamicRender>\s*required\s*</dynamicRender>")


def has_only_xfa(pdf: pikepdf.Pdf) -> bool:
    """Whether the pages are a placeholder ("Please wait...") and only Adobe Reader shows the true ones.

    A form that has both keeps its pages, and its XFA part can be removed.
    """
    form = pdf.Root.get("/AcroForm")
    if not isinstance(form, pikepdf.Dictionary) or "/XFA" not in form:
        return False
    fields = form.get("/Fields")
    if bool(pdf.Root.get("/NeedsRendering")) or not isinstance(fields, pikepdf.Array) or not len(fields):
        return True
    return any(_REQUIRED.search(part) for part in _parts(form["/XFA"]))


def _parts(packets: Any) -> list[bytes]:
    """Returns the XML, which is one stream, or pairs of a name and a stream."""
    items = list(packets) if isinstance(packets, pikepdf.Array) else [packets]
    streams = [item for item in items if isinstance(item, pikepdf.Stream)]
    try:
        return [bytes(stream.read_bytes()) for stream in streams]
    except pikepdf.PikepdfError:
        return []
