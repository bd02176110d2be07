"""What a CRL or an OCSP response must be for anybody to believe it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from meterai.signatures.revocation import FRESH, Statement, from_crl, from_ocsp

NOW = datetime(2026, 11, 30, tzinfo=UTC)
NEXT = NOW + timedelta(days=1)
REVOKED = NOW - timedelta(days=2)
KEY, OTHER_KEY, DELEGATE_KEY = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))


def name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def certified(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    by: ec.EllipticCurvePrivateKey = KEY,
    *,
    usage: str = "digital_signature",
    number: int = 7,
    issuer: str = "CA",
    purpose: x509.ObjectIdentifier | None = None,
    until: datetime = NOW + timedelta(days=9),
) -> x509.Certificate:
    usages = dict.fromkeys(
        (
            "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
            "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
        ),
        False,
    )  # fmt: skip
    builder = x509.CertificateBuilder(
        name(issuer), name(subject), key.public_key(), number, NOW - timedelta(days=9), until
    ).add_extension(x509.KeyUsage(**{**usages, usage: True}), critical=True)
    if purpose is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    return builder.sign(by, hashes.SHA256())


CA = certified("CA", KEY, usage="crl_sign")
LEAF = certified("leaf", OTHER_KEY)
NOT_FOR_CRLS = certified("CA", KEY)
OCSP_SIGNING = ExtendedKeyUsageOID.OCSP_SIGNING
DELEGATE = certified("responder", DELEGATE_KEY, purpose=OCSP_SIGNING)


def crl(
    *,
    revoked: int = 1,
    issuer: str = "CA",
    key: ec.EllipticCurvePrivateKey = KEY,
    algorithm: Any = hashes.SHA256(),
    critical: bool = False,
) -> bytes:
    builder = x509.CertificateRevocationListBuilder(name(issuer), NOW, NEXT).add_revoked_certificate(
        x509.RevokedCertificateBuilder(revoked, REVOKED).build()
    )
    builder = builder.add_extension(x509.CRLNumber(1), critical=critical)
    return builder.sign(key, algorithm).public_bytes(Encoding.DER)


def response(
    *,
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    about: x509.Certificate = LEAF,
    issuer: x509.Certificate = CA,
    by: x509.Certificate = CA,
    key: ec.EllipticCurvePrivateKey = KEY,
    algorithm: Any = hashes.SHA256(),
    until: datetime | None = NEXT,
    carried: bool = True,
) -> bytes:
    revoked = REVOKED if status is ocsp.OCSPCertStatus.REVOKED else None
    builder = ocsp.OCSPResponseBuilder().add_response(
        about, issuer, hashes.SHA256(), status, NOW, until, revoked, None
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, by)
    if by is not CA and carried:
        builder = builder.certificates([by])
    return builder.sign(key, algorithm).public_bytes(Encoding.DER)


@pytest.mark.parametrize("read", [from_crl, from_ocsp])
def test_what_the_issuer_says_is_believed(read: Any) -> None:
    says = {
        from_crl: [crl(), crl(revoked=7)],
        from_ocsp: [response(), response(status=ocsp.OCSPCertStatus.REVOKED)],
    }[read]
    assert [read(encoded, LEAF, CA) for encoded in says] == [
        Statement(at=NOW, until=NEXT, revoked_at=None),
        Statement(at=NOW, until=NEXT, revoked_at=REVOKED),
    ]


@pytest.mark.parametrize(
    ("encoded", "issuer"),
    [
        (crl(key=OTHER_KEY), CA),
        (crl(issuer="another"), CA),  # an indirect one
        (crl(critical=True), CA),  # such as a partial one
        (crl(algorithm=hashes.SHA224()), CA),
        (crl(), NOT_FOR_CRLS),
        (crl()[:-1], CA),
        (response(), CA),
    ],
    ids=["key", "name", "critical", "weak", "usage", "cut", "OCSP"],
)
def test_any_other_crl_says_nothing(encoded: bytes, issuer: x509.Certificate) -> None:
    assert from_crl(encoded, LEAF, issuer) is None


def test_a_responder_that_the_issuer_named_is_believed() -> None:
    assert from_ocsp(response(by=DELEGATE, key=DELEGATE_KEY), LEAF, CA)


def test_an_answer_that_promises_no_next_one_counts_for_minutes() -> None:
    says = from_ocsp(response(until=None), LEAF, CA)
    assert says is not None
    assert says.until == NOW + FRESH


@pytest.mark.parametrize(
    "encoded",
    [
        response(by=certified("CA", OTHER_KEY, OTHER_KEY), key=OTHER_KEY, carried=False),
        response(by=certified("responder", DELEGATE_KEY), key=DELEGATE_KEY),
        response(
            by=certified("responder", DELEGATE_KEY, purpose=ExtendedKeyUsageOID.TIME_STAMPING),
            key=DELEGATE_KEY,
        ),
        response(by=certified("responder", DELEGATE_KEY, OTHER_KEY, purpose=OCSP_SIGNING), key=DELEGATE_KEY),
        response(
            by=certified("responder", DELEGATE_KEY, purpose=OCSP_SIGNING, until=NOW - timedelta(days=1)),
            key=DELEGATE_KEY,
        ),
        response(status=ocsp.OCSPCertStatus.UNKNOWN),
        response(issuer=certified("CA", OTHER_KEY)),
        response(about=certified("leaf", OTHER_KEY, issuer="another")),
        response(about=certified("another", OTHER_KEY, number=8)),
        response(algorithm=hashes.SHA224()),
        ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(
            Encoding.DER
        ),
        response()[:-1],
        b"<html>Maintenance</html>",
    ],
)
def test_any_other_answer_says_nothing(encoded: bytes) -> None:
    assert from_ocsp(encoded, LEAF, CA) is None
