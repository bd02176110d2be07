"""Opens a bundle, or returns the one that the same name opened before."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from meterai.kit.database import Database
from meterai.ledger.model import SELLER
from meterai.stamping.bundles import model
from meterai.stamping.store import bundles


async def open_bundle(
    db: Database,
    *,
    customer_id: UUID,
    bundle_id: UUID,
    door: model.Door,
    now: datetime,
    organisation_id: UUID = SELLER,
    rule: model.Rule | None = None,
) -> None:
    """Opens the bundle `bundle_id` (see `bundle.bundle_id`); opening it again changes nothing.

    `rule`: given by partners, for whom each file is placed when its content comes. People choose it later.
    """
    new = bundles.NewBundle(
        id=bundle_id,
        organisation_id=organisation_id,
        customer_id=customer_id,
        door=door,
        rule=rule,
        created_at=now,
    )
    async with db.transaction() as tx:
        await bundles.insert_bundle(tx, new)
