"""Names files of a bundle whose content is still to come."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from meterai.kit.database import Connection, Database
from meterai.stamping.bundles.model import PARTNER_ROOM, file_id
from meterai.stamping.store import bundles
from meterai.stamping.use_cases.add_to_bundle import lock_open, refuse_full

type AfterNames = Callable[[Connection, Sequence[UUID]], Awaitable[None]]
"""Does within the transaction what needs the files; called with the id of each, in the order given."""


async def name_in_bundle(
    db: Database,
    *,
    bundle_id: UUID,
    customer_id: UUID,
    files: Sequence[tuple[str, str, int]],
    after: AfterNames,
) -> int:
    """Names files: path, SHA-256 and bytes of each. Returns how many are new. Naming one again is harmless.

    Raises: Refusal NOT_FOUND `bundle.unknown`; CONFLICT `bundle.started`, `bundle.cancelled`; INVALID
    `bundle.too_many_files`.
    """
    ids = [file_id(bundle_id, path, sha256) for path, sha256, _ in files]
    named = dict(zip(ids, files, strict=True))
    async with db.transaction() as tx:
        bundle = await lock_open(tx, bundle_id, customer_id)
        new = await bundles.name_files(tx, bundle_id, [(id, *file) for id, file in named.items()])
        refuse_full(bundle, new, 0, PARTNER_ROOM)
        await after(tx, ids)
    return new
