"""The keys that sign 2-D codes: files below DATA/pki. One signs; the next one may be waiting.

Only the signer process, the key commands and the benchmarks import this module.

`code.key.pem` holds the private keys, the newest last. A line before a key says from when on it signs.
Readers know the public keys from `trust/code.json`, for ever: printed codes do not end.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from meterai.kit.files.atomic_write import replace_kept, write_whole

_PRIVATE: Final = "code.key.pem"
_PUBLIC: Final = Path("trust") / "code.json"
_ENTRY: Final = re.compile(
    rb"(?:# signs from (\S+)\n)?(-----BEGIN PRIVATE KEY-----.*?-----END PRIVATE KEY-----)", re.S
)


class CodeKey:
    """An Ed25519 key that signs the payload of the 2-D code."""

    def __init__(self, key_pem: bytes, key_id: int = 1) -> None:
        """Checks the key. Raises: ValueError for any other kind of key."""
        key = serialization.load_pem_private_key(key_pem, None)
        if not isinstance(key, ed25519.Ed25519PrivateKey):
            raise ValueError("the code key must be Ed25519")
        self._key = key
        self.key_id = key_id
        self.public_bytes = key.public_key().public_bytes_raw()

    @classmethod
    def load(cls, folder: Path, now: datetime | None = None) -> CodeKey:
        """Loads the key that signs now, with the id by which readers know it.

        Raises: ValueError when readers don't know it: they would take its codes for forged ones.
        """
        moment = now or datetime.now(UTC)
        begun = [pem for begins, pem in _entries(folder) if begins is None or begins <= moment]
        return _loaded(folder, begun)

    @classmethod
    def make(cls, folder: Path) -> CodeKey:
        """Makes an installation's first key.

        Raises: FileExistsError when one of its files is there; OSError.
        """
        private, known = folder / _PRIVATE, folder / _PUBLIC
        for file in (private, known):
            if file.exists():
                raise FileExistsError(f"{file} is there already")
        known.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        pem = _new_pem()
        key = cls(pem)
        write_whole(private, pem, mode=0o600)
        write_whole(known, _listed({key.key_id: key}), mode=0o600)
        return key

    def sign(self, message: bytes) -> bytes:
        """Signs `meterai.signatures.stamp_code.code_message(...)`. Returns 64 bytes."""
        return self._key.sign(message)


class CodeKeyFile:
    """The key that signs now, for a running process: it reads the file again after a change."""

    def __init__(self, folder: Path, now: datetime) -> None:
        """Raises: as `CodeKey.load`."""
        self._folder = folder
        self._read(now)

    def now(self, now: datetime) -> CodeKey:
        """Raises: as `CodeKey.load`."""
        if _mark(self._folder) != self._mark or (self._until is not None and now >= self._until):
            self._read(now)
        return self._key

    def _read(self, now: datetime) -> None:
        mark = _mark(self._folder)  # before the file is read: a change meanwhile is seen the next time
        self._key = CodeKey.load(self._folder, now)
        self._mark, self._until = mark, _next_begin(self._folder, now)


def rotate_code_key(folder: Path, now: datetime, *, begins: datetime) -> CodeKey:
    """Makes the next key, which signs from `begins` on. Keys before the one that signs today are deleted.

    The public part is published first: readers have until then to learn it.

    Raises: ValueError when the last one has not begun yet; OSError.
    """
    ahead = _next_begin(folder, now)
    if ahead is not None:
        raise ValueError(f"the last rotation begins at {ahead:%Y-%m-%d %H:%M:%S} UTC: wait for it")
    today, pem = CodeKey.load(folder, now), _new_pem()
    known = _known(folder)
    key = CodeKey(pem, max(known) + 1)
    published = {str(key_id): public for key_id, public in known.items()}
    replace_kept(folder / _PUBLIC, json.dumps(published | {str(key.key_id): key.public_bytes.hex()}).encode())
    newest = [found for _, found in _entries(folder) if CodeKey(found).public_bytes == today.public_bytes]
    replace_kept(folder / _PRIVATE, newest[-1] + b"\n# signs from %s\n" % begins.isoformat().encode() + pem)
    return key


def _entries(folder: Path) -> list[tuple[datetime | None, bytes]]:
    """From when on each key signs, with its PEM, the newest last."""
    found = _ENTRY.findall((folder / _PRIVATE).read_bytes())
    if not found:
        raise ValueError(f"{_PRIVATE} holds no private key")
    return [(datetime.fromisoformat(begins.decode()) if begins else None, pem) for begins, pem in found]


def _loaded(folder: Path, pems: list[bytes]) -> CodeKey:
    key = CodeKey(pems[-1])
    ids = [key_id for key_id, public in _known(folder).items() if public == key.public_bytes.hex()]
    if not ids:
        raise ValueError(f"{_PUBLIC} doesn't hold the public key of {_PRIVATE}")
    key.key_id = max(ids)
    return key


def _known(folder: Path) -> dict[int, str]:
    listed = json.loads((folder / _PUBLIC).read_bytes())
    return {int(key_id): public for key_id, public in listed.items()}


def _listed(keys: dict[int, CodeKey]) -> bytes:
    return json.dumps({str(key_id): key.public_bytes.hex() for key_id, key in keys.items()}).encode()


def _new_pem() -> bytes:
    return ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _next_begin(folder: Path, now: datetime) -> datetime | None:
    return next((begins for begins, _ in _entries(folder) if begins is not None and begins > now), None)


def _mark(folder: Path) -> tuple[int, int]:
    found = (folder / _PRIVATE).stat()
    return found.st_ino, found.st_mtime_ns
