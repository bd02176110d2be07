"""The key that signs the statements of days (Ed25519). No other process has it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from cryptography.hazmat.primitives.serialization import load_pem_private_key as load_private

from meterai.kernel.refusals import Kind, Refusal


class StatementKey:
    """The private key, its id, and its public half as PEM."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        public = private.public_key()
        der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.id = hashlib.sha256(der).hexdigest()[:16]
        self.public_pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def sign(self, content: bytes) -> bytes:
        """The signature on exactly these bytes, without a prefix, so that openssl can check it."""
        return self._private.sign(content)


def read_key(path: Path) -> StatementKey:
    """Reads the key. Raises: Refusal UNAVAILABLE `day.no_key` when there is none, or it is not ours."""
    try:
        key = load_private(path.read_bytes(), None)
    except (OSError, ValueError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise Refusal(Kind.UNAVAILABLE, "day.no_key", path=str(path))
    return StatementKey(key)


def is_signed(public_pem: str, content: bytes, signature: bytes) -> bool:
    """Whether the holder of the private key signed exactly these bytes."""
    key = load_pem_public_key(public_pem.encode())
    if not isinstance(key, Ed25519PublicKey):
        return False
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True
