"""Settings and collaborators of the archive."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from meterai.jail.pool import JailPool
from meterai.kernel.clock import Clock
from meterai.kit.database import Database
from meterai.kit.fail_points import FailPoint
from meterai.kit.files.object_store import ObjectStore
from meterai.stamping.archive.level import Level
from meterai.stamping.archive.revocation_source import RevocationSource
from meterai.stamping.ports import Signer

Judge = Callable[[bytes], Awaitable[str | None]]
"""Judges a file without asking the register. Returns None when genuine, else the verdict in words."""


class ArchiveSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Archive settings that the operator chooses."""

    level: Level
    """The level that every released file gets."""
    roots: tuple[bytes, ...]
    """Pinned root certificates, PEM."""
    ahead: timedelta = timedelta(days=90)
    """How long before the end of its proof a file is renewed."""
    lease: timedelta = timedelta(minutes=2)
    retry_first_s: float = 2.0
    retry_longest_s: float = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveTools:
    """What the archive works with: database, jail, store, signer, time-stamp authority and verifier."""

    db: Database
    jail: JailPool
    objects: ObjectStore
    signer: Signer
    revocation: RevocationSource
    judge: Judge
    clock: Clock
    settings: ArchiveSettings
    fail_point: FailPoint
