"""Binds a pass to its one order."""

from __future__ import annotations

import uuid

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.waiting_room.store import pass_rows


async def use_pass(
    db: Database,
    queue: int,
    id: bytes,
    pass_id: uuid.UUID,
    *,
    order_id: uuid.UUID,
    instead_of: uuid.UUID | None = None,
) -> None:
    """Binds a pass to an order: one pass is one purchase. Safe to repeat for the same order.

    `instead_of`: an order of this pass that has ended without a stamp, or is gone.

    Raises: Refusal CONFLICT `pass.used` when it belongs to another order.
    """
    async with db.connection() as connection:
        if not await pass_rows.use_pass(
            connection, queue, id, pass_id, order_id=order_id, instead_of=instead_of
        ):
            raise Refusal(Kind.CONFLICT, "pass.used")
