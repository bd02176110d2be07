"""The check after sealing: a second parser opens the file, and our signature must fit its bytes.

A valid signature does not prove that the page is sound, so qpdf walks the pages too. The public verifier
checks everything; this costs a fraction. Runs in the jail.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from typing import Any, NamedTuple

import pikepdf
from cryptography import x509

from meterai.kernel.refusals import Kind, Refusal
from meterai.pdf.limits import DEFAULT_LIMITS
from meterai.pdf.opening.doubts import has_guessed
from meterai.pdf.opening.structure import walk_pages
from meterai.pdf.own_page import STAMPED_SERIAL, own_certificate, stamped_own_page
from meterai.pdf.profiles import Profile
from meterai.pdf.requests import LightCheck, LightCheckRequest
from meterai.signatures import der
from meterai.signatures.signed_data import (
    OID_SHA256,
    OID_TIME_STAMP_TOKEN,
    SignedData,
    read_signed_data,
    signature_is_valid,
)


class _SealValues(NamedTuple):
    """Values of a signature dictionary, as read by the second parser."""

    byte_range: list[Any]
    contents: bytes


class _Range(NamedTuple):
    """A byte range `[0 gap_start gap_end rest]`."""

    gap_start: int
    gap_end: int
    rest: int

    @property
    def end(self) -> int:
        """End of the revision."""
        return self.gap_end + self.rest


class _Digests:
    """SHA-256 over byte ranges that begin with each other, in one pass over the file."""

    def __init__(self, request: LightCheckRequest) -> None:
        self._view = memoryview(request.data)
        self._given = request.covered
        self._running = hashlib.sha256()
        self._done = 0

    def over(self, covered: _Range, *, newest: bool) -> bytes:
        """Digest of the next revision.

        Raises: Refusal `seal.unsound` when the given digest is over another range.
        """
        given = self._given
        if newest and given is not None:
            if (given.gap_start, given.gap_end) != (covered.gap_start, covered.gap_end):
                raise _unsound("byte_range")
            return given.sha256
        self._running.update(self._view[self._done : covered.gap_start])
        self._done = covered.gap_start
        digest = self._running.copy()
        digest.update(self._view[covered.gap_end : covered.end])
        return digest.digest()


def warm_up() -> None:
    """Checks a page of our own, so that a jail process need not import and compute what that needs."""
    light_check(
        LightCheckRequest(
            data=stamped_own_page(), certificate=own_certificate(), pages=1, serials=[STAMPED_SERIAL]
        )
    )


def light_check(request: LightCheckRequest) -> LightCheck:
    """Checks a file that was just sealed.

    Raises: Refusal CONFLICT `seal.unsound` with `what`: pages, field, profile, byte_range, signature,
    time_stamp, form. The file must not be released. The fault is ours, not that of the customer's file.
    """
    try:
        return _check(request)
    except Refusal:
        raise
    except Exception:  # a form that no known program writes; parsers raise nearly anything on it
        raise _unsound("form") from None


def _check(request: LightCheckRequest) -> LightCheck:
    signers = _Signers([request.certificate, *request.other_certificates])
    seals = _read_seals(request)
    if request.input_sha256 or request.profile is Profile.SIGNED:
        _check_untouched(request)
    digests = _Digests(request)
    signed_by = []
    end = 0
    for number, signature in enumerate(seals, start=1):
        covered = _check_byte_range(signature, request.data)
        if covered.gap_start < end:  # each seal covers the ones before it
            raise _unsound("byte_range")
        digest = digests.over(covered, newest=number == len(seals))
        lacks = request.lacks_time_stamp and number == len(seals)
        signed_by.append(_check_signature(signature.contents, digest, signers, time_stamped=not lacks))
        end = covered.end
    if end != len(request.data):
        raise _unsound("byte_range")
    return LightCheck(size_bytes=len(request.data), signed_by=signed_by)


def _unsound(what: str) -> Refusal:
    return Refusal(Kind.CONFLICT, "seal.unsound", what=what)


def _read_seals(request: LightCheckRequest) -> list[_SealValues]:
    """Reads the signature dictionaries of the serials in order, with qpdf. There must be no other field."""
    try:
        pdf = pikepdf.open(io.BytesIO(request.data), suppress_warnings=True)
        pages = len(walk_pages(pdf, DEFAULT_LIMITS))
        fields = _stamp_fields(pdf, request.profile)
    except (pikepdf.PikepdfError, Refusal):
        raise _unsound("pages") from None
    except (KeyError, TypeError):
        raise _unsound("field") from None
    if pages != request.pages or has_guessed(pdf, signed=request.profile is Profile.SIGNED):
        raise _unsound("pages")
    wanted = [f"Emet{serial}" for serial in request.serials]
    if request.profile is Profile.SIGNED:  # its earlier stamps are not to be counted here
        fields = {name: value for name, value in fields.items() if name in wanted}
    if list(fields) != wanted:
        raise _unsound("field")
    certified = "/DocMDP" in pdf.Root.get("/Perms", {})
    if certified is not (request.profile is Profile.FINAL) and request.profile is not Profile.SIGNED:
        raise _unsound("profile")
    return [_SealValues(list(value["/ByteRange"]), bytes(value["/Contents"])) for value in fields.values()]


def _stamp_fields(pdf: pikepdf.Pdf, profile: Profile) -> dict[str, Any]:
    """Name and value of the stamps' fields. Other fields are skipped only if the profile allows them.

    Raises: KeyError, TypeError for a form that is not as we write it.
    """
    fields = list(pdf.Root["/AcroForm"]["/Fields"])
    if profile is Profile.SIGNED:
        fields = [field for field in fields if str(field.get("/T", "")).startswith("Emet") and "/V" in field]
    elif profile is Profile.SIGN_LATER:  # which keeps the fields of later signers
        fields = [field for field in fields if str(field["/T"]).startswith("Emet") or "/V" in field]
    return {str(field["/T"]): field["/V"] for field in fields}


def _check_untouched(request: LightCheckRequest) -> None:
    """Checks that the stored file is unchanged: what a person saw before paying, or what others signed."""
    stored = memoryview(request.data)[: request.input_bytes]
    if hashlib.sha256(stored).hexdigest() != request.input_sha256:
        raise _unsound("profile")


def _check_byte_range(signature: _SealValues, data: bytes) -> _Range:
    """Checks `[0 a b c]`: the gap is exactly the hex string of the contents; the end is a revision's end."""
    numbers = [int(number) for number in signature.byte_range]
    if len(numbers) != 4 or numbers[0] != 0 or not 0 < numbers[1] < numbers[2] <= len(data) - numbers[3]:
        raise _unsound("byte_range")
    covered = _Range(*numbers[1:])
    gap = data[covered.gap_start : covered.gap_end]
    if gap[:1] + gap[-1:] != b"<>" or gap[1:-1].lower() != signature.contents.hex().encode():
        raise _unsound("byte_range")
    if not data[covered.end - 8 : covered.end].rstrip().endswith(b"%%EOF"):
        raise _unsound("byte_range")
    return covered


class _Signers:
    """Certificates that may have signed a seal, the likeliest one first."""

    def __init__(self, encoded: Sequence[bytes]) -> None:
        self._encoded = encoded

    def signer_of(self, signed: SignedData, digest: bytes) -> str:
        """Returns the certificate that signed. Raises: Refusal `seal.unsound`."""
        for encoded in self._encoded:
            if signature_is_valid(signed, x509.load_der_x509_certificate(encoded), digest):
                return hashlib.sha256(encoded).hexdigest()[:16]
        raise _unsound("signature")


def _check_signature(contents: bytes, digest: bytes, signers: _Signers, *, time_stamped: bool) -> str:
    try:
        signed = read_signed_data(der.read(contents).whole)
    except der.DerError:
        raise _unsound("signature") from None
    if signed.digest_oid != OID_SHA256:
        raise _unsound("signature")
    signer = signers.signer_of(signed, digest)
    if (OID_TIME_STAMP_TOKEN in signed.unsigned_attributes) is not time_stamped:
        raise _unsound("time_stamp")
    return signer
