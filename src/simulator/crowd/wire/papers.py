"""Documents that a client brings: letters, and one that somebody has signed before."""

from __future__ import annotations

import asyncio
import io
import os
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner

from simulator.crowd.papers import make_letter
from simulator.crowd.wire.orders import NAME


def letter(title: str) -> bytes:
    """A letter of which there is no other."""
    return make_letter(f"{title} {os.urandom(4).hex()}", NAME, size_bytes=20_000)


def signed_letter(title: str) -> bytes:
    """A letter that its writer has signed with a certificate of her own."""
    signer = SimpleSigner.load_pkcs12_data(_certified(NAME), other_certs=[], passphrase=b"surat")
    about = PdfSignatureMetadata(field_name="TandaTangan", md_algorithm="sha256", name=NAME)
    writer = IncrementalPdfFileWriter(io.BytesIO(letter(title)))
    out = io.BytesIO()
    asyncio.run(PdfSigner(about, signer).async_sign_pdf(writer, output=out))
    return out.getvalue()


def _certified(name: str) -> bytes:
    """A key and its certificate (PKCS #12)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, content_commitment=True, key_encipherment=False,
                data_encipherment=False, key_agreement=False, key_cert_sign=False, crl_sign=False,
                encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    return serialize_key_and_certificates(None, key, made, None, BestAvailableEncryption(b"surat"))
