"""The development PKI: root, intermediate, signers of stamps and of hashes, time-stamp authority, key of the
2-D code.

Shaped like the real chain (signer <- intermediate <- root), every name marked SPESIMEN.
Production refuses it.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, get_args

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import (
    AuthorityInformationAccessOID,
    ExtendedKeyUsageOID,
    NameOID,
    ObjectIdentifier,
)

from meterai.signatures.hash_attributes import HASH_POLICY_OID

Algorithm = Literal["rsa-2048", "p-256"]
CertificateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
_PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

CODE_KEY_ID = 1
_ORGANISATION = "Meterai Pengembangan (SPESIMEN, bukan asli)"
_DOCUMENT_SIGNING = ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336
_ADOBE_DOCUMENT_SIGNING = ObjectIdentifier("1.2.840.113583.1.1.5")
REVOCATION_URL = "http://pki.meterai.localhost"
"""What the certificates say (RFC 5280 sections 4.2.1.13, 4.2.2.1) unless the launcher names the site, which
answers for the twin. The twin's port is another one at each start, the certificates are kept."""


@dataclass(frozen=True)
class _Issued:
    certificate: x509.Certificate
    key: CertificateKey
    revocation_url: str = REVOCATION_URL
    """Base of the addresses in the certificates that it issues."""


def make_pki(
    folder: Path,
    algorithm: Algorithm = "rsa-2048",
    *,
    revocation_url: str = REVOCATION_URL,
    now: datetime | None = None,
) -> Path:
    """Makes the PKI in `folder` unless one is there, and returns `folder`.

    One of before, without a key for hashes, gets that key.

    Files (mode 0600): `root.pem`, `root.key.pem`, `intermediate.pem`, `intermediate.key.pem`, `stamp.pem`,
    `stamp.key.pem`, `hash.pem`, `hash.key.pem`, `tsa.pem`, `tsa.key.pem` (signers and TSA are issued by the
    intermediate; the key for hashes is always RSA), `code.key.pem` (Ed25519), `code.pub` (hex), and `trust/`
    with `root.pem` and `code.json` ({key id: public key hex}). Verification needs no more.

    `revocation_url`: base of the addresses of CRLs and OCSP in new certificates.

    Raises: FileExistsError when something else is there: roots that somebody pinned, for example.
    """
    if (folder / "trust" / "code.json").exists():
        if not (folder / "hash.pem").exists():
            _write_hash_signer(folder, now or datetime.now(UTC))
        return folder
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} holds something else than a whole development PKI: move it away")
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = folder.with_name(f"{folder.name}.{os.urandom(6).hex()}.part")
    _write_everything(beside, algorithm, now or datetime.now(UTC), revocation_url)
    beside.rename(folder)
    return folder


def _write_everything(folder: Path, algorithm: Algorithm, now: datetime, revocation_url: str) -> None:
    (folder / "trust").mkdir(parents=True, mode=0o700)
    root = _issue_authority("Meterai Pengembangan Root CA SPESIMEN", algorithm, None, now, years=30)
    root = replace(root, revocation_url=revocation_url)
    intermediate = _issue_authority(
        "Meterai Pengembangan Intermediate CA SPESIMEN", algorithm, root, now, years=25
    )
    intermediate = replace(intermediate, revocation_url=revocation_url)
    stamp = _issue_leaf(
        "Meterai Elektronik 10000 SPESIMEN", algorithm, intermediate, now, time_stamping=False
    )
    tsa = _issue_leaf("Meterai Pengembangan TSA SPESIMEN", algorithm, intermediate, now, time_stamping=True)
    issued = {"root": root, "intermediate": intermediate, "stamp": stamp, "tsa": tsa}
    for name, item in issued.items():
        _write(folder / f"{name}.pem", item.certificate.public_bytes(serialization.Encoding.PEM))
        _write(folder / f"{name}.key.pem", _private_pem(item.key))
    _write_hash_signer(folder, now)
    code = ed25519.Ed25519PrivateKey.generate()
    public = code.public_key().public_bytes_raw().hex()
    _write(folder / "code.key.pem", _private_pem(code))
    _write(folder / "code.pub", public.encode())
    _write(folder / "trust" / "root.pem", root.certificate.public_bytes(serialization.Encoding.PEM))
    _write(folder / "trust" / "code.json", json.dumps({str(CODE_KEY_ID): public}).encode())


def _write_hash_signer(folder: Path, now: datetime) -> None:
    """The key comes first: without its certificate it is made again."""
    key = _new_key("rsa-2048")  # the wire wants RSA
    name = "Meterai Elektronik Hash SPESIMEN"
    certificate = _certify(name, key.public_key(), _intermediate(folder), now, for_hashes=True)
    (folder / "hash.key.pem").unlink(missing_ok=True)
    _write(folder / "hash.key.pem", _private_pem(key))
    _write(folder / "hash.pem", certificate.public_bytes(serialization.Encoding.PEM))


