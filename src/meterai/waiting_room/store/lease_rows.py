"""Statements about the lease: which controller leads."""

from __future__ import annotations

from meterai.kit.database import Connection


async def take_lease(conn: Connection, holder: str, seconds: float) -> int | None:
    """The epoch of the lease, taken or renewed for `seconds`; None while somebody else has it."""
    epoch: int | None = await conn.fetchval("SELECT waiting_room.take_lease($1, $2)", holder, seconds)
    return epoch


async def database_time(conn: Connection) -> float:
    """What the database's clock shows, in Unix seconds."""
    now: float = await conn.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8")
    return now


async def skip_epochs(tx: Connection, epoch: int) -> None:
    """The next holder of the lease gets a greater epoch than this one."""
    await tx.execute(
        """UPDATE waiting_room.lease SET epoch = greatest(epoch, $1), until = 'epoch'
           WHERE name = 'controller'""",
        epoch,
    )


async def end_lease(conn: Connection, holder: str, epoch: int) -> None:
    """Gives the lease back, for the next one need not wait."""
    await conn.execute(
        "UPDATE waiting_room.lease SET until = 'epoch' WHERE holder = $1 AND epoch = $2", holder, epoch
    )
