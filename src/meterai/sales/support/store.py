"""Statements on orders that an officer has taken in hand. No contact and no link is read."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from meterai.customers.contacts import Contact
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor, officers_refusals
from meterai.kit.database import Connection, call
from meterai.sales.model import OrderState
from meterai.sales.queries.order_access import read_order_number


class OrderInHand(msgspec.Struct, frozen=True, kw_only=True):
    """An order that an officer has taken in hand."""

    id: uuid.UUID
    number: str
    state: OrderState
    has_contact: bool
    attempts: int
    """To pay it."""


async def order_in_hand(connection: Connection, number: str) -> OrderInHand:
    """Finds an order by its number, in any spelling. Raises: Refusal NOT_FOUND `support.no_order`."""
    row = await connection.fetchrow("SELECT * FROM sales.order_in_hand($1)", read_order_number(number))
    if row is None or row["id"] is None:
        raise Refusal(Kind.NOT_FOUND, "support.no_order")
    return msgspec.convert(dict(row), OrderInHand, builtin_types=(uuid.UUID,))


async def ask_about_payments(tx: Connection, order_id: uuid.UUID, now: datetime) -> int:
    """Makes the payments of an order due, whatever their state. Returns how many there are."""
    asked: int = await tx.fetchval("SELECT sales.ask_about_payments($1, $2)", order_id, now)
    return asked


async def send_link(
    tx: Connection, order_id: uuid.UUID, *, not_since: datetime, most: int, now: datetime
) -> str:
    """Has the link sent. Returns `sent`, `soon`, `enough` or `nobody` (`sales.send_link_for_officer`)."""
    outcome: str = await tx.fetchval(
        "SELECT sales.send_link_for_officer($1, $2, $3, $4)", order_id, not_since, most, now
    )
    return outcome


async def ask_to_cancel(tx: Connection, order_id: uuid.UUID, now: datetime) -> None:
    """Asks the workers to cancel an order that is not paid."""
    await tx.execute("SELECT sales.ask_to_cancel($1, $2)", order_id, now)


class ContactLook(msgspec.Struct, frozen=True, kw_only=True):
    """What an officer sees before an order moves to another contact."""

    contact: str | None
    """Of the order, masked. None: it was forgotten."""
    blocker: str | None
    """Why it can't move: `unpaid`, `nobody`, `same`, `stamping` (`sales.contact_blocker`)."""


async def look_at_contact(connection: Connection, order_id: uuid.UUID, to: Contact) -> ContactLook:
    """Looks whether an order can move to a contact."""
    row = await connection.fetchrow(
        "SELECT * FROM sales.look_at_contact($1, $2, $3)", order_id, to.kind, to.value
    )
    assert row is not None
    return ContactLook(**dict(row))


async def change_contact(
    tx: Connection,
    order_id: uuid.UUID,
    to: Contact,
    *,
    proof: str,
    new_ids: tuple[uuid.UUID, uuid.UUID],
    actor: Actor,
    now: datetime,
) -> str | None:
    """Moves an order to a contact, and writes it into the audit trail. Returns what blocks it.

    `new_ids`: of a customer and their contact, where nobody has it.

    Raises: see `officers_refusals`; asyncpg.UniqueViolationError: somebody proved it at this moment.
    """
    with officers_refusals():
        blocker: str | None = await tx.fetchval(
            call("sales.change_contact", 9),
            order_id,
            to.kind,
            to.value,
            proof,
            *new_ids,
            actor.name,
            actor.signature.nonce if actor.signature else None,
            now,
        )
    return blocker
