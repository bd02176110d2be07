"""Files that other people have signed: Budi signs, Siti certifies, and some of it goes wrong."""

from __future__ import annotations

import asyncio
import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import lru_cache
from typing import Any

import pikepdf
from asn1crypto.keys import PrivateKeyInfo
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import (
    FieldMDPAction,
    FieldMDPSpec,
    MDPPerm,
    SigFieldSpec,
    SigSeedSubFilter,
    append_signature_field,
)
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from tests.pdf import samples
from tests.verification.making import NOW, append_revision, sign, stranger, to_asn1


def signed_in(data: bytes, field: str, name: str = "Budi Santoso") -> bytes:
    """Signs the file in an existing field."""
    return _filled(IncrementalPdfFileWriter(io.BytesIO(data)), field, name)


@lru_cache
def person(name: str) -> SimpleSigner:
    """Somebody with a certificate of their own."""
    return stranger(name)


def signed(
    data: bytes,
    name: str = "Budi Santoso",
    *,
    field: str = "TandaTangan",
    certify: MDPPerm | None = None,
    lock: FieldMDPSpec | None = None,
    lock_level: MDPPerm | None = None,
    strict: bool = True,
    page: int = 0,
    left: int = 60,
) -> bytes:
    """Adds a signature to the file; `lock` and `lock_level` go into the field's Lock dictionary."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data), strict=strict)
    append_signature_field(
        writer,
        SigFieldSpec(
            field,
            on_page=page,
            box=(left, 60, left + 100, 100),
            field_mdp_spec=lock,
            doc_mdp_update_value=lock_level,
        ),
    )
    return _filled(writer, field, name, certify)


def _filled(writer: IncrementalPdfFileWriter, field: str, name: str, certify: MDPPerm | None = None) -> bytes:
    permission: dict[str, Any] = {"docmdp_permissions": certify} if certify else {}
    signing = PdfSigner(
        PdfSignatureMetadata(
            field_name=field,
            reason="Setuju",
            subfilter=SigSeedSubFilter.PADES,
            md_algorithm="sha256",
            certify=certify is not None,
            **permission,
        ),
        signer=person(name),
    )
    return sign(signing, writer)


def by_budi() -> bytes:
    return signed(samples.letter())


def waiting() -> bytes:
    """Nobody has signed yet. There are fields for two: one is nested, one has seed values."""
    writer = IncrementalPdfFileWriter(io.BytesIO(samples.form()))
    for number, name in enumerate(("Pihak.Pertama", "Kedua")):
        append_signature_field(
            writer, SigFieldSpec(name, box=(60 + 120 * number, 60, 160 + 120 * number, 100))
        )
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def with_a_place_for_a_stamp(name: str = f"Emet{'0' * 22}") -> bytes:
    """Has an empty place for another seller's stamp."""
    writer = IncrementalPdfFileWriter(io.BytesIO(samples.letter()))
    append_signature_field(writer, SigFieldSpec(name, box=(200, 60, 290, 150)))
    out = io.BytesIO()
    writer.write(out)
    return signed(out.getvalue())


