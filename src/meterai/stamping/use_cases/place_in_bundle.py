"""Moves the stamp of one file of a bundle."""

from __future__ import annotations

from uuid import UUID

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.pdf.requests import Inspection
from meterai.stamping.placement import Placement
from meterai.stamping.store import bundles, documents
from meterai.stamping.use_cases.place_stamps import check_placements


async def place_in_bundle(
    db: Database, *, bundle_id: UUID, customer_id: UUID, file_id: UUID, placement: Placement
) -> None:
    """Stores the place that a person chose. The bundle's rule no longer moves this stamp.

    Raises: Refusal NOT_FOUND `bundle.unknown`; CONFLICT `bundle.file_gone` for a file that was taken out or
    is being stamped; INVALID `placement.page`, `placement.size`, `placement.outside`.
    """
    async with db.transaction() as tx:
        if await bundles.lock_bundle(tx, bundle_id, customer_id) is None:
            raise Refusal(Kind.NOT_FOUND, "bundle.unknown")
        file = await bundles.file_to_place(tx, bundle_id, file_id)
        if file is None:
            raise Refusal(Kind.CONFLICT, "bundle.file_gone")
        check_placements(msgspec.convert(file["inspection"], Inspection), [placement])
        await documents.set_placements(
            tx, file["document_id"], [placement], file["output"], profile=file["profile"]
        )
        await bundles.keep_proposal(tx, file_id, file["placements"][0])
