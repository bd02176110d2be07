"""Every statement on the register of signing keys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from meterai.kit.database import Connection
from meterai.stamping.keys.signing_keys import SigningKey

_COLUMNS = "key_id, place, certificates, valid_from, valid_until, active_from, retired_at"


async def signing_keys(conn: Connection) -> list[SigningKey]:
    """The whole register in the order of adding, retired ones too: their certificates are still needed."""
    rows = await conn.fetch(f"SELECT {_COLUMNS} FROM stamping.signing_key ORDER BY added_at, key_id")  # noqa: S608
    return [SigningKey(**{**dict(row), "certificates": tuple(row["certificates"])}) for row in rows]


async def insert_key(tx: Connection, key: SigningKey, now: datetime) -> bool:
    """Adds a key; False when it is there already."""
    added = await tx.fetchval(
        f"""INSERT INTO stamping.signing_key ({_COLUMNS}, added_at)
            VALUES ($1, $2, $3, $4, $5, $6, NULL, $7) ON CONFLICT DO NOTHING RETURNING true""",  # noqa: S608
        key.key_id,
        key.place,
        list(key.certificates),
        key.valid_from,
        key.valid_until,
        key.active_from,
        now,
    )
    return bool(added)


async def lock_keys(tx: Connection) -> list[SigningKey]:
    """The register, locked against everybody else who would change it: one rotation at a time."""
    await tx.execute("SELECT pg_advisory_xact_lock(7240815002)")
    return await signing_keys(tx)


async def set_active_from(tx: Connection, key_id: str, moment: datetime | None) -> None:
    """From `moment` on this key signs; None: it waits."""
    await tx.execute("UPDATE stamping.signing_key SET active_from = $2 WHERE key_id = $1", key_id, moment)


async def set_retired(tx: Connection, key_id: str, now: datetime) -> None:
    """Never signs again."""
    await tx.execute("UPDATE stamping.signing_key SET retired_at = $2 WHERE key_id = $1", key_id, now)


async def count_uses(conn: Connection) -> dict[str, int]:
    """Key id -> counted attempts to sign with it, the abandoned ones left out (I8), and forgotten uses."""
    rows = await conn.fetch(
        """SELECT key_id, sum(uses) AS uses FROM (
               SELECT key_id, count(*) AS uses FROM stamping.sign_attempt
               WHERE abandoned_at IS NULL GROUP BY key_id
               UNION ALL SELECT key_id, uses FROM stamping.forgotten_use
           ) known GROUP BY key_id"""
    )
    return {row["key_id"]: int(row["uses"]) for row in rows}


async def insert_forgotten_uses(tx: Connection, key_id: str, uses: int, now: datetime) -> None:
    """Uses of a key that no counted attempt tells of any more."""
    await tx.execute("INSERT INTO stamping.forgotten_use VALUES ($1, $2, $3)", key_id, uses, now)


async def last_known(conn: Connection) -> datetime | None:
    """Up to when the register knows what was sealed: its newest attempt, else its oldest key."""
    moment: datetime | None = await conn.fetchval(
        """SELECT coalesce((SELECT attempted_at FROM stamping.sign_attempt ORDER BY id DESC LIMIT 1),
               (SELECT min(added_at) FROM stamping.signing_key))"""
    )
    return moment


async def insert_gap(tx: Connection, lost_from: datetime, lost_until: datetime) -> None:
    """Between these moments stamps may have been released that the register does not know."""
    await tx.execute("INSERT INTO stamping.register_gap VALUES ($1, $2)", lost_from, lost_until)


async def serials_of(conn: Connection, key_id: str) -> AsyncIterator[tuple[str, datetime]]:
    """The serial numbers that a key sealed, with the time of release. Needs a transaction.

    For emergencies: it reads the whole register.
    """
    statement = """SELECT serial, released_at FROM stamping.release
                   WHERE key_id = $1 AND version = 1 ORDER BY released_at, serial"""
    async for row in conn.cursor(statement, key_id, prefetch=1000):
        yield row["serial"], row["released_at"]
