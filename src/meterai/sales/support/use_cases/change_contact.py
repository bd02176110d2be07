"""Moves a paid order to another contact, for an officer to whom the person proved who they are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from meterai.customers.contacts import Contact, canonical_contact
from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor, use_signature
from meterai.kit.database import Connection, Database
from meterai.sales.support import store

ACT: Final = "order.change_contact"
PROOF_LENGTH_MIN, PROOF_LENGTH_MAX = 5, 200
"""Characters of what the officer writes about the proof."""
_BLOCKERS: Final = {
    "unpaid": "support.not_paid",
    "nobody": "support.no_contact",
    "same": "support.same_contact",
    "stamping": "support.being_stamped",
}


class ContactMove(msgspec.Struct, frozen=True, kw_only=True):
    """An order, and the contact to which it may move."""

    order: store.OrderInHand
    before: str | None
    """The order's contact, masked. None: it was forgotten."""
    to: Contact
    proof: str

    @property
    def facts(self) -> Mapping[str, object]:
        """What the officer signs."""
        return {"to": self.to.value, "reason": self.proof}


async def prepare_move(connection: Connection, number: str, contact: str, proof: str) -> ContactMove:
    """Returns what would happen, or raises what can be known before `change_contact`. Changes nothing.

    `contact` and `number`: as they were typed.

    Raises: Refusal INVALID `contact.unreadable`, `support.no_proof`; NOT_FOUND `support.no_order`; CONFLICT
    `support.not_paid`, `support.no_contact`, `support.same_contact`, `support.being_stamped`.
    """
    to, proof = canonical_contact(contact), proof.strip()
    if not PROOF_LENGTH_MIN <= len(proof) <= PROOF_LENGTH_MAX:
        raise Refusal(Kind.INVALID, "support.no_proof", least=PROOF_LENGTH_MIN, most=PROOF_LENGTH_MAX)
    order = await store.order_in_hand(connection, number)
    look = await store.look_at_contact(connection, order.id, to)
    _refuse(look.blocker)
    return ContactMove(order=order, before=look.contact, to=to, proof=proof)


async def change_contact(db: Database, move: ContactMove, *, actor: Actor, now: datetime) -> None:
    """Moves the order with its unused stamps and documents to the contact's customer, and ends its links.

    A contact that nobody has proven gets a customer of its own, who is known once it is proven. Within
    seconds a worker sends the new link there, and tells the contacts before. Accounts that were named for
    refunds stay.

    Raises: Refusal CONFLICT as `prepare_move`; FORBIDDEN `officer.unsigned`, and what `use_signature` raises.
    """
    try:
        await _move(db, move, actor, now)
    except asyncpg.UniqueViolationError:  # somebody proved the contact at this moment
        await _move(db, move, actor, now)


async def _move(db: Database, move: ContactMove, actor: Actor, now: datetime) -> None:
    async with db.transaction() as tx:
        if actor.signature is not None:
            await use_signature(tx, actor.signature)
        blocker = await store.change_contact(
            tx,
            move.order.id,
            move.to,
            proof=move.proof,
            new_ids=(new_id(now), new_id(now)),
            actor=actor,
            now=now,
        )
        _refuse(blocker)


def _refuse(blocker: str | None) -> None:
    if blocker is not None:
        raise Refusal(Kind.CONFLICT, _BLOCKERS[blocker])
