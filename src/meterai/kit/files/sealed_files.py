"""Files that only holders of private keys can read, in the age format (age-encryption.org/v1).

`age --decrypt` opens them too. Streams are encrypted piece by piece, so a file may be larger than memory.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Final, Protocol

import pyrage

from meterai.kit.formats.comma_list import listed

_PIECE: Final = 1 << 20

Recipients = Sequence[Any]
"""Public keys of age."""
Identities = Sequence[Any]
"""Private keys of age."""


class SealBroken(Exception):
    """A sealed file was changed or cut off, or these private keys don't open it."""


class Sink(Protocol):
    """Takes bytes, such as an open file or pipe."""

    def write(self, content: bytes, /) -> int:
        """Takes all of `content`."""
        ...


def recipients_of(text: str) -> Recipients:
    """The public keys in a text, with commas between. Raises: ValueError when it holds none, or others."""
    try:
        found = [pyrage.x25519.Recipient.from_str(name) for name in listed(text)]
    except pyrage.RecipientError:
        found = []
    if not found:
        raise ValueError("Expected public keys of age (age1...), with commas between")
    return found


def identities_of(text: str) -> Identities:
    """The private keys in the text of an identity file of age. Raises: ValueError when it holds none."""
    lines = [line.strip() for line in text.splitlines()]
    try:
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line and line[0] != "#"]
    except pyrage.IdentityError:
        found = []
    if not found:
        raise ValueError("Expected private keys of age, each in a line that begins with AGE-SECRET-KEY-")
    return found


def new_identity() -> tuple[str, str]:
    """A new key pair: the private key, which is an identity, and the public key."""
    identity = pyrage.x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def seal(source: IO[bytes], path: Path, recipients: Recipients) -> str:
    """Encrypts a stream into a new file (0600). Returns the SHA-256 of the file in hexadecimal.

    Raises: OSError.
    """
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        counted = _Digesting(file)
        pyrage.encrypt_io(source, counted, recipients)
    return counted.digest


def unseal(path: Path, target: Sink, identities: Identities, *, digest: str) -> None:
    """Decrypts a file whose SHA-256 is `digest` into `target`.

    The last piece is written only when the digest is right. So a program that reads the stream never gets
    the whole of a file that was changed.

    Raises: SealBroken; OSError.
    """
    held = _OneBehind(target)
    with path.open("rb") as file:
        read = _Read(file)
        try:
            pyrage.decrypt_io(read, held, identities)
        except pyrage.DecryptError as problem:
            raise SealBroken(f"{path}: {problem}") from problem
        except OSError as problem:
            if problem.errno is None:  # of the format, not of a disk or pipe
                raise SealBroken(f"{path}: {problem}") from problem
            raise
        if read.digest() != digest:
            raise SealBroken(f"{path}: it was changed")
    held.end()


def seal_bytes(content: bytes, recipients: Recipients) -> bytes:
    """Encrypts bytes."""
    sealed: bytes = pyrage.encrypt(content, recipients)
    return sealed


def unseal_bytes(sealed: bytes, identities: Identities) -> bytes:
    """Decrypts bytes. Raises: SealBroken."""
    try:
        content: bytes = pyrage.decrypt(sealed, identities)
    except (pyrage.DecryptError, OSError) as problem:
        raise SealBroken(str(problem)) from problem
    return content


def digest_of(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal. Raises: OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Digesting:
    """Passes bytes on and keeps their digest."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target = target
        self._hash = hashlib.sha256()

    def write(self, content: bytes) -> int:
        self._hash.update(content)
        return self._target.write(content)

    def flush(self) -> None:
        self._target.flush()

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


class _Read:
    """Reads a file and keeps the digest of what was read."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        content = self._source.read(size)
        self._hash.update(content)
        return content

    def digest(self) -> str:
        """Of the whole file: reads the rest."""
        while self.read(_PIECE):
            pass
        return self._hash.hexdigest()


class _OneBehind:
    """Passes bytes on, the last piece only at the `end`."""

    def __init__(self, target: Sink) -> None:
        self._target = target
        self._held = b""

    def write(self, content: bytes) -> int:
        if content:
            self._target.write(self._held)
            self._held = bytes(content)
        return len(content)

    def flush(self) -> None:
        """Nothing: the last piece is held."""

    def end(self) -> None:
        self._target.write(self._held)
