"""Passwords of logins: made by us, 128 random bits, stored as SHA-256 (decision 0043)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Final

_BYTES: Final = 16


def make_password() -> str:
    """Makes a password of 26 lower-case letters and digits."""
    return base64.b32encode(secrets.token_bytes(_BYTES)).decode().rstrip("=").lower()


def digest_of(password: str) -> bytes:
    """What is stored of a password."""
    return hashlib.sha256(password.encode(errors="surrogatepass")).digest()
