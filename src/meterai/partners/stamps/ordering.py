"""What an order of stamps changes in the books of partners, within the transaction that makes the job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec

from meterai.kernel.clock import business_date, start_of_business_date
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Database
from meterai.partners.clients.spending import spend
from meterai.partners.stamps import store
from meterai.partners.stamps.facts import StampFacts, check_facts

_PATHS_TOLD = 5


class OrderedStamps(msgspec.Struct, frozen=True, kw_only=True):
    """Stamps that somebody orders for documents of an organisation."""

    organisation_id: UUID
    client_id: UUID | None
    """The client of the API that orders them; None: a person does."""
    pieces: int
    per_document: int
    """The most on one document."""
    facts: StampFacts | None = None
    uploaded: str = ""
    """SHA-256 (hex) of the file that came with the order. Empty: none did."""


async def count_stamps(
    tx: Connection,
    organisation_id: UUID,
    *,
    pieces: int,
    per_document: int,
    client_id: UUID | None,
    now: datetime,
) -> bool:
    """Counts ordered stamps against limits. Returns whether the facts of their documents are needed.

    A stamp that is refused later counts too. `per_document`: the most on one document.

    Raises: Refusal CONFLICT `partner.not_active`, `partner.document_limit`; BUSY `partner.day_limit`, and as
    `spend`.
    """
    try:
        needed = await store.count_stamps(tx, organisation_id, pieces, per_document, now)
    except asyncpg.PostgresError as error:
        if error.sqlstate != "PA011":
            raise
        limit, wait = int(error.detail or 0), _until_tomorrow_s(now)
        raise Refusal(Kind.BUSY, "partner.day_limit", maximum=limit, retry_after_s=wait) from error
    if client_id is not None:
        await spend(tx, client_id, pieces, now=now)
    return needed


async def count_order(tx: Connection, order: OrderedStamps, *, now: datetime) -> None:
    """Counts an order against limits, and checks what a collector has to say.

    Raises: Refusal as `count_stamps` and `check_facts`.
    """
    needed = await count_stamps(
        tx,
        order.organisation_id,
        pieces=order.pieces,
        per_document=order.per_document,
        client_id=order.client_id,
        now=now,
    )
    check_facts(order.facts, needed=needed)


async def count_bundle(
    tx: Connection,
    bundle_id: UUID,
    *,
    organisation_id: UUID,
    pieces: int,
    client_id: UUID | None,
    now: datetime,
) -> None:
    """Counts the files of a bundle that were chosen, and checks what a collector has to say of each.

    Raises: Refusal as `count_stamps`; INVALID `facts.missing` with the first paths in `fields`.
    """
    needed = await count_stamps(
        tx, organisation_id, pieces=pieces, per_document=1, client_id=client_id, now=now
    )
    if needed and (paths := await store.files_without_facts(tx, bundle_id, limit=_PATHS_TOLD)):
        raise Refusal(Kind.INVALID, "facts.missing", fields=", ".join(paths))


async def note_file_facts(
    tx: Connection, organisation_id: UUID, files: Sequence[tuple[UUID, StampFacts | None]]
) -> None:
    """Keeps what a manifest says of files."""
    known = [(id, facts) for id, facts in files if facts is not None]
    if known:
        await store.note_file_facts(tx, organisation_id, known)


async def note_bundle_jobs(tx: Connection, jobs: Mapping[UUID, UUID]) -> None:
    """Keeps what is known of files with their jobs, once these are there. `jobs`: the job of each file."""
    await store.move_facts(tx, jobs)


async def note_order(tx: Connection, order: OrderedStamps, *, job_id: UUID, document_id: UUID) -> None:
    """Keeps what came with an order, once its job is there."""
    if order.facts is not None:
        await store.note_facts(tx, order.organisation_id, job_id, order.facts)
    if order.uploaded:
        await store.note_upload(tx, order.organisation_id, document_id, order.uploaded)


async def note_upload(db: Database, organisation_id: UUID, *, document_id: UUID, sha256: str) -> None:
    """Keeps the digest of a file as it was uploaded."""
    async with db.connection() as connection:
        await store.note_upload(connection, organisation_id, document_id, sha256)


async def forget_liable_parties(db: Database, *, years: int, now: datetime) -> int:
    """Forgets who owed the duty, once that many years have ended since the year of the stamp."""
    async with db.connection() as connection:
        return await store.forget_liable_parties(connection, business_date(now).year - years - 1)


def _until_tomorrow_s(now: datetime) -> int:
    tomorrow = start_of_business_date(business_date(now) + timedelta(days=1))
    return int((tomorrow - now).total_seconds()) + 1
