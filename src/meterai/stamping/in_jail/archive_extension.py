"""Appends the revision with archive data, by pyHanko's reader and writer. Runs in the jail.

The revision holds a document security store (ETSI EN 319 142-1 clause 5.4.2). For B-LTA it also holds a
document time stamp (5.4.3), whose byte range covers the store. ISO 32000-2 clause 12.8.2.2.2 lets both follow
a certification that allows no changes.
"""

# mypy: disallow-untyped-calls=False
# pyHanko types only part of its own functions.

from __future__ import annotations

import io

from asn1crypto import crl, ocsp, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import DocumentTimestamp
from pyhanko.sign.validation.dss import DocumentSecurityStore

from meterai.kernel.refusals import Kind, Refusal
from meterai.stamping.in_jail.increment import EmptyGap, IncrementWriter
from meterai.stamping.requests import ArchiveLook, ArchiveLookRequest, Extended, ExtendRequest

FIELD = "ArchiveTimeStamp"
_FIELDS_MAX = 100


def look(request: ArchiveLookRequest) -> ArchiveLook:
    """Reads the seals and time stamps of a released file.

    Raises: Refusal CONFLICT `archive.file_unreadable` when it is not as we released it.
    """
    wanted = {f"Emet{serial}" for serial in request.serials}
    seals: dict[str, bytes] = {}
    stamps: list[tuple[int, bytes]] = []
    try:
        reader = PdfFileReader(io.BytesIO(request.data), strict=True)
        for name, value, _ in enumerate_sig_fields(reader, filled_status=True):
            signature = value.get_object()
            contents = bytes(signature.raw_get("/Contents").original_bytes)
            if name in wanted:
                seals[name] = contents
            elif signature.get("/Type") == "/DocTimeStamp" and _is_ours(name):
                stamps.append((int(signature["/ByteRange"][2]), contents))
    except Exception:  # parsers raise nearly anything on a file that we did not write
        raise Refusal(Kind.CONFLICT, "archive.file_unreadable") from None
    if seals.keys() != wanted:
        raise Refusal(Kind.CONFLICT, "archive.file_unreadable")
    return ArchiveLook(
        seals=list(seals.values()),
        archive_stamps=[contents for _, contents in sorted(stamps)],
    )


def _is_ours(name: str) -> bool:
    return name.startswith(FIELD) and name[len(FIELD) :].isdecimal()


def extend(request: ExtendRequest) -> Extended:
    """Appends the revision. Raises: Refusal CONFLICT `archive.file_unreadable`."""
    try:
        return _extend(request)
    except Exception:
        raise Refusal(Kind.CONFLICT, "archive.file_unreadable") from None


def _extend(request: ExtendRequest) -> Extended:
    writer = IncrementWriter.after(request.data)
    writer.set_identity(request.identity)
    DocumentSecurityStore.supply_dss_in_writer(
        writer,
        None,
        certs=[x509.Certificate.load(item) for item in request.certificates],
        crls=[crl.CertificateList.load(item) for item in request.crls],
        ocsps=[ocsp.OCSPResponse.load(item) for item in request.ocsp_responses],
    )
    if not request.token_bytes:
        writer.write_in_place()
        return Extended(data=writer.prev.stream.getvalue(), gap_start=0, gap_end=0)
    embedding = PdfCMSEmbedder().write_cms(field_name=_free_name(writer), writer=writer)
    next(embedding)
    embedding.send(SigObjSetup(sig_placeholder=_TimeStamp(bytes_reserved=request.token_bytes * 2)))
    prepared, written = embedding.send(SigIOSetup(md_algorithm="sha256", in_place=True))
    return Extended(
        data=written.getvalue(),
        gap_start=prepared.reserved_region_start,
        gap_end=prepared.reserved_region_end,
    )


def _free_name(writer: IncrementWriter) -> str:
    taken = {name for name, _, _ in enumerate_sig_fields(writer)}
    return next(name for n in range(1, _FIELDS_MAX) if (name := f"{FIELD}{n}") not in taken)


class _TimeStamp(EmptyGap, DocumentTimestamp):
    """The dictionary of the document time stamp. The signer fetches its token."""
