"""How far the copy of `meterai follow` is, and how far the receiver of the WAL."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from meterai.kit.database import Connection

WAL_SLOT: Final = "meterai_wal"
"""The replication slot of `deploy/systemd/meterai-wal.service`."""


class WalPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Two places in the WAL."""

    lsn: str
    """Everything that was acknowledged when the round began is before this place."""
    beyond: str
    """Behind a record that is behind `lsn`. A recovery needs it to see that it has reached `lsn`."""


class Receiving(msgspec.Struct, frozen=True, kw_only=True):
    """The receiver of the WAL, by its replication slot."""

    is_connected: bool
    behind_bytes: int
    """What it has not on its disk yet."""


async def begin_round(connection: Connection, folder: str, now: datetime) -> WalPlace:
    """Notes that a round begins. Returns the place that its copy will be good for."""
    lsn = await connection.fetchval("SELECT pg_current_wal_insert_lsn()::text")
    await connection.execute(
        """INSERT INTO operations.followed (folder, seen_at) VALUES ($1, $2)
           ON CONFLICT (folder) DO UPDATE SET seen_at = excluded.seen_at""",
        folder,
        now,
    )
    beyond = await connection.fetchval("SELECT pg_current_wal_insert_lsn()::text")
    return WalPlace(lsn=lsn, beyond=beyond)


async def end_round(connection: Connection, folder: str, complete_at: datetime) -> None:
    """Notes the moment to which the copy can be restored."""
    await connection.execute(
        "UPDATE operations.followed SET complete_at = $2 WHERE folder = $1", folder, complete_at
    )


async def forget_followed(connection: Connection, folder: str) -> bool:
    """Forgets a copy that nobody continues. Returns whether it was known."""
    done = await connection.execute("DELETE FROM operations.followed WHERE folder = $1", folder)
    return done != "DELETE 0"


async def has_received(connection: Connection, place: str) -> bool | None:
    """Whether the receiver has the WAL up to this place on its disk. None: its slot does not exist."""
    received: bool | None = await connection.fetchval(
        """SELECT coalesce(restart_lsn >= $2::text::pg_lsn, false)
           FROM pg_replication_slots WHERE slot_name = $1""",
        WAL_SLOT,
        place,
    )
    return received


async def oldest_followed(connection: Connection) -> datetime | None:
    """The moment to which the oldest copy can be restored; None: nothing follows."""
    moment: datetime | None = await connection.fetchval(
        "SELECT min(coalesce(complete_at, begun_at)) FROM operations.followed"
    )
    return moment


async def last_seen(connection: Connection) -> datetime | None:
    """The last round that this database knows. A database that was put back is of this moment or later."""
    moment: datetime | None = await connection.fetchval("SELECT max(seen_at) FROM operations.followed")
    return moment


async def receiving(connection: Connection) -> Receiving | None:
    """The receiver of the WAL; None: it has no slot."""
    row = await connection.fetchrow(
        """SELECT active, pg_wal_lsn_diff(pg_current_wal_flush_lsn(), restart_lsn) AS behind
           FROM pg_replication_slots WHERE slot_name = $1 AND NOT pg_is_in_recovery()""",
        WAL_SLOT,
    )
    if row is None:
        return None
    return Receiving(is_connected=row["active"], behind_bytes=int(row["behind"] or 0))
