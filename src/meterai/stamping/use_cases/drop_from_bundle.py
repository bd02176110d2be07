"""Takes a file out of a bundle, or forgets the bundle, as long as nothing of it was given to stamping."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from meterai.kernel.errors import Kind, Refusal
from meterai.kit.database import Database
from meterai.stamping.store import bundles
from meterai.stamping.use_cases.accept_document import RETENTION_DAYS

_BATCH = 50


async def drop_from_bundle(db: Database, *, bundle_id: UUID, customer_id: UUID, file_id: UUID) -> None:
    """Takes one file out; one that is out already, or is being stamped, is left as it is.

    Raises: Refusal NOT_FOUND `bundle.unknown`.
    """
    async with db.transaction() as tx:
        if await bundles.lock_bundle(tx, bundle_id, customer_id) is None:
            raise Refusal(Kind.NOT_FOUND, "bundle.unknown")
        await bundles.delete_file(tx, bundle_id, file_id)


async def drop_bundle(db: Database, *, bundle_id: UUID, customer_id: UUID) -> None:
    """Forgets a bundle of which nothing was ever stamped; its documents go when their retention ends.

    Raises: Refusal NOT_FOUND `bundle.unknown`.
    """
    async with db.transaction() as tx:
        if await bundles.lock_bundle(tx, bundle_id, customer_id) is None:
            raise Refusal(Kind.NOT_FOUND, "bundle.unknown")
        await bundles.delete_bundle(tx, bundle_id)


async def clean_up_bundles(db: Database, *, now: datetime) -> int:
    """Forgets bundles that were never started and whose documents are gone (I18)."""
    async with db.transaction() as tx:
        return await bundles.delete_stale(tx, now - timedelta(days=RETENTION_DAYS), limit=_BATCH)
