"""Checks that a webhook comes from Meterai (Standard Webhooks)."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping, Sequence
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook, WebhookVerificationError

from meterai_sdk.problems import UnsafeWebhook
from meterai_sdk.shapes import Event

PUBLIC_KEY_PREFIX: Final = "whpk_"
_AGE_MAX_S: Final = 300


def open_webhook(body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> Event:
    """Checks a delivery and gives the event in it.

    `body`: as it came, not parsed before. `secrets`: those of the endpoint (`whsec_...`), or its public key
    (`whpk_...`). While a secret is rotated, both are given.
    Raises: UnsafeWebhook when no signature is right, or when it was made more than five minutes ago.
    """
    found = {name.lower(): value for name, value in headers.items()}
    if not any(_is_right(body, found, secret) for secret in secrets):
        raise UnsafeWebhook("no signature of this webhook is right, or it is too old")
    event: Event = json.loads(body)
    return event


def _is_right(body: bytes, headers: dict[str, str], secret: str) -> bool:
    if secret.startswith(PUBLIC_KEY_PREFIX):
        return _is_signed_by(secret.removeprefix(PUBLIC_KEY_PREFIX), body, headers)
    try:
        Webhook(secret).verify(body, headers, json_parse=False)
    except (WebhookVerificationError, ValueError):
        return False
    return True


def _is_signed_by(public_key: str, body: bytes, headers: dict[str, str]) -> bool:
    """Checks Ed25519 signatures (`v1a`), which the library does not know."""
    sent_at = headers.get("webhook-timestamp", "")
    if not sent_at.isdecimal() or abs(time.time() - int(sent_at)) > _AGE_MAX_S:
        return False
    signed = b".".join((headers.get("webhook-id", "").encode(), sent_at.encode(), body))
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key))
    for one in headers.get("webhook-signature", "").split():
        version, _, signature = one.partition(",")
        try:
            if version == "v1a":
                key.verify(base64.b64decode(signature), signed)
                return True
        except (InvalidSignature, ValueError):
            continue
    return False
