"""Prepares a document for its seal: field, visible stamp, signature dictionary with an empty gap.

Runs in the jail: it parses uploaded PDFs and reaches no key. It returns the whole file with zeros in the
gap for the CMS. The worker that stores the file makes the digest that the signer process signs.

With several stamps on one document, all fields are made before the first seal. The first seal certifies and
allows form filling (DocMDP P=2, ISO 32000-1 clause 12.8.2.2). The last is an approval that locks all fields
and, through its lock dictionary, the document (FieldMDP All, P=1). The certification must come first, so it
can't have P=1.

A file that carries signatures stays as it is, byte for byte, and gets an approval that locks everything
(`pdf/profiles.py`). A file that others will sign afterwards gets plain approvals.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

import pikepdf

from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.serial_number import SerialNumber
from meterai.pdf.inspection import describe_page
from meterai.pdf.limits import DEFAULT_LIMITS
from meterai.pdf.opening.doubts import has_guessed
from meterai.pdf.opening.structure import OpenedDocument, open_again, open_document, refuse, walk_pages
from meterai.pdf.own_page import STAMPED_SERIAL, own_page
from meterai.pdf.profiles import Profile
from meterai.pdf.requests import SignatureKind
from meterai.pdf.signed.existing_signatures import check_still_allowed
from meterai.pdf.signed.signature_fields import find_signatures
from meterai.pdf.signed_refusals import keeping_signatures
from meterai.stamping.in_jail.increment import Increment, PreparedGap, SealEntries
from meterai.stamping.in_jail.normalisation import VERSION_MIN, normalise
from meterai.stamping.in_jail.places.free_places import refuse_covering
from meterai.stamping.in_jail.stamp_fields import StampField
from meterai.stamping.placement import Placement, check_placement, overlap
from meterai.stamping.requests import (
    MeasureRequest,
    OutputMeasure,
    PreparedSeal,
    SealRequest,
    Stamp,
    version_of,
)

STAMPS_MAX = 10

_STAND_IN_TIME = datetime(2026, 1, 1, tzinfo=UTC)
_STAND_IN_CODE = "HTTPS://METERAI.EXAMPLE/C/" + ("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$*+-:" * 4)[:125]
_MARGIN_BYTES = 400
"""Largest difference in size of two packed 2-D codes."""


def warm_up() -> None:
    """Prepares a page of our own, so that a jail process need not import and compute what that needs."""
    serial, place = SerialNumber(STAMPED_SERIAL), Placement(page=1, x=400, y=100)
    stamp = Stamp(serial=serial, code=_STAND_IN_CODE, placement=place)
    prepare_seal(SealRequest(data=own_page(), stamps=[stamp], signing_time=_STAND_IN_TIME))


@keeping_signatures
def prepare_seal(request: SealRequest) -> PreparedSeal:
    """Prepares stamp `index`. For the first one it also opens the file, and makes the fields of all.

    Raises: Refusal INVALID as `prepare_document`, `placement.page`, `placement.size`, `placement.outside`,
    `placement.overlap`, `placement.covers`, `seal.too_many`, `pdf.signed_locked`, `pdf.signed_irregular`;
    CONFLICT `seal.field_missing` when `data` isn't what was sealed so far.
    """
    return _prepare(request, None)


def _prepare(
    request: SealRequest, opened: OpenedDocument | None, *, certify: int | None = None
) -> PreparedSeal:
    """Prepares one stamp.

    `opened`: the file of the request, if it is open already. `certify`: the first seal certifies, even in a
    profile where none does.
    """
    if not 0 <= request.index < len(request.stamps) <= STAMPS_MAX:
        raise Refusal(Kind.INVALID, "seal.too_many", stamps_max=STAMPS_MAX)
    sealed = _begin(request, opened, certify) if request.index == 0 else _go_on(request)
    gap = sealed.gap
    if request.profile is Profile.SIGNED:
        check_still_allowed(request.data, gap.data, stamps=request.index)
    return PreparedSeal(
        data=gap.data,
        gap_start=gap.start,
        gap_end=gap.end,
        pages=sealed.pages,
        base_bytes=sealed.base_bytes,
        pdf_version=sealed.version,
    )


class _Sealed(NamedTuple):
    """A file with one more revision, and the file that it was appended to."""

    gap: PreparedGap
    pages: int
    base_bytes: int
    version: str


def _begin(request: SealRequest, opened: OpenedDocument | None, certify: int | None) -> _Sealed:
    """Prepares the first stamp, and makes the fields of all."""
    data = request.data
    if request.profile is not Profile.SIGNED and not request.normalised:
        data = _normalised(request)
    document = opened or open_again(data, request.limits)
    _check_placements(document, request.stamps)
    if request.profile is Profile.SIGNED:
        assert find_signatures(document.pdf) is not SignatureKind.NONE, "not a signed document"
        _refuse_shared_annotations(document)
        refuse_covering(data, document.pages, [stamp.placement for stamp in request.stamps])
    increment = Increment(io.BytesIO(data), signed=request.profile is Profile.SIGNED)
    for field in _fields(document, request):
        increment.add_field(field, tagged=request.profile is not Profile.SIGNED)
    entries = _entries(request)
    gap = increment.seal(replace(entries, certify=certify) if certify else entries)
    return _Sealed(gap, len(document.pages), len(data), document.pdf.pdf_version)


def _normalised(request: SealRequest) -> bytes:
    """Normalises an upload. Files that were stored before reception did so come here."""
    document = open_document(request.data, request.limits, request.password)
    later = request.profile is Profile.SIGN_LATER
    return normalise(document, request.data, request.password, to_be_signed=later).data


def _refuse_shared_annotations(document: OpenedDocument) -> None:
    """Refuses pages that share one list of annotations: a stamp joins the list, so both would show it.

    Raises: Refusal INVALID `pdf.signed_irregular`.
    """
    lists = [walked.page.get("/Annots") for walked in document.pages]
    shared = [item.objgen for item in lists if item is not None and item.is_indirect]
    if len(set(shared)) < len(shared):
        raise refuse("pdf.signed_irregular", why="shared_annotations")


def _go_on(request: SealRequest) -> _Sealed:
    """Prepares a later stamp on the file as sealed so far."""
    signed = request.profile is Profile.SIGNED
    increment = Increment(io.BytesIO(request.data), signed=signed)
    pages = _count_pages(request.data) if signed else increment.count_pages()
    return _Sealed(increment.seal(_entries(request)), pages, len(request.data), "")


def _count_pages(data: bytes) -> int:
    """Counts the pages of a file that was checked before.

    Our stamps may have taken it over an upload's limits.
    """
    with pikepdf.open(io.BytesIO(data), suppress_warnings=True) as pdf:
        return len(walk_pages(pdf, DEFAULT_LIMITS))


def _fields(document: OpenedDocument, request: SealRequest) -> list[StampField]:
    last = len(request.stamps) - 1
    fields = []
    for number, stamp in enumerate(request.stamps):
        walked = document.pages[stamp.placement.page - 1]
        fields.append(
            StampField(
                name=_field_name(stamp.serial),
                page=walked.page,
                rectangle=walked.box.to_page(stamp.placement.rectangle),
                rotation=walked.box.rotation,
                lock=number == last and _locks(request),
                text=f"Meterai Elektronik Rp10.000, nomor seri {stamp.serial}",
            )
        )
    return fields


def _locks(request: SealRequest) -> bool:
    """Whether the last stamp locks all fields and the document. A single certification needs no lock."""
    if request.profile is Profile.FINAL:
        return len(request.stamps) > 1
    return request.profile is Profile.SIGNED


def _check_placements(document: OpenedDocument, stamps: list[Stamp]) -> None:
    pages = len(document.pages)
    for number, stamp in enumerate(stamps):
        placement = stamp.placement
        index = min(max(placement.page, 1), pages) - 1
        size = describe_page(document.pages[index].box)
        check_placement(placement, pages=pages, width_pt=size.width_pt, height_pt=size.height_pt)
        if any(overlap(placement, earlier.placement) for earlier in stamps[:number]):
            raise Refusal(Kind.INVALID, "placement.overlap", page=placement.page)


def _field_name(serial: SerialNumber) -> str:
    return f"Emet{serial}"


def _entries(request: SealRequest) -> SealEntries:
    stamp = request.stamps[request.index]
    last = request.index == len(request.stamps) - 1
    certifies = request.profile is Profile.FINAL and request.index == 0
    return SealEntries(
        field_name=_field_name(stamp.serial),
        serial=stamp.serial,
        code=stamp.code,
        specimen=request.specimen,
        reason=f"[{stamp.serial}] {request.reason}".rstrip(),
        location=request.location,
        signer_name=request.signer_name,
        signing_time=request.signing_time,
        certify=(1 if last else 2) if certifies else None,
        lock=last and _locks(request),
        contents_bytes=request.contents_bytes,
        identity=_identity(request, stamp.serial),
    )


def _identity(request: SealRequest, serial: SerialNumber) -> bytes:
    """Makes the changing half of the file's ID (ISO 32000-1 clause 14.4) from what is written."""
    text = f"{serial}|{request.signing_time.isoformat()}|{request.index}|{len(request.data)}"
    return hashlib.sha256(text.encode()).digest()[:16]


