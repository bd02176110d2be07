"""Reads the public keys that partners hand in."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey, import_key

from meterai.kernel.refusals import Kind, Refusal

KEY_BYTES_MAX: Final = 16 * 1024
RSA_BITS_MIN: Final = 2048
RSA_BITS_MAX: Final = 4096
PublicKey = RSAKey | ECKey | OKPKey


def read_public_key(raw: bytes) -> PublicKey:
    """Reads a public key in PEM or as a JWK: P-256, Ed25519, or RSA with 2048 to 4096 bits.

    Raises: Refusal INVALID `client.key_unreadable`; `client.key_private` for a private key, which we must not
    know; `client.key_kind` for any other kind of key.
    """
    if len(raw) > KEY_BYTES_MAX:
        raise Refusal(Kind.INVALID, "client.key_unreadable")
    key = _imported(raw)
    if key.is_private:
        raise Refusal(Kind.INVALID, "client.key_private")
    if not isinstance(key, RSAKey | ECKey | OKPKey) or not _is_strong(key.public_key):
        raise Refusal(Kind.INVALID, "client.key_kind", bits=RSA_BITS_MIN)
    return key


def to_jwk(key: PublicKey) -> dict[str, Any]:
    """The key as a JWK, without the names that its owner gave it."""
    named = ("kty", "crv", "x", "y", "n", "e")
    return {name: value for name, value in key.as_dict(private=False).items() if name in named}


def algorithms_of(key: PublicKey) -> list[str]:
    """The algorithms by which the key may sign a JWT (RFC 7518, RFC 8037, RFC 9864)."""
    match key:
        case ECKey():
            return ["ES256"]
        case OKPKey():
            return ["EdDSA", "Ed25519"]
        case _:
            return ["PS256", "RS256"]


def from_jwk(jwk: dict[str, Any]) -> PublicKey:
    """The key that `to_jwk` wrote."""
    key = import_key(jwk)
    assert isinstance(key, RSAKey | ECKey | OKPKey)
    return key


def _imported(raw: bytes) -> Key:
    try:
        if raw.lstrip().startswith(b"{"):
            return import_key(msgspec.json.decode(raw, type=dict[str, str | list[str]]))
        if b"PRIVATE KEY-----" in raw:
            raise Refusal(Kind.INVALID, "client.key_private")
        return _of_pem(raw)
    except (JoseError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Refusal(Kind.INVALID, "client.key_unreadable") from error


def _of_pem(raw: bytes) -> Key:
    match load_pem_public_key(raw):
        case rsa.RSAPublicKey():
            return RSAKey.import_key(raw)
        case ec.EllipticCurvePublicKey():
            return ECKey.import_key(raw)
        case ed25519.Ed25519PublicKey():
            return OKPKey.import_key(raw)
        case _:
            raise Refusal(Kind.INVALID, "client.key_kind", bits=RSA_BITS_MIN)


def _is_strong(key: object) -> bool:
    match key:
        case rsa.RSAPublicKey():
            return RSA_BITS_MIN <= key.key_size <= RSA_BITS_MAX
        case ec.EllipticCurvePublicKey():
            return isinstance(key.curve, ec.SECP256R1)
        case _:
            return isinstance(key, ed25519.Ed25519PublicKey)
