"""The queries of verification: what was released or signed under which serial. Four views, SELECT only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from meterai.kit.database import Connection


class Released(msgspec.Struct, frozen=True, kw_only=True):
    """A serial number bound to released bytes."""

    serial: str
    sha256: str
    released_at: datetime
    document_pages: int


class SerialEntry(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a serial number in the register."""

    serial: str
    state: str
    released_at: datetime | None


class SignedHash(msgspec.Struct, frozen=True, kw_only=True):
    """A hash that was signed for a serial number, around which an adapter built a stamped file."""

    serial: str
    message_digest: str
    is_newest: bool


class Gap(NamedTuple):
    """A period in which stamps may have been released that the register lost."""

    lost_from: datetime
    lost_until: datetime


_RELEASED = "SELECT serial, sha256, released_at, document_pages FROM verification.released"
_SERIAL = "SELECT serial, state, released_at FROM verification.serial WHERE serial = ANY ($1::text[])"
_SIGNED_HASH = """
    SELECT serial, message_digest, is_newest FROM verification.signed_hash WHERE serial = ANY ($1::text[])
    ORDER BY serial, number"""
_BY_DIGEST = """
    SELECT serial, r.sha256, r.released_at, r.document_pages, s.state, s.released_at AS first_released_at
    FROM verification.released r JOIN verification.serial s USING (serial)
    WHERE r.sha256 = $1 AND NOT r.stamped_before ORDER BY serial"""


async def find_by_digest(
    connection: Connection, sha256: str
) -> tuple[list[Released], dict[str, SerialEntry]]:
    """Every serial number released on exactly these bytes (hex SHA-256), with the register's entries.

    None if the file carried a stamp before: only the file itself shows what was added in between.
    """
    released, entries = [], {}
    for row in await connection.fetch(_BY_DIGEST, sha256):
        serial, digest, released_at, pages, state, first = row
        released.append(Released(serial=serial, sha256=digest, released_at=released_at, document_pages=pages))
        entries[serial] = SerialEntry(serial=serial, state=state, released_at=first)
    return released, entries


async def find_releases(connection: Connection, serials: Sequence[str]) -> list[Released]:
    """Every version released under these serial numbers."""
    rows = await connection.fetch(
        f"{_RELEASED} WHERE serial = ANY ($1::text[]) ORDER BY serial, version", list(serials)
    )
    return [Released(**dict(row)) for row in rows]


async def find_serials(connection: Connection, serials: Sequence[str]) -> dict[str, SerialEntry]:
    """The register's entries of these serial numbers; unknown ones are omitted."""
    rows = await connection.fetch(_SERIAL, list(serials))
    return {row["serial"]: SerialEntry(**dict(row)) for row in rows}


async def find_signed_hashes(connection: Connection, serials: Sequence[str]) -> list[SignedHash]:
    """Every hash that was signed for these serial numbers."""
    rows = await connection.fetch(_SIGNED_HASH, list(serials))
    return [SignedHash(**dict(row)) for row in rows]


async def find_gaps(connection: Connection) -> list[Gap]:
    """The periods that the register lost, if it was restored from a copy."""
    rows = await connection.fetch("SELECT lost_from, lost_until FROM verification.register_gap")
    return [Gap(row["lost_from"], row["lost_until"]) for row in rows]