def measure_output(request: MeasureRequest) -> OutputMeasure:
    """Prepares the first seal with a dummy serial number and measures the result.

    Later stamps add no more than the first, which brings all fields. A person may still change the profile of
    a file without signatures before stamping. So a file for later signing is measured with the certification
    of the other profile, which is larger.

    Raises: as `measure_opened`.
    """
    return measure_opened(request, None)


def measure_opened(request: MeasureRequest, opened: OpenedDocument | None) -> OutputMeasure:
    """Measures a file that is open already. The file is changed and can't be used afterwards.

    Raises: Refusal INVALID as `prepare_seal`, and `pdf.broken` if the check before the release would fail.
    """
    stamps = [
        Stamp(serial=SerialNumber(f"{number:022d}"), code=_STAND_IN_CODE, placement=placement)
        for number, placement in enumerate(request.placements)
    ]
    prepared = _prepare(
        SealRequest(
            data=request.data,
            normalised=request.normalised,
            stamps=stamps,
            profile=request.profile,
            signing_time=_STAND_IN_TIME,
            password=request.password,
            contents_bytes=request.contents_bytes,
        ),
        opened,
        certify=1 if request.profile is Profile.SIGN_LATER else None,
    )
    check_reads_again(prepared, signed=request.profile is Profile.SIGNED)
    increment = len(prepared.data) - prepared.base_bytes + _MARGIN_BYTES
    size = prepared.base_bytes + increment * len(stamps)
    limits = request.limits
    version = prepared.pdf_version
    if request.profile is not Profile.SIGNED:  # which keeps its header
        version = max(version, VERSION_MIN, key=version_of)
    return OutputMeasure(
        output_bytes=size,
        base_bytes=prepared.base_bytes,
        stamp_bytes=increment,
        pdf_version=version,
        too_large=limits.is_too_large(size),
        version_low=limits.is_too_old(version),
    )


def check_reads_again(prepared: PreparedSeal, *, signed: bool = False) -> None:
    """Reads the prepared file with qpdf, as the check before the release will do.

    Raises: Refusal INVALID `pdf.broken`, or `pdf.signed_irregular` for a `signed` file, when it finds other
    pages or has to guess.
    """
    with pikepdf.open(io.BytesIO(prepared.data), suppress_warnings=True) as pdf:
        if len(walk_pages(pdf, DEFAULT_LIMITS)) != prepared.pages or has_guessed(pdf, signed=signed):
            raise refuse("pdf.signed_irregular", why="read_again") if signed else refuse("pdf.broken")
