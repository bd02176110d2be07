"""Records a distributor's deposit at the treasury and issues the stock that it pays for."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from meterai.kernel.clock import business_date
from meterai.kernel.ids import derived_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.kit.audit_trail import is_in_audit, write_audit
from meterai.kit.database import Connection, Database
from meterai.ledger import queries
from meterai.ledger.model import SELLER, TransferCode
from meterai.ledger.open_day import on_open_day
from meterai.sales.store import stock as stock_store

PIECES_MAX = 100_000_000
_ACTION = "quota.issue"


class StockIssued(msgspec.Struct, frozen=True, kw_only=True):
    """What a deposit brought."""

    deposit_id: uuid.UUID
    pieces: int
    amount: int
    """Rupiah deposited: pieces times face value."""
    new: bool
    """False: this deposit was booked before, and nothing was issued now."""
    recorded: bool = False
    """Whether the audit trail got its entry now, also for a deposit that an older release booked without
    one."""
    stock_before: int
    """Stamps the seller could sell before."""
    stock: int
    """Stamps the seller can sell now."""


@on_open_day
async def issue_quota(
    db: Database, *, pieces: int, deposit_reference: str, actor: str | Actor, now: datetime
) -> StockIssued:
    """Records the deposit `deposit_reference` (the treasury's receipt) and issues `pieces` stamps for it.

    The distributor pays the treasury in advance, at the tariff of the day (PMK 133/2021 articles 16-17, kept
    in PMK 78/2024). The issuer supplies the same number of stamps, and the distributor passes them to the
    seller.

    Safe to repeat, also with a receipt number in small letters, or after a change of the tariff. The audit
    trail keeps the receipt as it was typed, and the person who recorded it. Older releases kept no such
    entry; a repeat adds it.

    Raises: Refusal "stock.pieces" (INVALID) for a number of pieces outside 1..PIECES_MAX;
    "ledger.id_reused" (CONFLICT) when the reference was used for another number of pieces;
    "officer.unsigned" (FORBIDDEN) when two officers have not released it; "stock.above_limit" (INVALID).
    """
    async with db.transaction() as tx:
        return await issue_quota_in(
            tx, pieces=pieces, deposit_reference=deposit_reference, actor=actor, now=now
        )


async def issue_quota_in(
    tx: Connection, *, pieces: int, deposit_reference: str, actor: str | Actor, now: datetime
) -> StockIssued:
    """Does what `issue_quota` does, in the transaction of an officer's signature."""
    reference = deposit_reference.strip()
    found = await _preview(tx, pieces, reference, now)
    _, new = await stock_store.issue(tx, found.deposit_id, reference, pieces, now)
    if not new and await is_in_audit(tx, action=_ACTION, subject=reference):
        return msgspec.structs.replace(found, new=False, stock=found.stock_before)
    facts = facts_of_issue(found)
    await write_audit(tx, actor=actor, action=_ACTION, subject=reference, facts=facts, now=now)
    return msgspec.structs.replace(found, recorded=True)


async def preview_deposit(db: Database, *, pieces: int, deposit_reference: str, now: datetime) -> StockIssued:
    """What `issue_quota` would bring; nothing is booked. Raises: the same."""
    async with db.transaction() as tx:
        return await _preview(tx, pieces, deposit_reference.strip(), now)


async def is_recorded(db: Database, deposit_reference: str) -> bool:
    """Whether the audit trail has this deposit."""
    async with db.connection() as connection:
        return await is_in_audit(connection, action=_ACTION, subject=deposit_reference.strip())


def facts_of_issue(issued: StockIssued) -> dict[str, object]:
    """What two officers release, and what the audit trail keeps."""
    return {"pieces": issued.pieces, "amount": issued.amount}


async def _preview(conn: Connection, pieces: int, reference: str, now: datetime) -> StockIssued:
    if not 1 <= pieces <= PIECES_MAX or not reference:
        raise Refusal(Kind.INVALID, "stock.pieces", pieces=pieces, pieces_max=PIECES_MAX)
    deposit_id, booked = await _deposit(conn, reference)
    if booked and pieces not in (one.amount for one in booked if one.code == TransferCode.ISSUE):
        raise Refusal(Kind.CONFLICT, "ledger.id_reused")
    day = booked[0].business_date if booked else business_date(now)
    stock = (await queries.stock(conn, SELLER)).available
    return StockIssued(
        deposit_id=deposit_id,
        pieces=pieces,
        amount=pieces * await stock_store.tariff_of(conn, day),
        new=not booked,
        stock_before=stock,
        stock=stock if booked else stock + pieces,
    )


def ids_of_deposit(reference: str) -> list[uuid.UUID]:
    """The ids under which a deposit may be booked; a new one gets the first.

    The treasury writes its numbers in capitals. Old deposits were booked with the letters as typed, and
    stay."""
    spellings = (reference.upper(), reference, reference.lower())
    return [derived_id("deposit", spelling) for spelling in spellings]


async def _deposit(conn: Connection, reference: str) -> tuple[uuid.UUID, list[queries.TransferRow]]:
    """A deposit's id, and what is booked for it."""
    ids = ids_of_deposit(reference)
    for deposit_id in ids:
        if booked := await queries.transfers_of(conn, deposit_id):
            return deposit_id, booked
    return ids[0], []
