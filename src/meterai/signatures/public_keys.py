"""Verifies signatures with the kinds of public keys that sign documents and tokens."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa


def has_signed(key: object, signature: bytes, content: bytes, algorithm: hashes.HashAlgorithm) -> bool:
    """Whether the key made `signature` over `content`, with RSA PKCS #1 v1.5 (RFC 8017, 8.2) or ECDSA.

    Keys of other kinds verify nothing.
    """
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, content, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, content, ec.ECDSA(algorithm))
        else:
            return False
    except InvalidSignature:
        return False
    return True
