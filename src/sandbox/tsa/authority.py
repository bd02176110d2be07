"""Makes time-stamp tokens. What is the same in every token is encoded once; a token costs one signature."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from sandbox.tsa import der

POLICY = "1.3.6.1.4.1.99999.1.1"
"""Our own policy, under a number that IANA has not given to anybody."""

_SHA256 = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"), der.encode(der.NULL, b""))
_SHA256_BARE = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"))
_TST_INFO = der.oid("1.2.840.113549.1.9.16.1.4")
_BAD_ALGORITHM, _BAD_REQUEST, _BAD_FORMAT, _UNACCEPTED_POLICY, _UNACCEPTED_EXTENSION = 0, 2, 5, 15, 16


class _Rejected(Exception):
    def __init__(self, failure_bit: int) -> None:
        super().__init__(failure_bit)
        self.failure_bit = failure_bit


class TimeStampAuthority:
    """Answers time-stamp queries with the key `tsa.key.pem` and the chain `tsa.pem`, `intermediate.pem`.

    RSA (PKCS#1 v1.5) or P-256, SHA-256 throughout; the signer is bound by ESSCertIDv2 (RFC 5816).
    """

    def __init__(
        self, pki_dir: Path | str, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        folder = Path(pki_dir)
        certificate = x509.load_pem_x509_certificate((folder / "tsa.pem").read_bytes())
        key = serialization.load_pem_private_key((folder / "tsa.key.pem").read_bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
        self._key = key
        self._clock = clock
        self._first_serial = secrets.randbits(63) << 40 | 1 << 103  # another range after each start
        self._count = 0
        self._policy = der.oid(POLICY)
        issuer = folder / "intermediate.pem"
        chain = [x509.load_pem_x509_certificate(issuer.read_bytes())] if issuer.exists() else []
        self._certificates = der.encode(0xA0, b"".join(sorted(_bytes(c) for c in (certificate, *chain))))
        self._signer_id = der.sequence(
            certificate.issuer.public_bytes(), der.integer(certificate.serial_number)
        )
        self._signing_certificate = _attribute(
            "1.2.840.113549.1.9.16.2.47", _signing_certificate_v2(certificate)
        )
        self._content_type = _attribute("1.2.840.113549.1.9.3", _TST_INFO)
        is_rsa = isinstance(key, rsa.RSAPrivateKey)
        self._signature_algorithm = (
            der.sequence(der.oid("1.2.840.113549.1.1.1"), der.encode(der.NULL, b""))
            if is_rsa
            else der.sequence(der.oid("1.2.840.10045.4.3.2"))
        )

    def respond(self, query_der: bytes) -> bytes:
        """A TimeStampResp for a TimeStampReq (RFC 3161 section 2.4); a bad query gets a rejection."""
        try:
            imprint, nonce, wants_certificates = self._read(query_der)
        except _Rejected as rejected:
            return _rejection(rejected.failure_bit)
        except ValueError:
            return _rejection(_BAD_FORMAT)
        token = self._token(imprint, nonce, wants_certificates=wants_certificates)
        return der.sequence(der.sequence(der.integer(0)), token)

    def _read(self, query: bytes) -> tuple[bytes, bytes, bool]:
        """(messageImprint, nonce or nothing, certReq) of a query, the first two as they came."""
        outer = der.Reader(query)
        fields = der.Reader(outer.read(der.SEQUENCE))
        outer.end()
        if fields.read(der.INTEGER) != b"\x01":
            raise _Rejected(_BAD_REQUEST)
        imprint = fields.whole(der.SEQUENCE)
        _check_imprint(imprint)
        if fields.tag == der.OID and fields.whole(der.OID) != self._policy:
            raise _Rejected(_UNACCEPTED_POLICY)
        nonce = fields.whole(der.INTEGER) if fields.tag == der.INTEGER else b""
        if len(nonce) > 66:
            raise _Rejected(_BAD_REQUEST)
        wants_certificates = fields.tag == der.BOOLEAN and fields.read(der.BOOLEAN) != b"\x00"
        if fields.tag == 0xA0:
            raise _Rejected(_UNACCEPTED_EXTENSION)
        fields.end()
        return imprint, nonce, wants_certificates

    def _token(self, imprint: bytes, nonce: bytes, *, wants_certificates: bool) -> bytes:
        self._count += 1
        tst_info = der.sequence(
            der.integer(1),
            self._policy,
            imprint,
            der.integer(self._first_serial + self._count),
            der.encode(der.GENERALIZED_TIME, _generalized(self._clock())),
            der.sequence(der.integer(1)),  # accuracy: one second
            nonce,
        )
        digest = _attribute(
            "1.2.840.113549.1.9.4", der.encode(der.OCTET_STRING, hashlib.sha256(tst_info).digest())
        )
        attributes = b"".join(sorted((self._content_type, digest, self._signing_certificate)))  # SET OF
        signer_info = der.sequence(
            der.integer(1),
            self._signer_id,
            _SHA256,
            der.encode(0xA0, attributes),
            self._signature_algorithm,
            der.encode(der.OCTET_STRING, self._sign(der.encode(der.SET, attributes))),
        )
        signed_data = der.sequence(
            der.integer(3),
            der.encode(der.SET, _SHA256),
            der.sequence(_TST_INFO, der.encode(0xA0, der.encode(der.OCTET_STRING, tst_info))),
            self._certificates if wants_certificates else b"",
            der.encode(der.SET, signer_info),
        )
        return der.sequence(der.oid("1.2.840.113549.1.7.2"), der.encode(0xA0, signed_data))

    def _sign(self, data: bytes) -> bytes:
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self._key.sign(data, ec.ECDSA(hashes.SHA256()))


def _check_imprint(imprint: bytes) -> None:
    fields = der.Reader(der.Reader(imprint).read(der.SEQUENCE))
    if fields.whole(der.SEQUENCE) not in (_SHA256, _SHA256_BARE):
        raise _Rejected(_BAD_ALGORITHM)
    if len(fields.read(der.OCTET_STRING)) != 32:
        raise _Rejected(_BAD_FORMAT)
    fields.end()


def _rejection(failure_bit: int) -> bytes:
    """PKIStatus 2 (rejection) with one bit of PKIFailureInfo."""
    bits = bytearray(failure_bit // 8 + 1)
    bits[-1] = 0x80 >> failure_bit % 8
    unused = 7 - failure_bit % 8
    return der.sequence(
        der.sequence(der.integer(2), der.encode(der.BIT_STRING, bytes((unused,)) + bytes(bits)))
    )


def _attribute(dotted: str, value: bytes) -> bytes:
    return der.sequence(der.oid(dotted), der.encode(der.SET, value))


def _signing_certificate_v2(certificate: x509.Certificate) -> bytes:
    """SigningCertificateV2 (RFC 5035): the hash of the certificate (SHA-256 is the default), its issuer."""
    names = der.sequence(der.encode(0xA4, certificate.issuer.public_bytes()))
    digest = der.encode(der.OCTET_STRING, certificate.fingerprint(hashes.SHA256()))
    one = der.sequence(digest, der.sequence(names, der.integer(certificate.serial_number)))
    return der.sequence(der.sequence(one))


def _generalized(moment: datetime) -> bytes:
    """GeneralizedTime with milliseconds, no trailing zeros (RFC 3161 section 2.4.2)."""
    fraction = f"{moment.microsecond // 1000:03d}".rstrip("0")
    text = moment.astimezone(UTC).strftime("%Y%m%d%H%M%S")
    return f"{text}.{fraction}Z".encode() if fraction else f"{text}Z".encode()


def _bytes(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)
