"""The secret of codes, cookies and links. It rotates: for a while the one before is honoured, too.

Running processes read the file again after a change. A new secret is honoured at once and used from `begins`
on: until then every process has read it, so none refuses what another one has made.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import structlog

from meterai.kit.files.atomic_write import replace_kept
from meterai.kit.files.secret_files import keep_secret

log = structlog.get_logger(__name__)
_LOOK_SECONDS: Final = 1.0
FILE: Final = "application.json"
"""Below DATA/secrets."""


class Secret(bytes):
    """The secret with which things are made now, and those with which they may have been made before."""

    honoured: tuple[bytes, ...]
    """The newest first. What was made with one of them is ours."""
    ever: tuple[bytes, ...]
    """Also those that have ended. They prove nothing: with them we find the links that orders have."""

    def __new__(cls, now: bytes, honoured: tuple[bytes, ...], ever: tuple[bytes, ...]) -> Secret:
        made = super().__new__(cls, now)
        made.honoured, made.ever = honoured, ever
        return made


def honoured(secret: bytes) -> tuple[bytes, ...]:
    """The secrets of which any may have made what somebody brings."""
    return secret.honoured if isinstance(secret, Secret) else (secret,)


def ever(secret: bytes) -> tuple[bytes, ...]:
    """All secrets that there have been, the newest first."""
    return secret.ever if isinstance(secret, Secret) else (secret,)


class Former(msgspec.Struct, frozen=True):
    """A secret before the newest one, and when it ends."""

    secret: str
    until: datetime


class KeptSecret(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the file holds."""

    secret: str
    begins: datetime | None = None
    """From then on things are made with it; None: it is the first."""
    before: tuple[Former, ...] = ()
    """The newest first."""

    def has_begun(self, now: datetime) -> bool:
        """Whether things are made with the newest one."""
        return self.begins is None or not self.before or now >= self.begins

    def at(self, now: datetime) -> Secret:
        """What counts at a time."""
        former = [one.secret.encode() for one in self.before if now < one.until]
        every = (self.secret.encode(), *(one.secret.encode() for one in self.before))
        return Secret(every[0] if self.has_begun(now) else every[1], (every[0], *former), every)


def make_first(folder: Path) -> None:
    """Makes the first secret in `folder`, unless there is one. Raises: OSError."""
    if not (folder / FILE).exists():
        keep_secret(folder, Path(FILE).stem)


def read_kept(folder: Path) -> KeptSecret:
    """Reads the file in `folder`. Raises: OSError; ValueError when it is not such a file."""
    return msgspec.json.decode((folder / FILE).read_bytes(), type=KeptSecret)


def rotate(folder: Path, now: datetime, *, begins: datetime, until: datetime) -> None:
    """Makes a new secret, with which things are made from `begins` on. The one of today ends at `until`.

    Raises: ValueError when the last one has not begun yet; OSError.
    """
    kept = read_kept(folder)
    if not kept.has_begun(now):
        raise ValueError(f"the last rotation begins at {kept.begins:%Y-%m-%d %H:%M:%S} UTC: wait for it")
    former = (Former(kept.secret, until), *kept.before)
    replace_kept(folder / FILE, msgspec.json.encode(KeptSecret(secrets.token_urlsafe(32), begins, former)))


class SecretFile:
    """Follows the file of a running process.

    A file that can't be read is a fault of a moment or of an officer: what was read last stays in use.
    """

    def __init__(self, folder: Path, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Raises: OSError, ValueError."""
        self._folder, self._monotonic = folder, monotonic
        self._kept = read_kept(folder)
        self._read_from, self._looked_at = self._mark(), monotonic()
        self._now = self._kept.at(datetime.now(UTC))

    def now(self) -> Secret:
        """What counts now."""
        if self._monotonic() - self._looked_at >= _LOOK_SECONDS:
            self._looked_at = self._monotonic()
            self._read_again()
            self._now = self._kept.at(datetime.now(UTC))
        return self._now

    def _read_again(self) -> None:
        try:
            mark = self._mark()
            if mark != self._read_from:
                self._kept, self._read_from = read_kept(self._folder), mark
        except (OSError, ValueError) as error:
            log.error("application_secret.unreadable", reason=str(error))

    def _mark(self) -> tuple[int, int]:
        found = (self._folder / FILE).stat()
        return found.st_ino, found.st_mtime_ns
