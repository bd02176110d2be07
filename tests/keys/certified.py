"""Certificates for keys in a token, from the sandbox's authority, as in the ceremony."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509 import ExtendedKeyUsage
from cryptography.x509.oid import NameOID

from meterai.stamping.keys.signing_keys import TokenPlace, parse_place
from meterai.stamping.signer.private_keys.certificate_request import make_request
from meterai.stamping.signer.private_keys.pkcs11_module import Pin
from sandbox.pki.authority import certify_request
from tests.keys.soft_hsm import MODULE, PIN


def certify(
    pki: Path,
    place: str,
    name: str = "Meterai Elektronik 10000 SPESIMEN 2",
    *,
    for_hashes: bool = False,
    now: datetime | None = None,
) -> list[x509.Certificate]:
    """The chain of a key in a token, its own certificate first, valid for five years from `now` on."""
    found = parse_place(place)
    assert isinstance(found, TokenPlace)
    request = make_request(MODULE, found, lambda: Pin(PIN), {"country_name": "ID", "common_name": name})
    return x509.load_pem_x509_certificates(certify_request(pki, request, for_hashes=for_hashes, now=now))


def lengthened(pki: Path, chain: list[x509.Certificate], more: int) -> list[x509.Certificate]:
    """The same chain with a first certificate longer by this many bytes, as public authorities issue them."""
    said = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"), bytes(more))
    own = chain[0]
    builder = _again(own, [*((item.value, item.critical) for item in own.extensions), (said, False)])
    return [_issued(pki, "intermediate", builder), *chain[1:]]


def for_purposes(
    pki: Path, chain: list[x509.Certificate], *purposes: x509.ObjectIdentifier
) -> list[x509.Certificate]:
    """The same chain with these purposes in its first certificate."""
    own = chain[0]
    others = [(item.value, item.critical) for item in own.extensions if item.oid != ExtendedKeyUsage.oid]
    return [
        _issued(pki, "intermediate", _again(own, [*others, (ExtendedKeyUsage(purposes), False)])),
        *chain[1:],
    ]


def with_intermediate_until(
    pki: Path, chain: list[x509.Certificate], end: datetime
) -> list[x509.Certificate]:
    """The same chain with a second certificate that ends then."""
    return [chain[0], reissued(pki, chain[1], end)]


def reissued(pki: Path, certificate: x509.Certificate, end: datetime) -> x509.Certificate:
    """The same certificate, issued by the root again until then: also a root."""
    extensions = [(item.value, item.critical) for item in certificate.extensions]
    return _issued(pki, "root", _again(certificate, extensions, end))


def _again(
    own: x509.Certificate, extensions: list[tuple[x509.ExtensionType, bool]], end: datetime | None = None
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder(
        issuer_name=own.issuer,
        subject_name=own.subject,
        public_key=own.public_key(),  # type: ignore[arg-type]
        serial_number=own.serial_number,
        not_valid_before=own.not_valid_before_utc,
        not_valid_after=end or own.not_valid_after_utc,
    )
    for value, critical in extensions:
        builder = builder.add_extension(value, critical)
    return builder


def _issued(pki: Path, by: str, builder: x509.CertificateBuilder) -> x509.Certificate:
    key = load_pem_private_key((pki / f"{by}.key.pem").read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return builder.sign(key, hashes.SHA256())


def encoded(chain: list[x509.Certificate]) -> list[bytes]:
    return [certificate.public_bytes(Encoding.DER) for certificate in chain]


def make_software_key(pki: Path, folder: Path) -> None:
    """Makes another development key in files, certified by the same authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Meterai Elektronik 10000 SPESIMEN 2")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    certified = certify_request(pki, request.public_bytes(Encoding.PEM))
    folder.mkdir()
    (folder / "chain.pem").write_bytes(certified)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "stamp.key.pem").write_bytes(pem)
    chain = x509.load_pem_x509_certificates(certified)
    for file, certificate in zip(("stamp.pem", "intermediate.pem"), chain, strict=True):
        (folder / file).write_bytes(certificate.public_bytes(Encoding.PEM))
