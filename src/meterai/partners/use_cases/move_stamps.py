"""Passes blocks of stamps down the tree, and takes pieces of them back."""

from __future__ import annotations

import uuid
from datetime import datetime

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Connection, Database
from meterai.ledger.open_day import on_open_day
from meterai.partners import store
from meterai.partners.clients.spending import spend
from meterai.partners.model import Block, PaidBy
from meterai.partners.queries.organisations import find_organisation
from meterai.partners.queries.quota import find_block


@on_open_day
async def pass_block(
    db: Database,
    block_id: uuid.UUID,
    *,
    to: uuid.UUID,
    pieces: int,
    paid_by: PaidBy,
    now: datetime,
    actor: str | Actor | None = None,
    client_id: uuid.UUID | None = None,
) -> Block:
    """Passes stamps from the parent of `to` to it, with their money, in one transaction.

    The issuer gives them to a distributor against its deposit, and to a collector on account, at face value.
    A partner gives them to the one below it at the price agreed. Doing it again with the same id changes
    nothing. `actor`: the operator, for the audit trail; None: the giver itself. `client_id`: the client of
    the API that passes them on, against whose caps they count.

    Raises: Refusal NOT_FOUND `partner.unknown`; INVALID `partner.not_paid_so`, `partner.out_of_range`;
    CONFLICT `partner.stock_short` (the parent has too few), `partner.credit_short`, `partner.funds_short`,
    `partner.period_unpaid`, `partner.no_agreement`, `partner.not_active`, `partner.id_used`; as `spend`.
    """
    async with db.transaction() as tx:
        organisation = await find_organisation(tx, to)
        if client_id is not None and await find_block(tx, block_id, seen_by=to) is None:
            await spend(tx, client_id, pieces, now=now)
        is_new = await store.pass_block(tx, block_id, to, pieces, paid_by, now)
        block = await find_block(tx, block_id, seen_by=to)
        assert block is not None
        if is_new and actor is not None:
            facts = {"block": str(block_id), "pieces": pieces, "paid_by": paid_by}
            await write_audit(
                tx, actor=actor, action="partner.block", subject=organisation.code, facts=facts, now=now
            )
    return block


@on_open_day
async def take_back(
    db: Database,
    return_id: uuid.UUID,
    block_id: uuid.UUID,
    *,
    pieces: int,
    seen_by: uuid.UUID,
    now: datetime,
    actor: str | Actor | None = None,
) -> Block:
    """Takes pieces of a block back from its receiver to its giver, and reverses their money.

    What was owed for them is owed no more. What was paid is prepaid now, or drawable from the deposit again.
    `seen_by`: giver or receiver of the block.

    Raises: Refusal NOT_FOUND `partner.block_unknown`; CONFLICT `partner.more_than_left`, `partner.id_used`,
    `partner.stock_short` (the receiver has used them or passed them on).
    """
    async with db.transaction() as tx:
        await _block_seen(tx, block_id, seen_by)
        is_new = await store.take_back(tx, return_id, block_id, pieces, now)
        block = await _block_seen(tx, block_id, seen_by)
        if is_new and actor is not None:
            organisation = await find_organisation(tx, block.receiver)
            facts = {"block": str(block_id), "pieces": pieces}
            await write_audit(
                tx, actor=actor, action="partner.return", subject=organisation.code, facts=facts, now=now
            )
    return block


async def _block_seen(tx: Connection, block_id: uuid.UUID, seen_by: uuid.UUID) -> Block:
    block = await find_block(tx, block_id, seen_by=seen_by)
    if block is None:
        raise Refusal(Kind.NOT_FOUND, "partner.block_unknown")
    return block
