"""Removes a file from a bundle unless it was given to stamping."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.stamping.store import bundles, documents


async def drop_from_bundle(
    db: Database, *, bundle_id: UUID, customer_id: UUID, file_id: UUID, now: datetime
) -> None:
    """Removes one file and gives up its document. A file that is gone or being stamped is left as it is.

    Raises: Refusal NOT_FOUND `bundle.unknown`.
    """
    async with db.transaction() as tx:
        if await bundles.lock_bundle(tx, bundle_id, customer_id) is None:
            raise Refusal(Kind.NOT_FOUND, "bundle.unknown")
        await bundles.lock_documents(tx, bundle_id, file_id)
        await documents.end_retention(tx, await bundles.delete_file(tx, bundle_id, file_id), now)
