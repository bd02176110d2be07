"""Signatures of one server's key (Ed25519) on what it wrote, such as the list of a backup's files."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_KEY_BYTES: Final = 32


def new_key() -> str:
    """A new private key, in base64."""
    return _text(Ed25519PrivateKey.generate().private_bytes_raw())


def public_part(key: str) -> str:
    """The public key that belongs to a private one, in base64. Raises: ValueError."""
    return _text(Ed25519PrivateKey.from_private_bytes(_raw(key)).public_key().public_bytes_raw())


def sign(key: str, purpose: bytes, content: bytes) -> bytes:
    """Signs `content`. A signature for one purpose is none for another. Raises: ValueError for no key."""
    return Ed25519PrivateKey.from_private_bytes(_raw(key)).sign(purpose + b"\0" + content)


def is_signed(public: str, purpose: bytes, content: bytes, signature: bytes) -> bool:
    """Whether the holder of the private key signed this. Raises: ValueError when `public` is no key."""
    try:
        Ed25519PublicKey.from_public_bytes(_raw(public)).verify(signature, purpose + b"\0" + content)
    except InvalidSignature:
        return False
    return True


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _raw(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) != _KEY_BYTES:
        raise ValueError("Expected a key of Ed25519: 32 bytes in base64")
    return raw