def _intermediate(folder: Path) -> _Issued:
    key = serialization.load_pem_private_key((folder / "intermediate.key.pem").read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    certificate = x509.load_pem_x509_certificate((folder / "intermediate.pem").read_bytes())
    (point,) = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert point.full_name
    return _Issued(certificate, key, str(point.full_name[0].value).rpartition("/")[0])


def _new_key(algorithm: Algorithm) -> CertificateKey:
    if algorithm == "p-256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _private_pem(key: CertificateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _builder(
    common_name: str, public: _PublicKey, issuer: _Issued | None, now: datetime, days: int
) -> x509.CertificateBuilder:
    """The parts every certificate has (RFC 5280 section 4): names, validity, SKI, AKI."""
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "ID"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
    issuer_public = issuer.key.public_key() if issuer else public
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_public), critical=False)
    )
    return _where_revoked(builder, issuer) if issuer else builder


def _where_revoked(builder: x509.CertificateBuilder, issuer: _Issued) -> x509.CertificateBuilder:
    """Where to ask whether the certificate was revoked: the root's CRL; the intermediate's CRL and OCSP."""
    by_root = issuer.certificate.subject == issuer.certificate.issuer
    crl = x509.UniformResourceIdentifier(
        f"{issuer.revocation_url}/{'root' if by_root else 'intermediate'}.crl"
    )
    builder = builder.add_extension(
        x509.CRLDistributionPoints([x509.DistributionPoint([crl], None, None, None)]), critical=False
    )
    if by_root:
        return builder
    responder = x509.UniformResourceIdentifier(f"{issuer.revocation_url}/ocsp")
    access = [x509.AccessDescription(AuthorityInformationAccessOID.OCSP, responder)]
    return builder.add_extension(x509.AuthorityInformationAccess(access), critical=False)


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


def _issue_authority(
    common_name: str, algorithm: Algorithm, issuer: _Issued | None, now: datetime, *, years: int
) -> _Issued:
    key = _new_key(algorithm)
    builder = (
        _builder(common_name, key.public_key(), issuer, now, years * 365)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0 if issuer else 1), critical=True)
        .add_extension(_usage(authority=True), critical=True)
    )
    return _Issued(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


def _issue_leaf(
    common_name: str, algorithm: Algorithm, issuer: _Issued, now: datetime, *, time_stamping: bool
) -> _Issued:
    key = _new_key(algorithm)
    return _Issued(_certify(common_name, key.public_key(), issuer, now, time_stamping=time_stamping), key)


def _certify(
    common_name: str,
    public: _PublicKey,
    issuer: _Issued,
    now: datetime,
    *,
    time_stamping: bool = False,
    for_hashes: bool = False,
) -> x509.Certificate:
    purposes = (
        [ExtendedKeyUsageOID.TIME_STAMPING] if time_stamping else [_DOCUMENT_SIGNING, _ADOBE_DOCUMENT_SIGNING]
    )
    builder = (
        _builder(common_name, public, issuer, now, 5 * 365)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        # RFC 3161 section 2.3: exactly this purpose, and critical.
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=time_stamping)
    )
    if for_hashes:
        policy = x509.PolicyInformation(ObjectIdentifier(HASH_POLICY_OID), None)
        builder = builder.add_extension(x509.CertificatePolicies([policy]), critical=False)
    return builder.sign(issuer.key, hashes.SHA256())


def certify_request(
    folder: Path, request_pem: bytes, *, for_hashes: bool = False, now: datetime | None = None
) -> bytes:
    """Certifies a signer's key from its request (PKCS #10): the certificate and its issuer's, PEM.

    What the real authority does after having seen who asks. Raises: ValueError for a request that its own key
    did not sign.
    """
    request = x509.load_pem_x509_csr(request_pem)
    public = request.public_key()
    if not request.is_signature_valid or not isinstance(public, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise ValueError("the request is not signed by its own RSA or P-256 key")
    name = str(request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    issuer, begin = _intermediate(folder), now or datetime.now(UTC)
    certificate = _certify(name, public, issuer, begin, for_hashes=for_hashes)
    return certificate.public_bytes(serialization.Encoding.PEM) + (folder / "intermediate.pem").read_bytes()


def renew_time_stamper(folder: Path, algorithm: Algorithm = "rsa-2048", *, now: datetime) -> None:
    """A new key and certificate for the time-stamp authority, in the place of the old ones."""
    name = "Meterai Pengembangan TSA SPESIMEN"
    issued = _issue_leaf(name, algorithm, _intermediate(folder), now, time_stamping=True)
    for path, content in (
        (folder / "tsa.key.pem", _private_pem(issued.key)),
        (folder / "tsa.pem", issued.certificate.public_bytes(serialization.Encoding.PEM)),
    ):
        path.unlink()
        _write(path, content)


def main() -> None:
    """`python -m sandbox.pki.authority FOLDER`: makes the PKI unless it is there."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.pki.authority", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--algorithm", choices=get_args(Algorithm), default="rsa-2048")
    parser.add_argument("--revocation-url", default=REVOCATION_URL, help="base of the CRL addresses")
    arguments = parser.parse_args()
    make_pki(arguments.folder, arguments.algorithm, revocation_url=arguments.revocation_url)


if __name__ == "__main__":
    main()
