"""Other words for refusals of signed files. Nobody may be told to print or save such a file again.

A program that prints or saves a PDF writes all of it again, and the digital signatures are lost. Each refusal
that tells people to do so has a second code for signed files. This module opens no PDF, so it also serves
outside the jail.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Final, Protocol

from meterai.kernel.refusals import Refusal

FOR_SIGNED: Final = {
    "pdf.broken": "pdf.signed_damaged",
    "pdf.no_pages": "pdf.signed_damaged",
    "pdf.encrypted": "pdf.signed_encrypted",
    "pdf.wrong_password": "pdf.signed_encrypted",
    "pdf.encryption_unknown": "pdf.signed_encrypted",
    "pdf.too_large": "pdf.signed_too_large",
    "pdf.too_many_pages": "pdf.signed_too_large",
    "pdf.page_size": "pdf.signed_page_size",
    "pdf.too_complex": "pdf.signed_too_heavy",
    "pdf.too_heavy": "pdf.signed_too_heavy",
    "pdf.xfa_dynamic": "pdf.signed_xfa",
}
"""Code of a refusal, and its code for signed files. `texts/refusals.py` has the words for both."""
_BYTE_RANGE = re.compile(rb"/ByteRange[\x00\t\n\f\r ]*\[")
_USAGE_RIGHTS = re.compile(rb"/UR3?[\x00\t\n\f\r </\[0-9]")


class _Request(Protocol):
    @property
    def data(self) -> bytes: ...


def looks_signed(data: bytes) -> bool:
    """Whether the file seems to carry a signature of somebody, also if no parser can open it.

    Byte ranges are never packed (ISO 32000-2, 12.8.1). A byte range of usage rights is nobody's signature.
    """
    found = len(_BYTE_RANGE.findall(data))
    return found > (1 if _USAGE_RIGHTS.search(data) else 0)


def for_signed_file(refusal: Refusal, data: bytes) -> Refusal:
    """The refusal with the words for signed files, if the file seems to be signed."""
    code = FOR_SIGNED.get(refusal.code)
    if code is None or not looks_signed(data):
        return refusal
    return Refusal(refusal.kind, code, **refusal.facts)


def keeping_signatures[Request: _Request, Result](
    work: Callable[[Request], Result],
) -> Callable[[Request], Result]:
    """Makes a task in the jail say `for_signed_file`. Its other exceptions concern the pool."""

    @wraps(work)
    def told(request: Request) -> Result:
        try:
            return work(request)
        except Refusal as refusal:
            raise for_signed_file(refusal, request.data) from None

    return told
