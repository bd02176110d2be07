"""Signs what was revoked: CRLs of root and intermediate, and the intermediate's OCSP responses.

What was revoked lies in `revoked.json` beside the keys, so that it outlives the process.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp

from meterai.kit.files.atomic_write import write_whole

CRL_VALID = timedelta(days=1)
OCSP_VALID = timedelta(hours=4)
_BACKDATED = timedelta(minutes=5)


class Revoked(msgspec.Struct, frozen=True, kw_only=True):
    """One revoked certificate."""

    certificate: str
    """`stamp`, `tsa` or `intermediate`; or a serial number in hex."""
    at: datetime
    reason: str = "keyCompromise"
    """As in RFC 5280 section 5.3.1."""


class RevocationAuthority:
    """Answers for the PKI in `folder` as of `clock`."""

    def __init__(self, folder: Path, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._folder = folder
        self._clock = clock
        self.promises_next = True
        """False: OCSP responses have no nextUpdate, which RFC 6960 leaves open."""
        self._crls: dict[str, tuple[datetime, bytes]] = {}

    def crl(self, issuer: str) -> bytes:
        """The CRL of `root` or `intermediate` (DER); made again halfway through its validity."""
        now = self._clock()
        known = self._crls.get(issuer)
        if known is None or not known[0] <= now < known[0] + CRL_VALID / 2:
            known = (now, self._make_crl(issuer, now))
            self._crls[issuer] = known
        return known[1]

    def _make_crl(self, issuer: str, now: datetime) -> bytes:
        certificate, key = self._authority(issuer)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(certificate.subject)
            .last_update(now - _BACKDATED)
            .next_update(now + CRL_VALID)
            .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(certificate.public_key()),  # type: ignore[arg-type]
                critical=False,
            )
        )
        for serial, item in self._revoked().items():
            if (item.certificate == "intermediate") is (issuer == "root"):
                builder = builder.add_revoked_certificate(_entry(serial, item))
        return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def respond(self, query: bytes) -> bytes:
        """An OCSP response (DER) for a request about one certificate of the intermediate."""
        try:
            request = ocsp.load_der_ocsp_request(query)
            serial, algorithm = request.serial_number, request.hash_algorithm
        except ValueError:
            return _unsuccessful(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
        issuer, key = self._authority("intermediate")
        leaf = x509.load_pem_x509_certificate((self._folder / "stamp.pem").read_bytes())
        if not _is_about(request, leaf, issuer):
            return _unsuccessful(ocsp.OCSPResponseStatus.UNAUTHORIZED)
        now, revoked = self._clock(), self._revoked().get(serial)
        builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
            issuer_name_hash=request.issuer_name_hash,
            issuer_key_hash=request.issuer_key_hash,
            serial_number=serial,
            algorithm=algorithm,
            cert_status=ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD,
            this_update=now - _BACKDATED,
            next_update=now + OCSP_VALID if self.promises_next else None,
            revocation_time=revoked.at if revoked else None,
            revocation_reason=x509.ReasonFlags(revoked.reason) if revoked else None,
        )
        response = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, issuer).sign(key, hashes.SHA256())
        return response.public_bytes(serialization.Encoding.DER)

    def revoke(self, item: Revoked) -> None:
        """Revokes a certificate, for good. Raises: ValueError for one that there is not."""
        self._serial_of(item.certificate)
        x509.ReasonFlags(item.reason)
        known = [*self._read(), item]
        write_whole(self._folder / "revoked.json", msgspec.json.encode(known), durable=False)
        self._crls.clear()

    def _read(self) -> list[Revoked]:
        try:
            return msgspec.json.decode((self._folder / "revoked.json").read_bytes(), type=list[Revoked])
        except FileNotFoundError:
            return []

    def _revoked(self) -> dict[int, Revoked]:
        return {self._serial_of(item.certificate): item for item in self._read()}

    def _serial_of(self, name: str) -> int:
        if name in ("stamp", "tsa", "intermediate"):
            return x509.load_pem_x509_certificate((self._folder / f"{name}.pem").read_bytes()).serial_number
        return int(name, 16)

    def _authority(
        self, name: str
    ) -> tuple[x509.Certificate, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey]:
        key = serialization.load_pem_private_key((self._folder / f"{name}.key.pem").read_bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
        return x509.load_pem_x509_certificate((self._folder / f"{name}.pem").read_bytes()), key


def _entry(serial: int, item: Revoked) -> x509.RevokedCertificate:
    return (
        x509.RevokedCertificateBuilder()
        .serial_number(serial)
        .revocation_date(item.at)
        .add_extension(x509.CRLReason(x509.ReasonFlags(item.reason)), critical=False)
        .build()
    )


def _is_about(request: ocsp.OCSPRequest, leaf: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether a request is about a certificate of this issuer: the same hashes as in one for `leaf`."""
    made = ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer, request.hash_algorithm).build()
    return (made.issuer_name_hash, made.issuer_key_hash) == (
        request.issuer_name_hash,
        request.issuer_key_hash,
    )


def _unsuccessful(status: ocsp.OCSPResponseStatus) -> bytes:
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(serialization.Encoding.DER)
