"""Makes stamped documents with plain pyHanko, and forgeries of them.

An independent second way of making them, beside the product's own engine.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from asn1crypto import cms, pem
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from fpdf import FPDF
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
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from meterai.kernel.serial_number import SerialNumber, make_serial
from meterai.verification.in_jail import judge
from meterai.verification.model import Judgement, JudgeRequest, Trust
from meterai.verification.trust import load_trust
from meterai.verification.use_cases.judge_document import JUDGE
from sandbox.pki.authority import make_pki
from tests.verification.pyhanko_says import agrees

NOW = datetime(2024, 9, 4, 9, 0, tzinfo=UTC)
SERIAL = make_serial(b"\x11" * 32)
SECOND = make_serial(b"\x2a" * 32)


def certificate(path: Path) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(pem.unarmor(path.read_bytes())[2])


def private_key(path: Path) -> asn1_keys.PrivateKeyInfo:
    return asn1_keys.PrivateKeyInfo.load(pem.unarmor(path.read_bytes())[2])


def store(*certificates: asn1_x509.Certificate) -> SimpleCertificateStore:
    found = SimpleCertificateStore()
    found.register_multiple(certificates)
    return found


@dataclass(frozen=True)
class Stamper:
    """A PKI and everything needed to stamp under it."""

    folder: Path

    @property
    def trust(self) -> Trust:
        return load_trust(self.folder / "trust")

    def signer(self) -> SimpleSigner:
        return SimpleSigner(
            signing_cert=certificate(self.folder / "stamp.pem"),
            signing_key=private_key(self.folder / "stamp.key.pem"),
            cert_registry=store(certificate(self.folder / "intermediate.pem")),
        )

    def time_stamper(self, at: datetime = NOW) -> DummyTimeStamper:
        return DummyTimeStamper(
            tsa_cert=certificate(self.folder / "tsa.pem"),
            tsa_key=private_key(self.folder / "tsa.key.pem"),
            certs_to_embed=store(certificate(self.folder / "intermediate.pem")),
            fixed_dt=at,
            include_nonce=False,
        )

    def judge(self, data: bytes, moment: datetime = NOW + timedelta(hours=1)) -> Judgement:
        judged = judge(JudgeRequest(data=data, trust=self.trust, moment=moment))
        agrees(data, judged, self.trust.roots_pem)
        # Through the jail's wall and back: only plain values cross it.
        return msgspec.msgpack.decode(msgspec.msgpack.encode(judged), type=Judgement)


def make_stamper(folder: Path, algorithm: str = "rsa-2048") -> Stamper:
    return Stamper(make_pki(folder, algorithm, now=NOW - timedelta(days=100)))  # type: ignore[arg-type]


def letter(text: str = "Surat pernyataan: jumlah Rp10.000.000", pages: int = 1) -> bytes:
    """A small document as an applicant would upload it."""
    pdf = FPDF(format="A4")
    pdf.set_creation_date(NOW)
    pdf.set_font("helvetica", size=14)
    for number in range(pages):
        pdf.add_page()
        pdf.text(20, 30, f"{text} ({number + 1})")
    return bytes(pdf.output())


def field(serial: str, *, number: int = 0, page: int = 0) -> SigFieldSpec:
    left = 300 + 100 * number
    return SigFieldSpec(sig_field_name=f"Emet{serial}", on_page=page, box=(left, 100, left + 90, 190))


def stamp(
    data: bytes,
    stamper: Stamper,
    serial: str = SERIAL,
    *,
    signer: SimpleSigner | None = None,
    time_stamper: DummyTimeStamper | str | None = "own",
    reason: str | None = None,
    name: str | None = None,
    certify: MDPPerm | None = MDPPerm.NO_CHANGES,
    page: int = 0,
    visible: bool = True,
    at: tuple[int, int] = (300, 100),
) -> bytes:
    """One stamp; by default as the final profile has it. `at`: its lower left corner."""
    signing = PdfSigner(
        PdfSignatureMetadata(
            field_name=name or f"Emet{serial}",
            reason=f"[{serial}] Bea meterai" if reason is None else reason,
            location="Jakarta",
            subfilter=SigSeedSubFilter.PADES,
            md_algorithm="sha256",
            certify=certify is not None,
            **({"docmdp_permissions": certify} if certify is not None else {}),
        ),
        signer=signer or stamper.signer(),
        timestamper=stamper.time_stamper() if time_stamper == "own" else time_stamper,  # type: ignore[arg-type]
        new_field_spec=(
            SigFieldSpec(
                sig_field_name=name or f"Emet{serial}", on_page=page, box=(*at, at[0] + 90, at[1] + 90)
            )
            if visible
            else SigFieldSpec(sig_field_name=name or f"Emet{serial}", box=None)
        ),
    )
    return sign(signing, IncrementalPdfFileWriter(io.BytesIO(data)))


def sign(signing: PdfSigner, writer: IncrementalPdfFileWriter) -> bytes:
    """Signs in a thread of its own: pyHanko runs an event loop for it, and a test may have one already."""
    out = io.BytesIO()
    with ThreadPoolExecutor(1) as thread:
        thread.submit(signing.sign_pdf, writer, output=out).result()
    return out.getvalue()


def stamp_twice(data: bytes, stamper: Stamper) -> tuple[bytes, bytes]:
    """Two stamps in one go: both fields first, then a certification with P=2, then an approval that locks.

    Returns the file after the first stamp and the finished file.
    """
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    append_signature_field(writer, field(SERIAL))
    append_signature_field(
        writer,
        SigFieldSpec(
            sig_field_name=f"Emet{SECOND}",
            box=(100, 100, 190, 190),
            field_mdp_spec=FieldMDPSpec(FieldMDPAction.ALL),
            doc_mdp_update_value=MDPPerm.NO_CHANGES,
        ),
    )
    prepared = io.BytesIO()
    writer.write(prepared)
    first = fill_field(prepared.getvalue(), stamper, SERIAL, certify=True)
    return first, fill_field(first, stamper, SECOND, certify=False)


def fill_field(
    data: bytes,
    stamper: Stamper,
    serial: SerialNumber,
    *,
    certify: bool,
    edit: Callable[[IncrementalPdfFileWriter], None] = lambda writer: None,
) -> bytes:
    """Stamps into a field that is there; `edit` changes something else in the very same revision."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    edit(writer)
    signing = PdfSigner(
        PdfSignatureMetadata(
            field_name=f"Emet{serial}",
            reason=f"[{serial}] Bea meterai",
            subfilter=SigSeedSubFilter.PADES,
            md_algorithm="sha256",
            certify=certify,
            docmdp_permissions=MDPPerm.FILL_FORMS,
        ),
        signer=stamper.signer(),
        timestamper=stamper.time_stamper(),
    )
    return sign(signing, writer)


