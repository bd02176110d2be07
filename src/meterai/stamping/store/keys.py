"""Statements on the register of signing keys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from meterai.kit.acting import officers_refusals
from meterai.kit.database import Connection
from meterai.stamping.keys.signing_keys import SigningKey

_COLUMNS = "key_id, place, certificates, valid_from, valid_until, active_from, retired_at, purpose, signer"


async def signing_keys(conn: Connection) -> list[SigningKey]:
    """Lists the whole register in the order of adding.

    Retired keys too: their certificates are still needed.
    """
    query = f"SELECT {_COLUMNS} FROM stamping.signing_key ORDER BY added_at, purpose DESC, key_id"  # noqa: S608
    rows = await conn.fetch(query)
    return [SigningKey(**{**dict(row), "certificates": tuple(row["certificates"])}) for row in rows]


async def insert_key(tx: Connection, key: SigningKey, now: datetime) -> bool:
    """Adds a key by a function that asks for two officers. Returns False when it exists.

    Raises: Refusal FORBIDDEN `officer.unsigned`.
    """
    with officers_refusals():
        added: bool = await tx.fetchval("SELECT operations.add_key($1, $2)", facts_of_key(key), now)
    if added and key.active_from is not None:
        await set_active_from(tx, key.key_id, key.active_from)
    return added


def facts_of_key(key: SigningKey) -> dict[str, object]:
    """What two officers release: all that the register keeps of the key.

    A key for seals says no purpose, and a key of the signer without a name no signer.
    """
    purpose = {} if key.purpose == "seal" else {"purpose": key.purpose}
    signer = {"signer": key.signer} if key.signer else {}
    return {
        **purpose,
        **signer,
        "place": key.place,
        "valid_from": key.valid_from.isoformat(),
        "valid_until": key.valid_until.isoformat(),
        "certificates": [one.hex() for one in key.certificates],
    }


async def lock_keys(tx: Connection) -> list[SigningKey]:
    """Returns the register, locked against other changes: only one rotation at a time."""
    await tx.execute("SELECT pg_advisory_xact_lock(7240815002)")
    return await signing_keys(tx)


async def set_active_from(tx: Connection, key_id: str, moment: datetime | None) -> None:
    """Sets the moment from which this key signs; None: it waits."""
    await tx.execute("UPDATE stamping.signing_key SET active_from = $2 WHERE key_id = $1", key_id, moment)


async def set_retired(tx: Connection, key_id: str, now: datetime) -> None:
    """Notes that the key never signs again."""
    await tx.execute("UPDATE stamping.signing_key SET retired_at = $2 WHERE key_id = $1", key_id, now)


async def count_uses(conn: Connection) -> dict[str, int]:
    """Maps key id to its uses: counted attempts that were not abandoned (I8), plus forgotten uses."""
    rows = await conn.fetch(
        """SELECT key_id, sum(uses) AS uses FROM (
               SELECT key_id, count(*) AS uses FROM stamping.sign_attempt
               WHERE abandoned_at IS NULL GROUP BY key_id
               UNION ALL SELECT key_id, uses FROM stamping.forgotten_use
           ) known GROUP BY key_id"""
    )
    return {row["key_id"]: int(row["uses"]) for row in rows}


async def insert_forgotten_uses(tx: Connection, key_id: str, uses: int, now: datetime) -> None:
    """Inserts uses of a key whose attempts were lost from the register."""
    await tx.execute("INSERT INTO stamping.forgotten_use VALUES ($1, $2, $3)", key_id, uses, now)


async def last_known(conn: Connection) -> datetime | None:
    """End of what the register knows: the time of its newest attempt, else of its oldest key."""
    moment: datetime | None = await conn.fetchval(
        """SELECT coalesce((SELECT attempted_at FROM stamping.sign_attempt ORDER BY id DESC LIMIT 1),
               (SELECT min(added_at) FROM stamping.signing_key))"""
    )
    return moment


async def insert_gap(tx: Connection, lost_from: datetime, lost_until: datetime) -> None:
    """Notes a period in which stamps may have been released that the register does not know."""
    await tx.execute("INSERT INTO stamping.register_gap VALUES ($1, $2)", lost_from, lost_until)


async def serials_of(conn: Connection, key_id: str) -> AsyncIterator[tuple[str, datetime]]:
    """Lists the serial numbers that a key sealed, with the time of release. Needs a transaction.

    For emergencies: it reads the whole register.
    """
    statement = """SELECT serial, released_at FROM stamping.release
                   WHERE key_id = $1 AND version = 1 ORDER BY released_at, serial"""
    async for row in conn.cursor(statement, key_id, prefetch=1000):
        yield row["serial"], row["released_at"]
