"""Counts the uses of a software key, as an HSM does by itself; compared with the register's count (I8)."""

from __future__ import annotations

import os
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import structlog

from meterai.kit.database import Connection
from meterai.kit.files.file_lock import locked
from meterai.stamping.signer import register
from meterai.stamping.signer.key_files import uses_of
from meterai.stamping.signer.private_keys.software_key import KeyDevice

log = structlog.get_logger(__name__)

UNREACHED_MAX = 1024
"""Largest number of attempts that can have been under way when the signer died."""
_DIGITS = 20


class CounterMismatch(Exception):
    """Key, counter and register contradict each other. A person must look before anything is signed."""


class KeyCounter:
    """A number in a file that survives `kill -9` at any moment. Only one process at a time holds it.

    The file holds 20 decimal digits, written in place with one `pwrite`. `sync` writes it to the disk. A
    power cut may lose the newest counts; the attempts then look as if they never reached the key.
    """

    def __init__(self, path: Path) -> None:
        """Opens the file. Raises: CounterMismatch when another process holds it or it can't be read."""
        try:
            self._file = locked(path)
        except BlockingIOError:
            raise CounterMismatch(f"another signer holds {path.name}") from None
        text = os.pread(self._file, 64, 0)
        if text and not (len(text) == _DIGITS and text.isdigit()):
            raise CounterMismatch(f"{path.name} holds no number")
        self.existed = bool(text)
        self.value = int(text or b"0")

    def increment(self) -> None:
        """Counts one use of the key before it happens."""
        self.value += 1
        self.write()

    def write(self) -> None:
        """Writes the number into the file."""
        os.pwrite(self._file, b"%0*d" % (_DIGITS, self.value), 0)
        self.existed = True

    def sync(self) -> None:
        """Writes the number to the disk. Blocks for some milliseconds: call it in a thread."""
        os.fdatasync(self._file)

    def close(self) -> None:
        """Releases the file for other processes."""
        os.close(self._file)


class CountedKey:
    """A key device that counts each use in the file first."""

    def __init__(self, key: KeyDevice, counter: KeyCounter) -> None:
        self._key = key
        self.counter = counter
        self.key_id = key.key_id
        self.certificates = key.certificates
        self.algorithm = key.algorithm

    @property
    def attempts(self) -> int:
        """Uses of the key since it was made."""
        return self.counter.value

    async def sign(self, digest: bytes) -> bytes:
        """Counts, then signs a SHA-256 digest."""
        self.counter.increment()
        return await self._key.sign(digest)

    def pass_over(self) -> None:
        """Counts an attempt that is not carried out, so that no later one is taken for it."""
        self.counter.increment()


async def reconcile(conn: Connection, key: CountedKey, now: datetime) -> int:
    """Compares the key's counter with the register. Returns how many attempts were abandoned.

    Called after a start, or when the answer to a count was lost. Attempts are counted in the register first,
    so the newest ones may never have reached the key.

    Raises: CounterMismatch when the key was used more often than the register knows, or far less often (a
    lost or foreign counter file).
    """
    counted = await register.counted_attempts(conn, key.key_id)
    unreached = counted - key.attempts
    if unreached < 0:
        raise _used_more(key.key_id, key.attempts, counted)
    if unreached > UNREACHED_MAX or (unreached and not key.counter.existed):
        raise CounterMismatch(
            f"the register counted {counted} uses of key {key.key_id}, its counter says {key.attempts}: "
            "the counter file was lost or belongs to another installation"
        )
    if unreached and await register.signed_by_newest(conn, key.key_id, unreached):
        raise CounterMismatch(
            f"the register counted {counted} uses of key {key.key_id}, its counter says {key.attempts}, "
            "but the newest ones made signatures: the counter file is an older copy "
            "(then: meterai restore, see docs/backup.md)"
        )
    if not key.counter.existed:  # only now: a lost file must not look like a new one at the next start
        key.counter.write()
    if unreached:
        await register.abandon_newest(conn, key.key_id, unreached, now)
        log.warning("signer.attempts_abandoned", key_id=key.key_id, attempts=unreached)
    return unreached


async def refuse_forgotten_uses(conn: Connection, folder: Path, key_ids: Collection[str]) -> None:
    """Compares the counters of keys that are not opened with the register, one way.

    Raises: CounterMismatch when one of these keys was used more often than the register knows.
    """
    for key_id in key_ids:
        used, counted = uses_of(folder, key_id), await register.counted_attempts(conn, key_id)
        if used > counted:
            raise _used_more(key_id, used, counted)


def _used_more(key_id: str, used: int, counted: int) -> CounterMismatch:
    return CounterMismatch(
        f"key {key_id} was used {used} times, the register counted {counted}: "
        "is the database's own disk mounted, is it the right server? If so, the key was used outside the "
        "stamping cycle, or the database was put back from an older copy (then: meterai restore, see "
        "docs/backup.md)"
    )
