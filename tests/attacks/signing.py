"""Revisions that other people write behind a stamp: archive data, archive time stamps, signatures."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from unittest.mock import patch

from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, PdfTimeStamper, SimpleSigner
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.validation import DocumentSecurityStore

from tests.verification.making import stranger

Edit = Callable[[IncrementalPdfFileWriter], None]
Box = tuple[int, int, int, int]
TEXT: Box = (40, 730, 340, 790)
"""Over the letter's one line."""
BLANK: Box = (40, 300, 240, 360)


@cache
def somebody(name: str) -> SimpleSigner:
    """A signer under a certificate of his own making."""
    return stranger(name)


def with_store(data: bytes, *certificates: asn1_x509.Certificate, edit: Edit | None = None) -> bytes:
    """A revision with a document security store, and what `edit` adds to it."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    signature = PdfFileReader(io.BytesIO(data)).embedded_signatures[0]
    DocumentSecurityStore.supply_dss_in_writer(writer, signature.pkcs7_content, certs=list(certificates))
    if edit is not None:
        edit(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def with_archive_stamp(
    data: bytes,
    authority: DummyTimeStamper,
    *,
    name: str = "Arsip",
    box: Box | None = None,
    edit: Edit | None = None,
) -> bytes:
    """A revision with a document time stamp, and what `edit` adds to it."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    if edit is not None:
        edit(writer)
    if box is not None:
        add_field(writer, name, box)
    stamper, out = PdfTimeStamper(authority, field_name=name), io.BytesIO()
    with ThreadPoolExecutor(1) as thread:
        thread.submit(stamper.timestamp_pdf, writer, "sha256", output=out).result()
    return out.getvalue()


def signed_by_somebody(
    data: bytes,
    *,
    name: str = "Budi",
    reason: str = "Setuju",
    box: Box | None = None,
    edit: Edit | None = None,
    signer: SimpleSigner | None = None,
    existing: bool = False,
    certify: MDPPerm | None = None,
    forced: bool = False,
    time: str = "",
    writing: type[IncrementalPdfFileWriter] = IncrementalPdfFileWriter,
    dated_by: DummyTimeStamper | None = None,
) -> bytes:
    """A revision with somebody else's signature, and what `edit` adds to it; a visible one is a black box.

    `forced`: whatever a certification forbids. `time`: how the signature dictionary has it. `writing`:
    pyHanko's own writer changes the metadata. `dated_by`: with a time stamp, as stamps of ours have one.
    """
    writer = writing(io.BytesIO(data))
    if edit is not None:
        edit(writer)
    if box is not None:
        add_field(writer, name, box)
    found = existing or box is not None
    permissions = {} if certify is None else {"docmdp_permissions": certify}
    signing = PdfSigner(
        PdfSignatureMetadata(
            field_name=name,
            reason=reason,
            md_algorithm="sha256",
            certify=certify is not None,
            subfilter=SigSeedSubFilter.PADES if time or dated_by else None,  # else the time stands in the CMS
            **permissions,
        ),
        signer=signer or somebody(name),
        timestamper=dated_by,
        stamp_style=_KeptFace(),  # type: ignore[arg-type]
        new_field_spec=None if found else SigFieldSpec(sig_field_name=name, box=None),
    )
    out = io.BytesIO()
    with ThreadPoolExecutor(1) as thread, _opened(writer, forced=forced), _dated(time):
        thread.submit(signing.sign_pdf, writer, output=out, existing_fields_only=found).result()
    return out.getvalue()


class _KeptFace:
    """Leaves the field's face as it is; pyHanko would draw one of its own."""

    def create_stamp(self, *_: object) -> None:
        return None


@contextmanager
def _opened(writer: IncrementalPdfFileWriter, *, forced: bool) -> Iterator[None]:
    """Lets pyHanko sign what a certification closes: Mallory's program would not ask."""
    permissions = writer.root.get("/Perms")
    if permissions is not None and forced:
        parameters = permissions["/DocMDP"]["/Reference"][0]["/TransformParams"]
        parameters["/P"] = generic.NumberObject(2)
    yield


@contextmanager
def _dated(time: str) -> Iterator[None]:
    """Has pyHanko write this for the time of signing."""
    if not time:
        yield
        return
    with patch("pyhanko.sign.signers.pdf_byterange.pdf_date", lambda _: generic.pdf_string(time)):
        yield


def add_field(writer: IncrementalPdfFileWriter, name: str, box: Box) -> None:
    """An empty signature field with a black face."""
    append_signature_field(writer, SigFieldSpec(sig_field_name=name, box=box))
    field = writer.root["/AcroForm"]["/Fields"][-1]
    field["/AP"] = generic.DictionaryObject({pdf_name("/N"): writer.add_object(black(box))})
    writer.update_container(field)


def black(box: Box) -> generic.StreamObject:
    width, height = box[2] - box[0], box[3] - box[1]
    return generic.StreamObject(
        {
            pdf_name("/Type"): pdf_name("/XObject"),
            pdf_name("/Subtype"): pdf_name("/Form"),
            pdf_name("/BBox"): generic.ArrayObject(map(generic.NumberObject, (0, 0, width, height))),
        },
        stream_data=b"0 0 %d %d re f" % (width, height),
    )
