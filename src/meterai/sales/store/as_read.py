"""Orders placed and settled in one call, if nobody changed them since they were read."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

import asyncpg

from meterai.kit import outbox
from meterai.kit.database import Connection, call
from meterai.ledger import store as ledger
from meterai.ledger.model import Account, Transfer
from meterai.sales.model import ItemState, OrderState
from meterai.sales.news import Entry
from meterai.sales.order import Payment
from meterai.sales.store.orders import ReadOrder
from meterai.sales.store.payments import FIRST_POLL_AFTER, too_much_unpaid

_PLACE = call("sales.place_as_read", 29)
_SETTLE = call("sales.settle_as_read", 25)


async def place(
    connection: Connection,
    read: ReadOrder,
    payment: Payment,
    *,
    lots: Sequence[Account],
    reservations: Sequence[Transfer],
    stock: uuid.UUID,
    customer_max: int,
) -> bool:
    """Writes an order as placed: its first attempt to pay, a lot for each item, the stamps held for it.

    False, and nothing written, when the order is not as it was read. Raises: what `ledger.store.post` and
    `payments.limit_unpaid` do.
    """
    return await _fetch(
        connection,
        _PLACE,
        read.text,
        read.order.id,
        payment.id,
        payment.gateway,
        payment.channel,
        payment.reference,
        payment.amount,
        payment.expires_at,
        payment.created_at + FIRST_POLL_AFTER,
        [item.id for item in read.order.items],
        *ledger.account_columns(lots),
        *ledger.transfer_columns(reservations),
        stock,
        customer_max,
        payment.created_at,
    )


async def settle(
    connection: Connection,
    read: ReadOrder,
    payment: Payment,
    *,
    transaction_id: str,
    paid_amount: int,
    gateway_cost: int,
    order_state: OrderState,
    item_states: Sequence[tuple[uuid.UUID, ItemState]],
    work: Sequence[Entry],
    transfers: Sequence[Transfer],
    asked_at: datetime,
    now: datetime,
) -> bool:
    """Writes a payment as settled and its order as credited, what must happen next, and the money.

    `asked_at`: see `payments.settle`.

    False, and nothing written, when the order is not as it was read. Raises: what `ledger.store.post` does.
    """
    return await _fetch(
        connection,
        _SETTLE,
        read.text,
        read.order.id,
        payment.id,
        payment.reference,
        transaction_id,
        paid_amount,
        gateway_cost,
        order_state,
        [item_id for item_id, _ in item_states],
        [state for _, state in item_states],
        *outbox.columns(work),
        [now for _ in work],
        *ledger.transfer_columns(transfers),
        asked_at,
        now,
    )


async def _fetch(connection: Connection, statement: str, *arguments: object) -> bool:
    try:
        return bool(await connection.fetchval(statement, *arguments))
    except asyncpg.PostgresError as error:
        raise too_much_unpaid(error) or ledger.refusal_of(error) from error
