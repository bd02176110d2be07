"""Removes the user password from a file, with the password that its owner typed. Runs in the jail.

The password is used once and kept nowhere: the unlocked file is stored and stamped.
"""

from __future__ import annotations

import io
import unicodedata

import pikepdf

from meterai.pdf.limits import Limits
from meterai.pdf.opening.structure import check_outside, refuse
from meterai.pdf.requests import SignatureKind
from meterai.pdf.signed.signature_fields import find_signatures


def unlock(data: bytes, password: str, limits: Limits) -> bytes | None:
    """Returns the file without encryption; None when it opens without a password, or is no readable PDF.

    Raises: Refusal INVALID `pdf.wrong_password`, `pdf.signed_encrypted` (unlocking would break signatures),
    and those of `check_outside`.
    """
    check_outside(data, limits)
    try:
        with pikepdf.open(io.BytesIO(data), suppress_warnings=True):
            return None
    except pikepdf.PasswordError:
        pass
    except pikepdf.PikepdfError:
        return None  # refused with a code later
    for spelling in _spellings(password):
        try:
            with pikepdf.open(io.BytesIO(data), password=spelling, suppress_warnings=True) as pdf:
                return _unlocked(pdf)
        except pikepdf.PasswordError:
            continue
        except pikepdf.PikepdfError:
            raise refuse("pdf.broken") from None
    raise refuse("pdf.wrong_password")


def _unlocked(pdf: pikepdf.Pdf) -> bytes:
    if find_signatures(pdf) is not SignatureKind.NONE:
        raise refuse("pdf.signed_encrypted")
    out = io.BytesIO()
    pdf.save(
        out,
        static_id=True,
        encryption=False,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        fix_metadata_version=False,  # decrypting may have turned them into noise
    )
    return out.getvalue()


def _spellings(password: str) -> list[bytes]:
    """Encodes the password: in UTF-8 since PDF 2.0 (ISO 32000-2 clause 7.6.4.3.3), one byte per letter
    before."""
    found = [unicodedata.normalize("NFKC", password).encode(), password.encode()]
    for encoding in ("latin-1", "cp1252", "mac-roman"):
        try:
            found.append(password.encode(encoding))
        except UnicodeEncodeError:
            continue
    return list(dict.fromkeys(found))
