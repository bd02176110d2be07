"""The authorities of the day: one for stamps and time stamps, one for TLS. Neither is development's.

Production takes no certificate that says SPESIMEN, so the sandbox's authority can't stand in here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

_DOCUMENT_SIGNING: Final = ObjectIdentifier("1.3.6.1.5.5.7.3.36")
_YEARS: Final = 20


@dataclass(frozen=True)
class Authority:
    """A certificate authority in two files: `NAME.pem`, `NAME.key.pem`."""

    folder: Path
    name: str

    @property
    def certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate((self.folder / f"{self.name}.pem").read_bytes())

    @property
    def key(self) -> rsa.RSAPrivateKey:
        key = load_pem_private_key((self.folder / f"{self.name}.key.pem").read_bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return key


def make_authorities(folder: Path) -> None:
    """Makes them unless they are there: `root`, `intermediate` and `tsa` for stamps, `tls-root` for TLS."""
    if (folder / "tls-root.pem").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    root = _make_authority(folder, "root", "Otoritas Akar Latihan", None)
    intermediate = _make_authority(folder, "intermediate", "Otoritas Meterai Latihan", root)
    _make_leaf(intermediate, "tsa", "Stempel Waktu Latihan", [ExtendedKeyUsageOID.TIME_STAMPING])
    _make_authority(folder, "tls-root", "Otoritas TLS Latihan", None)


def make_server_certificate(folder: Path, name: str, hosts: Sequence[str]) -> None:
    """Writes `NAME.pem` and `NAME.key.pem` for these hosts, unless they are there."""
    if not (folder / f"{name}.pem").exists():
        purposes = [ExtendedKeyUsageOID.SERVER_AUTH]
        _make_leaf(Authority(folder, "tls-root"), name, hosts[0], purposes, hosts=hosts)


def certify(folder: Path, request_pem: bytes) -> bytes:
    """The certificate of a stamp key and its issuer's (PEM), from its request (PKCS #10)."""
    request = x509.load_pem_x509_csr(request_pem)
    assert request.is_signature_valid
    issuer = Authority(folder, "intermediate")
    builder = _builder(request.subject, request.public_key(), issuer).add_extension(
        x509.ExtendedKeyUsage([_DOCUMENT_SIGNING]), critical=False
    )
    issued = _leaf(builder).sign(issuer.key, hashes.SHA256())
    return issued.public_bytes(Encoding.PEM) + issuer.certificate.public_bytes(Encoding.PEM)


def _make_authority(folder: Path, file: str, name: str, issuer: Authority | None) -> Authority:
    key = _new_key()
    builder = _builder(_named(name), key.public_key(), issuer)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(_usage(authority=True), critical=True)
    _keep(folder, file, builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)
    return Authority(folder, file)


def _make_leaf(
    issuer: Authority,
    file: str,
    name: str,
    purposes: Sequence[ObjectIdentifier],
    *,
    hosts: Sequence[str] = (),
) -> None:
    key = _new_key()
    builder = _leaf(_builder(_named(name), key.public_key(), issuer))
    is_critical = ExtendedKeyUsageOID.TIME_STAMPING in purposes  # RFC 3161, 2.3
    builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=is_critical)
    if hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    _keep(issuer.folder, file, builder.sign(issuer.key, hashes.SHA256()), key)


def _builder(subject: x509.Name, public: object, issuer: Authority | None) -> x509.CertificateBuilder:
    assert isinstance(public, rsa.RSAPublicKey) or hasattr(public, "curve")
    now = datetime.now(UTC)
    issuer_public = issuer.certificate.public_key() if issuer else public
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(public)  # type: ignore[arg-type]
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * (5 if issuer else _YEARS)))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)  # type: ignore[arg-type]
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_public),  # type: ignore[arg-type]
            critical=False,
        )
    )


def _leaf(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    no_authority = x509.BasicConstraints(ca=False, path_length=None)
    return builder.add_extension(no_authority, critical=True).add_extension(
        _usage(authority=False), critical=True
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _named(name: str) -> x509.Name:
    country = x509.NameAttribute(NameOID.COUNTRY_NAME, "ID")
    return x509.Name([country, x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _keep(folder: Path, file: str, certificate: x509.Certificate, key: rsa.RSAPrivateKey) -> None:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / f"{file}.key.pem").touch(0o600)
    (folder / f"{file}.key.pem").write_bytes(pem)
    (folder / f"{file}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
