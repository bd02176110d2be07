"""What is known of documents for which serial numbers were taken, until these are stamped and afterwards."""

# ruff: noqa: S608 (our own words)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg
import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Database
from meterai.partners.stamps.facts import StampFacts
from meterai.partners.stamps.queries import facts_of_row
from meterai.partners.stamps.store import FACTS, note_facts, values_of


class SerialFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the document that a serial number is for."""

    facts: StampFacts
    wire_type: str = ""
    """Code of the document's type on the wire, as it was sent. Empty: none was."""


async def note_serial_facts(tx: Connection, organisation_id: UUID, known: Mapping[str, SerialFacts]) -> None:
    """Keeps what is known of documents with the serial numbers that were just taken for them."""
    await tx.executemany(
        f"""INSERT INTO partners.serial_facts (serial, wire_type, {", ".join(FACTS)})
            VALUES ($1, nullif($2, ''), $3, $4, $5, $6, $7, $8, $9, $10)""",
        [(serial, one.wire_type, *values_of(organisation_id, one.facts)) for serial, one in known.items()],
    )


async def change_serial_facts(
    db: Database, serial: str, changed: SerialFacts, *, organisation_id: UUID
) -> None:
    """Replaces what is known of the document that a serial number is for.

    Raises: Refusal NOT_FOUND `serial.unknown`; CONFLICT `serial.not_unstamped`.
    """
    assigned = ", ".join(f"{name} = ${n}" for n, name in enumerate(("wire_type", *FACTS[1:]), 3))
    try:
        async with db.connection() as connection:
            status = await connection.execute(
                f"""UPDATE partners.serial_facts SET {assigned}
                    WHERE serial = $1 AND organisation_id = $2""",
                serial,
                organisation_id,
                changed.wire_type or None,
                *values_of(organisation_id, changed.facts)[1:],
            )
    except asyncpg.PostgresError as error:
        if error.sqlstate == "SL003":
            raise Refusal(Kind.CONFLICT, "serial.not_unstamped") from error
        raise
    if status != "UPDATE 1":
        raise Refusal(Kind.NOT_FOUND, "serial.unknown")


async def facts_of_serials(db: Database, serials: Sequence[str]) -> dict[str, SerialFacts]:
    """Returns what is known of documents by serial number. The caller has checked whose they are."""
    async with db.connection() as connection:
        return await _facts_of(connection, serials)


async def give_facts_to_job(tx: Connection, organisation_id: UUID, *, serial: str, job_id: UUID) -> None:
    """Keeps with a job what is known of the serial number that it puts on a document."""
    known = await _facts_of(tx, [serial])
    if serial in known:
        await note_facts(tx, organisation_id, job_id, known[serial].facts)


async def _facts_of(connection: Connection, serials: Sequence[str]) -> dict[str, SerialFacts]:
    rows = await connection.fetch(
        "SELECT * FROM partners.serial_facts WHERE serial = ANY ($1)", list(serials)
    )
    return {
        row["serial"]: SerialFacts(facts=facts_of_row(row), wire_type=row["wire_type"] or "") for row in rows
    }
