"""A block as its receipt shows it."""

from __future__ import annotations

import uuid

import msgspec

from meterai.kit.database import Database
from meterai.partners.model import Block
from meterai.partners.queries.quota import find_block


class BlockReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """A block with the names of both sides."""

    block: Block
    giver: str
    receiver: str
    receiver_npwp: str | None

    @property
    def total(self) -> int:
        """What the block cost, less what went back."""
        kept = self.block.pieces - self.block.returned
        return kept * (self.block.unit_price + self.block.service_fee)


async def block_receipt(
    db: Database, block_id: uuid.UUID, *, organisation_id: uuid.UUID
) -> BlockReceipt | None:
    """A block that the organisation gave or got; None for others' blocks and unknown ones (I16)."""
    async with db.connection() as connection:
        block = await find_block(connection, block_id, seen_by=organisation_id)
        if block is None:
            return None
        row = await connection.fetchrow(
            """SELECT g.name AS giver, r.name AS receiver, o.npwp AS receiver_npwp
               FROM customers.organisation g, customers.organisation r JOIN partners.organisation o USING (id)
               WHERE g.id = $1 AND r.id = $2""",
            block.giver,
            block.receiver,
        )
    assert row is not None
    return BlockReceipt(block=block, **dict(row))