def stranger(
    common_name: str = "Budi Santoso",
    *,
    issuer: tuple[x509.Certificate, rsa.RSAPrivateKey] | None = None,
    names_of: x509.Certificate | None = None,
) -> SimpleSigner:
    """A signer outside of our PKI: self-signed, issued by `issuer`, or under somebody's names."""
    made, key = self_made(common_name, issuer=issuer, names_of=names_of)
    others = [issuer[0]] if issuer else []
    return SimpleSigner(
        signing_cert=to_asn1(made),
        signing_key=asn1_keys.PrivateKeyInfo.load(
            key.private_bytes(
                serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        ),
        cert_registry=store(*(to_asn1(c) for c in others)),
    )


def to_asn1(made: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(made.public_bytes(serialization.Encoding.DER))


def self_made(
    common_name: str,
    *,
    issuer: tuple[x509.Certificate, rsa.RSAPrivateKey] | None = None,
    names_of: x509.Certificate | None = None,
    organisation: str = "",
    authority: bool = False,
    policy: str = "",
) -> tuple[x509.Certificate, rsa.RSAPrivateKey]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    named = {NameOID.ORGANIZATION_NAME: organisation, NameOID.COMMON_NAME: common_name}
    own = x509.Name([x509.NameAttribute(kind, text) for kind, text in named.items() if text])
    subject = names_of.subject if names_of else own
    issuing = issuer[0].subject if issuer else (names_of.issuer if names_of else subject)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuing)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=10))
        .not_valid_after(NOW + timedelta(days=1000))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not authority,
                content_commitment=not authority,
                key_cert_sign=authority,
                crl_sign=authority,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if policy:
        named_policy = x509.PolicyInformation(x509.ObjectIdentifier(policy), None)
        builder = builder.add_extension(x509.CertificatePolicies([named_policy]), critical=False)
    return builder.sign(issuer[1] if issuer else key, hashes.SHA256()), key


def append_revision(data: bytes, edit: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """The file with one more revision, in which `edit` did something."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    edit(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def override_signature(data: bytes, edit: Callable[[generic.DictionaryObject], None]) -> bytes:
    """The file with a revision that replaces the first signature's dictionary by an edited one."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        dictionary = writer.root["/AcroForm"]["/Fields"][0]["/V"]
        edit(dictionary)
        writer.mark_update(dictionary.container_ref)

    return append_revision(data, change)


def numbers(*values: int) -> generic.ArrayObject:
    return generic.ArrayObject(generic.NumberObject(value) for value in values)


def byte_range(data: bytes) -> list[int]:
    """The numbers of the last byte range in the file."""
    found = re.findall(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", data)
    return [int(number) for number in found[-1]]


def replace_cms(data: bytes, edit: Callable[[cms.ContentInfo], bytes]) -> bytes:
    """The file with its last signature's CMS replaced, in place: every signed byte stays as it is."""
    _, start, end, _ = byte_range(data)
    content = cms.ContentInfo.load(bytes.fromhex(data[start + 1 : end - 1].decode()))
    made = edit(content).hex().encode()
    return data[: start + 1] + made.ljust(end - start - 2, b"0") + data[end - 1 :]


def assemble(objects: list[bytes], root: int = 1) -> bytes:
    """A PDF from the bodies of its objects, with a right cross-reference table."""
    out, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root %d 0 R >>\n" % (len(objects) + 1, root)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


class OpenJail:
    """Judges in this process, for tests of what happens around it: a jail takes a second to start."""

    async def run(self, task: str, request: JudgeRequest, result_type: type[Judgement]) -> Judgement:
        assert task == JUDGE
        return msgspec.msgpack.decode(msgspec.msgpack.encode(judge(request)), type=result_type)
