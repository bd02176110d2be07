"""Makes, from an upload without signatures, the file that is stored, shown and stamped. Runs in the jail."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from meterai.pdf.inspection import inspect_opened
from meterai.pdf.limits import DEFAULT_LIMITS
from meterai.pdf.opening.doubts import has_guessed
from meterai.pdf.opening.irregular import irregularity
from meterai.pdf.opening.rescue import rewrite_by_pdfium
from meterai.pdf.opening.structure import OpenedDocument, open_document, refuse
from meterai.pdf.profiles import Profile
from meterai.pdf.requests import Inspection, InspectRequest
from meterai.stamping.in_jail.comparison import Lost, compare
from meterai.stamping.in_jail.normalisation import Normalised, normalise
from meterai.stamping.in_jail.static.same_pages import same_pages
from meterai.stamping.requests import PageDifference, ReceptionRequest


class Accepted(NamedTuple):
    """The normalised upload."""

    inspection: Inspection
    data: bytes
    otherwise: bytes
    """For the other choice, whether others will sign; empty if both give the same."""
    differences: list[PageDifference]


def accept(
    request: ReceptionRequest, data: bytes, opened: OpenedDocument, inspection: Inspection
) -> Accepted:
    """Normalises the upload, and compares both if they may differ.

    They may differ if the file was repaired, if it is irregular, or if it needed a password: then what qpdf
    made of it is opened. Else only where fields or comments became part of the page. `data` is what was
    opened.

    Raises: Refusal INVALID `pdf.ambiguous`, `pdf.broken`, and as `normalise`.
    """
    told = list(inspection.notices)
    suspicious = inspection.repaired or data is not request.data or bool(irregularity(data, opened.pdf))
    later = request.profile is Profile.SIGN_LATER
    normal = normalise(opened, data, to_be_signed=later)
    repaired = inspection.repaired or has_guessed(opened.pdf)
    try:
        differences = _compared(request, normal, whole=suspicious or repaired)
    except Lost:
        data, inspection = _rescued(data, inspection)
        normal = normalise(open_document(data, DEFAULT_LIMITS), data, to_be_signed=later)
        try:
            differences = _compared(request, normal, whole=True)
        except Lost:
            raise refuse("pdf.broken") from None
    otherwise = b""
    if "pdf.notice.signature_fields" in told:
        again = open_document(data, DEFAULT_LIMITS)
        otherwise = normalise(again, data, to_be_signed=not later).data
    return Accepted(inspection, normal.data, otherwise, differences)


def _compared(request: ReceptionRequest, normal: Normalised, *, whole: bool) -> list[PageDifference]:
    if not whole and not normal.redrawn:
        return []
    only = None if whole else normal.redrawn.keys()
    if normal.static:  # hidden text is gone, but what is seen must be the same
        if whole and not same_pages(request.data, request.password, normal.static):
            raise refuse("pdf.ambiguous")
        return compare(normal.static, "", normal.data, normal.redrawn, only)
    return compare(request.data, request.password, normal.data, normal.redrawn, only)


def _rescued(data: bytes, inspection: Inspection) -> tuple[bytes, Inspection]:
    """The upload as PDFium writes it: qpdf has lost some of its ink.

    Raises: Refusal INVALID `pdf.broken`.
    """
    rewritten = rewrite_by_pdfium(data)
    if rewritten is None:
        raise refuse("pdf.broken")
    found = inspect_opened(open_document(rewritten, DEFAULT_LIMITS), InspectRequest(data=rewritten))
    notices = sorted({*found.notices, *inspection.notices, "pdf.notice.repaired"})
    return rewritten, msgspec.structs.replace(found, repaired=True, notices=notices)
