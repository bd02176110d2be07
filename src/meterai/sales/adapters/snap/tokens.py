"""Access tokens of BI-SNAP: the one that we use at the gateway, and those that we give the gateway."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

LIFE_SECONDS: Final = 900
"""Of a token that we give, as the standard says."""
_EARLY_SECONDS: Final = 30
_MAC_BYTES: Final = 32


class TokenCache:
    """Keeps the gateway's token until shortly before it ends. However many ask at once, one fetches it."""

    def __init__(
        self, fetch: Callable[[], Awaitable[tuple[str, int]]], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch, self._monotonic = fetch, monotonic
        self._token, self._ends = "", 0.0
        self._lock = asyncio.Lock()

    async def get(self) -> str:
        """The token. Raises what fetching it raises."""
        async with self._lock:
            if not self._token or self._monotonic() >= self._ends:
                asked = self._monotonic()
                self._token, seconds = await self._fetch()
                self._ends = asked + max(seconds - _EARLY_SECONDS, 1)
            return self._token

    def forget(self, token: str) -> None:
        """Drops this token, which the gateway refuses. One that was fetched meanwhile stays."""
        if token == self._token:
            self._token = ""


class GivenTokens:
    """Tokens that the gateway fetches from us before it sends notices.

    No process keeps them: a token carries its end and a code that our private key alone makes. So any of our
    sites knows a token that another one gave.
    """

    def __init__(self, key: RSAPrivateKey) -> None:
        der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        self._secret = hashlib.sha256(b"meterai snap token\0" + der).digest()

    def give(self, now: datetime) -> str:
        """A new token, which counts for `LIFE_SECONDS`."""
        content = f"{int(now.timestamp()) + LIFE_SECONDS}.{secrets.token_hex(8)}".encode()
        return base64.urlsafe_b64encode(self._mac(content) + content).decode()

    def knows(self, token: str, now: datetime) -> bool:
        """Whether we gave this token and it has not ended."""
        try:
            whole = base64.urlsafe_b64decode(token)
        except (binascii.Error, ValueError):
            return False
        mac, content = whole[:_MAC_BYTES], whole[_MAC_BYTES:]
        return hmac.compare_digest(mac, self._mac(content)) and now.timestamp() < _end_of(content)

    def _mac(self, content: bytes) -> bytes:
        return hmac.digest(self._secret, content, "sha256")


def _end_of(content: bytes) -> int:
    """Of a content that we made."""
    return int(content.partition(b".")[0])
