"""Statements about the lease: which controller leads."""

from __future__ import annotations

from meterai.kit.database import Connection


async def take_lease(conn: Connection, holder: str, seconds: float) -> int | None:
    """Takes or renews the lease for `seconds`. Returns its epoch; None while another process has it."""
    epoch: int | None = await conn.fetchval("SELECT waiting_room.take_lease($1, $2)", holder, seconds)
    return epoch


async def database_time(conn: Connection) -> float:
    """The time of the database's clock, in Unix seconds."""
    now: float = await conn.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8")
    return now


async def skip_epochs(tx: Connection, epoch: int) -> None:
    """Makes the next holder's epoch greater than this one."""
    await tx.execute(
        """UPDATE waiting_room.lease SET epoch = greatest(epoch, $1), until = 'epoch'
           WHERE name = 'controller'""",
        epoch,
    )


async def end_lease(conn: Connection, holder: str, epoch: int) -> None:
    """Releases the lease, so that the next process need not wait."""
    await conn.execute(
        "UPDATE waiting_room.lease SET until = 'epoch' WHERE holder = $1 AND epoch = $2", holder, epoch
    )
