"""Whether an attack is really in its file: a suite of merely broken files would pass any verifier."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable

import pikepdf
import pypdfium2
import zxingcpp
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.verification.making import byte_range

Evidence = Callable[[bytes, bytes], bool]
"""Takes the genuine file and the forged one."""


def looks_different(genuine: bytes, forged: bytes) -> bool:
    """Somebody who opens the forged file sees something else."""
    return _faces(genuine) != _faces(forged)


def prints_differently(genuine: bytes, forged: bytes) -> bool:
    """On paper alone."""
    flags = pypdfium2.raw.FPDF_PRINTING
    return _faces(genuine, flags) != _faces(forged, flags) and not looks_different(genuine, forged)


def qpdf_reads_otherwise(genuine: bytes, forged: bytes) -> bool:
    """To one of the common parsers, which has nothing to mend, the first page has another content."""
    return _content(genuine) != _content(forged)


def _content(data: bytes) -> bytes:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        content = pdf.pages[0].Contents
        assert not pdf.get_warnings()
        parts = content if isinstance(content, pikepdf.Array) else [content]
        return b"".join(part.read_bytes() for part in parts)


def opens(genuine: bytes, forged: bytes) -> bool:
    """A common reader opens it, with pages, although it differs."""
    return forged != genuine and bool(_faces(forged))


def passes_naively(genuine: bytes, forged: bytes) -> bool:
    """A verifier that merely checks each signature over the bytes that it names is content."""
    return opens(genuine, forged) and naively_valid(forged)


def keeps_signed_bytes(genuine: bytes, forged: bytes) -> bool:
    """The genuine file is there to the byte, with something around it."""
    return genuine in forged and len(forged) > len(genuine)


def with_marker(marker: bytes) -> Evidence:
    """The forged file opens and holds `marker`, which the genuine one does not."""
    return lambda genuine, forged: opens(genuine, forged) and marker in forged and marker not in genuine


def both(*evidence: Evidence) -> Evidence:
    return lambda genuine, forged: all(check(genuine, forged) for check in evidence)


def naively_valid(data: bytes) -> bool:
    """Digest and signature of every signature that is found, under the certificates that they carry."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        found = [o for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and "/ByteRange" in o]
        return bool(found) and all(_valid(data, signature) for signature in found)


def _valid(data: bytes, signature: pikepdf.Object) -> bool:
    numbers = [int(number) for number in signature.ByteRange]
    digest = hashlib.sha256()
    for start, length in zip(numbers[::2], numbers[1::2], strict=True):
        digest.update(data[start : start + length])
    signed = cms.ContentInfo.load(bytes(signature.Contents))["content"]
    signer = signed["signer_infos"][0]
    stated = [a["values"][0].native for a in signer["signed_attrs"] if a["type"].native == "message_digest"]
    number = signer["sid"].chosen["serial_number"].native
    carried = [c.chosen for c in signed["certificates"] if c.chosen.serial_number == number]
    key = x509.load_der_x509_certificate(carried[0].dump()).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(
        signer["signature"].native, signer["signed_attrs"].untag().dump(), padding.PKCS1v15(), hashes.SHA256()
    )
    return stated == [digest.digest()]


def _faces(data: bytes, flags: int = 0) -> list[bytes]:
    """What each page shows, as digests of pixels."""
    document = pypdfium2.PdfDocument(data)
    try:
        document.init_forms()
        return [_face(document, number, flags) for number in range(len(document))]
    finally:
        document.close()


def _face(document: pypdfium2.PdfDocument, number: int, flags: int) -> bytes:
    """Empty for a page that PDFium can't load."""
    try:
        page = document[number]
    except pypdfium2.PdfiumError:
        return b""
    bitmap = page.render(scale=0.7, may_draw_forms=True, extra_flags=flags)
    head = f"{bitmap.width} {bitmap.height}".encode()
    return hashlib.sha256(head + bytes(bitmap.buffer)).digest()


def shows_the_stamp(_: bytes, forged: bytes) -> bool:
    """The forged file's first page carries the 2-D code of the stamp, readable."""
    document = pypdfium2.PdfDocument(forged)
    try:
        document.init_forms()
        picture = document[0].render(scale=300 / 72, may_draw_forms=True).to_pil().convert("L")
    finally:
        document.close()
    return any("/C/" in code.text for code in zxingcpp.read_barcodes(picture))


def has_no_signature(_: bytes, forged: bytes) -> bool:
    with pikepdf.open(io.BytesIO(forged)) as pdf:
        return not any(isinstance(o, pikepdf.Dictionary) and "/ByteRange" in o for o in pdf.objects)


def holds_the_stamps_signature(genuine: bytes, forged: bytes) -> bool:
    """The genuine signature structure stands in the forged file."""
    _zero, start, _end, _rest = byte_range(genuine)
    return genuine[start + 1 : start + 4001] in forged
