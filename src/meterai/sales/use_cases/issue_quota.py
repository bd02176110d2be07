"""Records a distributor's deposit at the treasury and issues the stock that it pays for."""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import datetime

import msgspec

from meterai.kernel.ids import derived_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.audit_trail import is_in_audit, write_audit
from meterai.kit.database import Connection, Database
from meterai.ledger import queries
from meterai.ledger.model import SELLER
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


class _Previewed(Exception):
    """Undoes what was booked for a preview."""


async def issue_quota(
    db: Database, *, pieces: int, deposit_reference: str, actor: str, now: datetime
) -> StockIssued:
    """Records the deposit `deposit_reference` (the treasury's receipt) and issues `pieces` stamps for it.

    The distributor pays the treasury in advance, at the tariff of the day (PMK 133/2021 articles 16-17, kept
    in PMK 78/2024). The issuer supplies the same number of stamps, and the distributor passes them to the
    seller.

    Safe to repeat, also with a receipt number in small letters, or after a change of the tariff. The audit
    trail keeps the receipt as it was typed, and the person who recorded it. Older releases kept no such
    entry; a repeat adds it.

    Raises: Refusal "stock.pieces" (INVALID) for a number of pieces outside 1..PIECES_MAX;
    "ledger.id_reused" (CONFLICT) when the reference was used for another number of pieces.
    """
    reference = deposit_reference.strip()
    async with db.transaction() as tx:
        issued = await _book(tx, pieces, reference, now)
        if not issued.new and await is_in_audit(tx, action=_ACTION, subject=reference):
            return issued
        await write_audit(
            tx,
            actor=actor,
            action=_ACTION,
            subject=reference,
            facts={"pieces": pieces, "amount": issued.amount},
            now=now,
        )
        return msgspec.structs.replace(issued, recorded=True)


async def preview_deposit(db: Database, *, pieces: int, deposit_reference: str, now: datetime) -> StockIssued:
    """What `issue_quota` would bring; nothing is booked. Raises: the same."""
    with suppress(_Previewed):
        async with db.transaction() as tx:
            issued = await _book(tx, pieces, deposit_reference.strip(), now)
            raise _Previewed
    return issued


async def _book(tx: Connection, pieces: int, reference: str, now: datetime) -> StockIssued:
    if not 1 <= pieces <= PIECES_MAX or not reference:
        raise Refusal(Kind.INVALID, "stock.pieces", pieces=pieces, pieces_max=PIECES_MAX)
    deposit_id = await _deposit(tx, reference)
    face_value, new = await stock_store.issue(tx, deposit_id, pieces, now)
    stock = (await queries.stock(tx, SELLER)).available
    return StockIssued(
        deposit_id=deposit_id,
        pieces=pieces,
        amount=pieces * face_value,
        new=new,
        stock_before=stock - pieces if new else stock,
        stock=stock,
    )


def ids_of_deposit(reference: str) -> list[uuid.UUID]:
    """The ids under which a deposit may be booked; a new one gets the first.

    The treasury writes its numbers in capitals. Old deposits were booked with the letters as typed, and
    stay."""
    spellings = (reference.upper(), reference, reference.lower())
    return [derived_id("deposit", spelling) for spelling in spellings]


async def _deposit(tx: Connection, reference: str) -> uuid.UUID:
    """The id under which a deposit was booked, or will be."""
    ids = ids_of_deposit(reference)
    for deposit_id in ids:
        if await queries.transfers_of(tx, deposit_id):
            return deposit_id
    return ids[0]
