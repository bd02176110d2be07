"""Cancels a bundle: nothing more of it is stamped."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.stamping.store import bundles, documents


async def cancel_bundle(db: Database, *, bundle_id: UUID, customer_id: UUID, now: datetime) -> int:
    """Ends the wait of files without a stamp and gives up their documents. Returns how many files waited.

    Stamps that are reserved already are made: at most two parts. Cancelling again changes nothing.

    Raises: Refusal NOT_FOUND `bundle.unknown`.
    """
    async with db.transaction() as tx:
        if await bundles.lock_bundle(tx, bundle_id, customer_id) is None:
            raise Refusal(Kind.NOT_FOUND, "bundle.unknown")
        await bundles.lock_documents(tx, bundle_id)
        ended = await bundles.end_all_waits(tx, bundle_id)
        await bundles.set_cancelled(tx, bundle_id, now)
        await documents.end_retention(tx, await bundles.unused_documents(tx, bundle_id), now)
    return ended
