"""Codes of authenticator apps (TOTP, RFC 6238): six digits of SHA-1, a new one every 30 seconds."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from datetime import datetime
from typing import Final

import pyotp

STEP_SECONDS: Final = 30
_SECRET_BYTES: Final = 20
"""As RFC 4226 recommends (section 4, R6)."""
_ISSUER: Final = "Meterai"
_DIGITS: Final = re.compile(r"[0-9]{6}")


def new_secret() -> bytes:
    """Makes a secret."""
    return secrets.token_bytes(_SECRET_BYTES)


def in_base32(secret: bytes) -> str:
    """The secret as a form carries it."""
    return base64.b32encode(secret).decode()


def from_base32(text: str) -> bytes | None:
    """Reads it again. None: it is no secret of ours."""
    try:
        found = base64.b32decode(text)
    except binascii.Error:
        return None
    return found if len(found) == _SECRET_BYTES else None


def in_words(secret: bytes) -> str:
    """The secret as people type it into an app: base32, in groups of four."""
    text = in_base32(secret)
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def address_of(secret: bytes, officer: str, *, host: str) -> str:
    """The address that a QR code brings into an app. `host`: the console's, so that two can be told apart."""
    return pyotp.TOTP(in_base32(secret)).provisioning_uri(name=f"{officer}@{host}", issuer_name=_ISSUER)


def step_of(secret: bytes, typed: str, now: datetime) -> int | None:
    """The time step whose code was typed: this one, or the one before or after it. None: no such code."""
    code = "".join(typed.split())
    if not _DIGITS.fullmatch(code):
        return None
    totp = pyotp.TOTP(in_base32(secret))
    this = int(now.timestamp()) // STEP_SECONDS
    right = [
        step for step in (this, this - 1, this + 1) if secrets.compare_digest(totp.generate_otp(step), code)
    ]
    return right[0] if right else None
