"""Whether a public key verifies a signature, for the kinds of keys that sign documents and tokens."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa


def has_signed(key: object, signature: bytes, content: bytes, algorithm: hashes.HashAlgorithm) -> bool:
    """Whether `signature` over `content` is the key's: RSA with PKCS #1 v1.5 (RFC 8017, 8.2) or ECDSA.

    A key of another kind has signed nothing.
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