def by_a_large_certificate(data: bytes | None = None, name: x509.Name | None = None) -> bytes:
    """Signed with a certificate that contains a portrait."""
    portrait = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.5.5.7.1.12"), bytes(17_000))
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    names = name or x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Budi Santoso")])
    made = (
        x509.CertificateBuilder(names, names, key.public_key(), x509.random_serial_number())
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1000))
        .add_extension(portrait, critical=False)
        .sign(key, hashes.SHA256())
    )
    form = (Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    signer = SimpleSigner(
        signing_cert=to_asn1(made),
        signing_key=PrivateKeyInfo.load(key.private_bytes(*form)),
        cert_registry=SimpleCertificateStore(),
    )
    signing = PdfSigner(PdfSignatureMetadata(field_name="TandaTangan", md_algorithm="sha256"), signer=signer)
    return sign(signing, IncrementalPdfFileWriter(io.BytesIO(data or samples.letter())))


def with_a_false_signature() -> bytes:
    """The document is unchanged and the digest is right, but no key made the signature value."""
    data = by_budi()
    end = data.index(b"00" * 100, data.rindex(b"/Contents <"))
    return data[: end - 2] + (b"01" if data[end - 2 : end] != b"01" else b"02") + data[end:]


def with_a_list_of_annotations_for_two_pages() -> bytes:
    """What is added to the list of one page is shown on the other too."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(samples.letter(pages=2))) as pdf:
        pdf.pages[0].obj["/Annots"] = pdf.pages[1].obj["/Annots"] = pdf.make_indirect(pikepdf.Array())
        pdf.save(out)
    return signed(out.getvalue())


def with_another_object_header() -> bytes:
    """The header of the signature's object has two spaces, which readers ignore."""
    data = by_budi()
    header = data.rindex(b" obj", 0, data.rindex(b"/Contents <")) + len(b" obj")
    number = data.rindex(b"\n", 0, header - len(b" 0 obj")) + 1
    told = data[number:header].replace(b" 0 obj", b"  0 obj")
    assert data[header : header + 1] == b"\n"
    return signed_anew(data[:number] + told + data[header + 1 :])


def signed_anew(data: bytes) -> bytes:
    """Budi makes the last signature again, over the same bytes."""
    start = data.rindex(b"/Contents <") + len(b"/Contents ")
    end = data.index(b">", start) + 1
    digest = hashlib.sha256(data[:start] + data[end:]).digest()
    with ThreadPoolExecutor(1) as thread:
        signing = person("Budi Santoso").async_sign(digest, "sha256")
        made = thread.submit(asyncio.run, signing).result().dump()
    return data[:start] + b"<" + made.hex().encode().ljust(end - start - 2, b"0") + b">" + data[end:]


def by_budi_and_siti() -> bytes:
    return signed(by_budi(), "Siti Rahma", field="Kedua")


def certified(level: MDPPerm) -> bytes:
    return signed(samples.letter(), "Siti Rahma", certify=level)


def with_locked_fields() -> bytes:
    return signed(samples.form(), lock=FieldMDPSpec(FieldMDPAction.ALL))


def with_lock_level(level: MDPPerm) -> bytes:
    return signed(samples.letter(), lock=FieldMDPSpec(FieldMDPAction.ALL), lock_level=level)


def with_annotations_apart() -> bytes:
    """Its page names its annotations by reference, as Acrobat writes them."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(samples.letter())) as pdf:
        link = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[9, 9, 20, 20])
        pdf.pages[0].obj["/Annots"] = pdf.make_indirect(pikepdf.Array([pdf.make_indirect(link)]))
        pdf.save(out)
    return signed(out.getvalue())


def with_annotations_in_place() -> bytes:
    """The lists of its pages hold annotations themselves, as FPDF writes them; one list stands apart."""
    with pikepdf.open(io.BytesIO(samples.letter(pages=3))) as pdf:
        for page in pdf.pages[1:]:
            link = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[9, 9, 20, 20])
            page.obj["/Annots"] = pikepdf.Array([link])
        pdf.pages[1].obj["/Annots"] = pdf.make_indirect(pdf.pages[1].obj["/Annots"])
        pdf.save(out := io.BytesIO())
    return signed(out.getvalue())


def with_a_null_among_its_fields() -> bytes:
    data = by_budi()
    list_of_one = b"/Fields [ 11 0 R ]\n/SigFlags 3\n>>"
    assert data.count(list_of_one) == 1
    return signed_anew(data.replace(list_of_one, b"/Fields[null 11 0 R]/SigFlags 3>>"))


def broken() -> bytes:
    """One letter was changed after signing."""
    data = bytearray(by_budi())
    at = data.index(b"/Title") + 9 if b"/Title" in data else data.index(b"Helvetica")
    data[at] ^= 1
    return bytes(data)


def encrypted() -> bytes:
    """Encrypted with an owner password, then signed."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(samples.letter())) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(user="", owner="pemilik", R=4))
    writer = IncrementalPdfFileWriter(io.BytesIO(out.getvalue()))
    writer.encrypt("")
    append_signature_field(writer, SigFieldSpec("TandaTangan"))
    signing = PdfSigner(
        PdfSignatureMetadata(field_name="TandaTangan", md_algorithm="sha256"), signer=person("Budi Santoso")
    )
    return sign(signing, writer)


def turn_page(writer: IncrementalPdfFileWriter) -> None:
    """A change that no signature allows."""
    page, _ = writer.find_page_for_modification(0)
    page.get_object()["/Rotate"] = generic.NumberObject(180)
    writer.mark_update(page)


def fill_in(writer: IncrementalPdfFileWriter) -> None:
    """Another value in the form's text field. A signature that does not lock the field allows it."""
    field = writer.root["/AcroForm"]["/Fields"][0]
    field["/V"] = generic.pdf_string("Badan Kesehatan Dunia")
    writer.update_container(field)


def changed_afterwards() -> bytes:
    """A page was turned after Budi signed. His signature is intact and does not allow it."""
    return append_revision(by_budi(), turn_page)


def with_an_object_freed_for_ever() -> bytes:
    """A middle section frees an object so that its number may never be used again.

    Readers differ in how they treat that (ISO 32000-1 clause 7.5.4).
    """
    data = samples.letter()
    last = int(data[data.rindex(b"startxref") :].split()[1])
    with pikepdf.open(io.BytesIO(data)) as pdf:
        root, size = pdf.Root.objgen[0], int(pdf.trailer.Size)
    section = b"xref\n%d 1\n0000000000 00000 f \ntrailer\n<< /Size %d /Root %d 0 R /Prev %d >>\n" % (
        size,
        size + 1,
        root,
        last,
    )
    return signed(data + section + b"startxref\n%d\n%%%%EOF\n" % len(data), strict=False)


def hybrid() -> bytes:
    """Signed, with a table and a stream that readers may choose between (ISO 32000-1 clause 7.5.8.4)."""
    data = samples.letter()
    stream_at = len(data)
    entries = bytes(4)  # object 0 is free: the stream says nothing new, but it is there
    stream = (
        b"90 0 obj\n<< /Type /XRef /Size 91 /W [1 2 1] /Index [0 1] /Length 4 >>\nstream\n"
        + entries
        + b"\nendstream\nendobj\n"
    )
    table_at = stream_at + len(stream)
    last = int(data[data.rindex(b"startxref") :].split()[1])
    with pikepdf.open(io.BytesIO(data)) as pdf:
        root, identity = pdf.Root.objgen[0], bytes(pdf.trailer["/ID"][0]).hex()
    tail = (
        f"xref\n0 1\n0000000000 65535 f \n90 1\n{stream_at:010d} 00000 n \ntrailer\n<< /Size 91 "
        f"/Root {root} 0 R /ID [<{identity}> <{identity}>] /Prev {last} /XRefStm {stream_at} >>\n"
        f"startxref\n{table_at}\n%%EOF\n"
    )
    return signed(data + stream + tail.encode(), strict=False)
