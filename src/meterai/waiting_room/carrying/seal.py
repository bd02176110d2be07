"""Secrets that hosts of an installation share besides NATS. Without them its messages give no key away, and
nobody believes a forged one."""

from __future__ import annotations

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class Seal:
    """Marks messages as ours, and encrypts keys. `secret`: of the installation."""

    def __init__(self, secret: str) -> None:
        self._marking, self._closing = (
            hmac.digest(secret.encode(), use, "sha256") for use in (b"line: mark", b"line: keys")
        )

    def mark(self, *facts: object) -> str:
        """What proves that somebody who has the secret said these facts."""
        said = "\n".join(map(str, facts)).encode()
        return hmac.digest(self._marking, said, "sha256").hex()

    def demand(self, mark: str, *facts: object) -> None:
        """Raises: ValueError when the mark was not made for these facts."""
        if not hmac.compare_digest(mark.encode(), self.mark(*facts).encode()):
            raise ValueError("it does not have our mark")

    def close(self, content: bytes, subject: str) -> bytes:
        """Encrypts a content for one subject."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(self._closing).encrypt(nonce, content, subject.encode())

    def open(self, closed: bytes, subject: str) -> bytes:
        """The content again. Raises: ValueError for anything else."""
        try:
            nonce, rest = closed[:_NONCE_BYTES], closed[_NONCE_BYTES:]
            return AESGCM(self._closing).decrypt(nonce, rest, subject.encode())
        except InvalidTag:
            raise ValueError("it was not sealed with our secret") from None
