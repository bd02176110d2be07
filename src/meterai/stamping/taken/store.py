"""Writes serial numbers that were taken. Functions of the database make the transfers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from meterai.kernel.serial_number import SerialNumber
from meterai.kit.database import Connection, call
from meterai.ledger import store as ledger
from meterai.stamping.taken.model import NAME_MAX, WantedSerial

_TAKE = call("stamping.take_serials", 6)
_RETURN = call("stamping.return_serials", 3)
_START = call("stamping.start_taken_job", 8)


async def take(
    tx: Connection,
    organisation_id: UUID,
    wanted: Sequence[tuple[SerialNumber, WantedSerial]],
    *,
    now: datetime,
) -> None:
    """Takes new serial numbers from the stock.

    Raises: Refusal CONFLICT `ledger.insufficient`; asyncpg.UniqueViolationError: a key has one already.
    """
    with ledger.refusals():
        await tx.execute(
            _TAKE,
            organisation_id,
            [serial for serial, _ in wanted],
            [one.request_key for _, one in wanted],
            [one.document_id for _, one in wanted],
            [one.name[:NAME_MAX] for _, one in wanted],
            now,
        )


async def give_back(
    connection: Connection, organisation_id: UUID, serials: Sequence[str], *, now: datetime
) -> list[str]:
    """Returns unstamped serial numbers to the stock. Returns those that went back now."""
    with ledger.refusals():
        back: list[str] = await connection.fetchval(_RETURN, organisation_id, list(serials), now)
    return back


async def start_job(
    tx: Connection,
    *,
    organisation_id: UUID,
    job_id: UUID,
    document_id: UUID,
    idempotency_key: str,
    request_digest: bytes,
    serial: str,
    now: datetime,
) -> bool:
    """Accepts a job that puts the serial number on the document.

    Returns False, and writes nothing, if the serial number is not unstamped or the document has a job.
    """
    with ledger.refusals():
        started: bool = await tx.fetchval(
            _START,
            organisation_id,
            job_id,
            document_id,
            idempotency_key,
            request_digest,
            job_id,
            serial,
            now,
        )
    return started
