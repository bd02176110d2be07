"""Refunds by hand: an item as officers take it in hand, and stamps that two of them give back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import officers_refusals
from meterai.kit.database import Connection, call
from meterai.ledger import store as ledger
from meterai.sales.model import ItemState, RefundChannel, RefundState
from meterai.sales.queries.order_access import read_order_number

_IN_HAND = call("sales.item_in_hand", 2, whole_row=True)
_GIVE = call("operations.give_refund", 3)


class ItemInHand(msgspec.Struct, frozen=True, kw_only=True):
    """An item of an order that an officer has taken in hand. Nothing in it names a person."""

    number: str
    """Of its order."""
    customer_id: uuid.UUID | None
    item_id: uuid.UUID
    state: ItemState
    quantity: int
    given_back: int
    """Pieces that went back before."""
    unused: int
    """Pieces that its lot still holds and that no stamping has reserved."""
    price: int
    """Rupiah: face value and fee of a piece."""
    way_back: RefundChannel | None
    """None: no payment of the order is credited and settled."""


async def item_in_hand(tx: Connection, number: str, place: int) -> ItemInHand:
    """Finds an item by its order's number, in any spelling, and its place from 1 on. Locks the order.

    Raises: Refusal NOT_FOUND `support.no_order`, `order.no_such_item`.
    """
    spelled = read_order_number(number)
    row = await tx.fetchrow(_IN_HAND, spelled, place)
    if row is None or row["order_id"] is None:
        raise Refusal(Kind.NOT_FOUND, "support.no_order")
    if place < 1 or row["item_id"] is None:
        raise Refusal(Kind.NOT_FOUND, "order.no_such_item")
    return msgspec.convert({**dict(row), "number": spelled}, ItemInHand, builtin_types=(uuid.UUID,))


async def give(
    tx: Connection, refund_id: uuid.UUID, facts: Mapping[str, object], now: datetime
) -> RefundState:
    """Gives stamps back by the word of two officers: `facts` are those they released.

    Raises: Refusal FORBIDDEN `officer.unsigned`; CONFLICT `ledger.insufficient`: they are not unused.
    """
    with officers_refusals(), ledger.refusals():
        return RefundState(await tx.fetchval(_GIVE, refund_id, dict(facts), now))
