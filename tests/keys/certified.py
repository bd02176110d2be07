"""Certificates for keys in a token, from the sandbox's authority, as in the ceremony."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.keys.soft_hsm import MODULE, PIN

from meterai.stamping.seal.certificate_request import make_request
from meterai.stamping.signing_keys import TokenPlace, parse_place
from sandbox.pki import certify_request


def certify(
    pki: Path, place: str, name: str = "Meterai Elektronik 10000 SPESIMEN 2", *, now: datetime | None = None
) -> list[x509.Certificate]:
    """The chain of a key in a token, its own certificate first, valid for five years from `now` on."""
    found = parse_place(place)
    assert isinstance(found, TokenPlace)
    request = make_request(MODULE, found, lambda: PIN, {"country_name": "ID", "common_name": name})
    return x509.load_pem_x509_certificates(certify_request(pki, request, now=now))


def encoded(chain: list[x509.Certificate]) -> list[bytes]:
    return [certificate.public_bytes(Encoding.DER) for certificate in chain]
