"""Stamps and money of organisations: of one, of its blocks, and over the tree below it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from meterai.kit.database import Connection
from meterai.ledger.model import AccountKind, account_id
from meterai.partners.model import Block, PaidBy

_BLOCK = """b.id, b.giver, b.receiver, b.pieces, b.unit_price, b.service_fee, b.paid_by, b.period, b.returned,
    b.paid, b.at FROM partners.block b"""
_KINDS = (
    AccountKind.PARTNER_STOCK,
    AccountKind.UNSTAMPED,
    AccountKind.USED,
    AccountKind.PARTNER_FUNDS,
    AccountKind.CREDIT_LINE,
    AccountKind.CREDIT_OWED,
    AccountKind.TREASURY_PREPAID,
)


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """What an organisation has: stamps, and rupiah at its parent."""

    available: int
    """Stamps that it may use or pass on."""
    held: int
    """For documents that are being stamped."""
    unstamped: int
    """For serial numbers that it took, and that wait for their documents."""
    used: int
    prepaid: int
    """Rupiah at its parent; of a distributor: at the treasury, for stamps not yet drawn."""
    credit_free: int
    """What it may still owe, by the agreement under which it last did something."""
    credit_owed: int


class TreeQuota(msgspec.Struct, frozen=True, kw_only=True):
    """Stamps of an organisation and of all below it."""

    organisations: int
    available: int
    held: int
    unstamped: int
    used: int


async def stocks_of(conn: Connection, organisations: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Returns the stamps that each of these organisations may use or pass on."""
    owners = {account_id(AccountKind.PARTNER_STOCK, id): id for id in organisations}
    rows = await conn.fetch(
        """SELECT id, credits_posted - debits_posted - debits_pending AS available FROM ledger.account
           WHERE id = ANY ($1)""",
        list(owners),
    )
    return {owners[row["id"]]: row["available"] for row in rows}


async def quota_of(conn: Connection, organisation_id: uuid.UUID) -> Quota:
    """Returns what an organisation has."""
    ids = {account_id(kind, organisation_id): kind for kind in _KINDS}
    rows = await conn.fetch(
        """SELECT id, debits_pending, abs(credits_posted - debits_posted)::bigint AS posted
           FROM ledger.account WHERE id = ANY ($1)""",
        list(ids),
    )
    posted = {ids[row["id"]]: row["posted"] for row in rows}
    held = {ids[row["id"]]: row["debits_pending"] for row in rows}
    stock, unstamped = AccountKind.PARTNER_STOCK, AccountKind.UNSTAMPED
    return Quota(
        available=posted.get(stock, 0) - held.get(stock, 0),
        held=held.get(stock, 0) + held.get(unstamped, 0),
        unstamped=posted.get(unstamped, 0) - held.get(unstamped, 0),
        used=posted.get(AccountKind.USED, 0),
        prepaid=posted.get(AccountKind.PARTNER_FUNDS, 0) + posted.get(AccountKind.TREASURY_PREPAID, 0),
        credit_free=posted.get(AccountKind.CREDIT_LINE, 0),
        credit_owed=posted.get(AccountKind.CREDIT_OWED, 0),
    )


async def quota_below(conn: Connection, organisation_id: uuid.UUID) -> TreeQuota:
    """Returns the sums over an organisation and all below it.

    A query adds them up: no stamp touches an account of an organisation above.
    """
    below = await conn.fetch(
        """WITH RECURSIVE down AS (
               SELECT id FROM partners.organisation WHERE id = $1
               UNION ALL SELECT p.id FROM down JOIN partners.organisation p ON p.parent_id = down.id
           ) SELECT id FROM down""",
        organisation_id,
    )
    kinds = (AccountKind.PARTNER_STOCK, AccountKind.UNSTAMPED, AccountKind.USED)
    row = await conn.fetchrow(
        """SELECT coalesce(sum(credits_posted - debits_posted - debits_pending)
                   FILTER (WHERE kind = 'partner_stock'), 0)::bigint AS available,
               coalesce(sum(debits_pending) FILTER (WHERE kind <> 'used'), 0)::bigint AS held,
               coalesce(sum(credits_posted - debits_posted - debits_pending)
                   FILTER (WHERE kind = 'unstamped'), 0)::bigint AS unstamped,
               coalesce(sum(credits_posted) FILTER (WHERE kind = 'used'), 0)::bigint AS used
           FROM ledger.account WHERE id = ANY ($1)""",
        [account_id(kind, organisation["id"]) for organisation in below for kind in kinds],
    )
    assert row is not None
    return TreeQuota(organisations=len(below), **dict(row))


async def find_block(conn: Connection, block_id: uuid.UUID, *, seen_by: uuid.UUID) -> Block | None:
    """Returns a block of which `seen_by` is giver or receiver; None for any other id (I16)."""
    row = await conn.fetchrow(
        f"SELECT {_BLOCK} WHERE b.id = $1 AND $2 IN (b.giver, b.receiver)", block_id, seen_by
    )
    return None if row is None else _block(row)


async def blocks_of(
    conn: Connection,
    organisation_id: uuid.UUID,
    *,
    before: tuple[datetime, uuid.UUID] | None = None,
    limit: int = 1000,
) -> list[Block]:
    """Returns the blocks that an organisation got or gave, the newest first, those older than `before`."""
    at, block_id = before or (None, None)
    rows = await conn.fetch(
        f"""SELECT {_BLOCK} WHERE (b.receiver = $1 OR b.giver = $1)
                AND ($2::timestamptz IS NULL OR (b.at, b.id) < ($2, $3::uuid))
            ORDER BY b.at DESC, b.id DESC LIMIT $4""",
        organisation_id,
        at,
        block_id,
        limit,
    )
    return _blocks(rows)


async def unpaid_blocks(conn: Connection, organisation_id: uuid.UUID) -> list[Block]:
    """Returns the blocks for which an organisation owes something, the oldest first."""
    rows = await conn.fetch(
        f"""SELECT {_BLOCK} WHERE b.receiver = $1 AND b.paid_by = 'credit'
                AND (b.pieces - b.returned) * (b.unit_price + b.service_fee) > b.paid
            ORDER BY b.at, b.id""",
        organisation_id,
    )
    return _blocks(rows)


def _blocks(rows: Sequence[Any]) -> list[Block]:
    return [_block(row) for row in rows]


def _block(row: Any) -> Block:
    return Block(**{**dict(row), "paid_by": PaidBy(row["paid_by"])})
