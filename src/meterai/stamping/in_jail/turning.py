"""Turns a page of a stored file, such as a scan that lies on its side. Runs in the jail."""

from __future__ import annotations

from meterai.pdf.inspection import describe_page, refuse_signed
from meterai.pdf.limits import DEFAULT_LIMITS
from meterai.pdf.opening.structure import open_again, open_document
from meterai.pdf.own_page import own_page
from meterai.pdf.signed.signature_fields import find_signatures
from meterai.stamping.in_jail.normalisation import save
from meterai.stamping.requests import TurnedDocument, TurnRequest


def warm_up() -> None:
    """Turns a page of our own, so that a jail process need not import and compute what that needs."""
    turn(TurnRequest(data=own_page(), page=1, degrees=90))


def turn(request: TurnRequest) -> TurnedDocument:
    """Turns the page as readers show it (ISO 32000-1 table 30, `Rotate`). What is drawn stays as it is.

    Raises: Refusal INVALID `pdf.signed`, `pdf.certified`, and as `open_document`.
    """
    opened = open_document(request.data, DEFAULT_LIMITS)
    refuse_signed(find_signatures(opened.pdf))
    walked = opened.pages[request.page - 1]
    walked.page["/Rotate"] = (walked.box.rotation + request.degrees) % 360
    data = save(opened.pdf)
    turned = open_again(data, DEFAULT_LIMITS).pages[request.page - 1]
    return TurnedDocument(data=data, page=describe_page(turned.box))
