"""Signatures of messages, by Standard Webhooks: HMAC-SHA256 (`v1`) or Ed25519 (`v1a`)."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from standardwebhooks import Webhook

Scheme = Literal["hmac", "ed25519"]
_SHARED: Final = "whsec_"
_PRIVATE: Final = "whsk_"
_PUBLIC: Final = "whpk_"
_SHARED_BYTES: Final = 32


def new_secret(scheme: Scheme) -> str:
    """Makes what we sign with, in the form of the specification."""
    if scheme == "hmac":
        return _SHARED + _encoded(secrets.token_bytes(_SHARED_BYTES))
    return _PRIVATE + _encoded(Ed25519PrivateKey.generate().private_bytes_raw())


def receivers_key(secret: str) -> str:
    """What a receiver needs to check signatures: the shared secret itself, or the public key."""
    if secret.startswith(_SHARED):
        return secret
    return _PUBLIC + _encoded(_private_key(secret).public_key().public_bytes_raw())


def signature_headers(secrets: Sequence[str], id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of a message, with a signature for each secret. `at`: the time of this attempt, in UTC."""
    signatures = " ".join(_signature(secret, id, at, body) for secret in secrets)
    return {
        "webhook-id": id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signatures,
    }


def _signature(secret: str, id: str, at: datetime, body: bytes) -> str:
    if secret.startswith(_SHARED):
        return Webhook(secret).sign(id, at, body.decode())
    signed = f"{id}.{int(at.timestamp())}.".encode() + body
    return "v1a," + _encoded(_private_key(secret).sign(signed))


def _private_key(secret: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(secret.removeprefix(_PRIVATE)))


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode()
