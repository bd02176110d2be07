"""The stop switch. While it is thrown nothing is signed; accepted work waits and continues afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from meterai.kit.acting import Actor
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Connection, Database
from meterai.kit.stop_switches import SEALING_STOPPED, is_thrown, read_switch, set_switch
from meterai.stamping.queries import count_waiting


@dataclass(frozen=True, slots=True)
class Signing:
    """Whether stamps are being signed."""

    stopped: bool
    reason: str
    """For operators; never shown to customers."""
    since: datetime | None
    waiting: int
    """Accepted jobs that are not finished."""


async def stop_signing(db: Database, *, reason: str, actor: str | Actor, now: datetime) -> Signing:
    """Throws the switch. The signer obeys within 5 s (I22). A second call stores its reason."""
    async with db.transaction() as tx:
        return await _set(tx, "sealing.stop", reason, actor=actor, now=now)


async def resume_signing(db: Database, *, reason: str, actor: str | Actor, now: datetime) -> Signing:
    """Releases the switch. Waiting work continues by itself, with the serial numbers it has.

    Raises: Refusal FORBIDDEN `officer.unsigned`: two officers have not released it.
    """
    async with db.transaction() as tx:
        return await resume_signing_in(tx, reason=reason, actor=actor, now=now)


async def resume_signing_in(tx: Connection, *, reason: str, actor: str | Actor, now: datetime) -> Signing:
    """Does what `resume_signing` does, in the transaction of an officer's signature."""
    return await _set(tx, "sealing.resume", reason, actor=actor, now=now)


async def signing(db: Database) -> Signing:
    """Reads the switch."""
    async with db.connection() as connection:
        return await _read(connection)


async def is_signing_stopped(db: Database) -> bool:
    """Whether the switch is thrown. Reads one row, because pages ask it."""
    async with db.connection() as connection:
        return await is_thrown(connection, SEALING_STOPPED)


async def _set(tx: Connection, action: str, reason: str, *, actor: str | Actor, now: datetime) -> Signing:
    await set_switch(tx, SEALING_STOPPED, thrown=action == "sealing.stop", reason=reason, now=now)
    facts = {"reason": reason}
    await write_audit(tx, actor=actor, action=action, subject=SEALING_STOPPED, facts=facts, now=now)
    return await _read(tx)


async def _read(conn: Connection) -> Signing:
    switch = await read_switch(conn, SEALING_STOPPED)
    return Signing(switch.thrown, switch.reason, switch.changed_at, await count_waiting(conn))
