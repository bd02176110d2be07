"""Says what the clean-up would delete now, and deletes it at once."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from meterai.kit.database import Database
from meterai.kit.files.object_store import ObjectStore
from meterai.operations.use_cases.clean_up_uploads import clean_up_uploads, drafts_due
from meterai.sales.queries.documents import documents_promised
from meterai.stamping.queries import due_uploads, size_of_uploads, stale_bundles
from meterai.stamping.use_cases.clean_up import Orphans, delete_if_unneeded
from meterai.stamping.use_cases.clean_up_bundles import clean_up_bundles

_ALL = 1_000_000
_PARTS = 256


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of things that are due to be deleted."""

    kind: str
    count: int
    bytes: int = 0
    oldest: datetime | None = None
    """None: there is none, or their age is not known."""


async def look(db: Database, objects: ObjectStore, orphans: Orphans, *, now: datetime) -> list[Due]:
    """Counts what is due, by kind. Changes nothing."""
    drafts = [draft for draft, until in await drafts_due(db, now=now, limit=_ALL) if until <= now]
    in_drafts = {document for draft in drafts for document in draft.documents}
    uploads = set(await due_uploads(db, now, limit=_ALL)) - in_drafts
    uploads -= await documents_promised(db, list(uploads))
    return [
        await _documents(db, "unproven drafts", len(drafts), in_drafts),
        await _documents(db, "uploads", len(uploads), uploads),
        await _bundles(db, now),
        await _working_files(orphans),
    ]


async def _documents(db: Database, kind: str, count: int, ids: set[UUID]) -> Due:
    size, oldest = await size_of_uploads(db, ids)
    return Due(kind=kind, count=count, bytes=size, oldest=oldest)


async def _bundles(db: Database, now: datetime) -> Due:
    count, oldest = await stale_bundles(db, now)
    return Due(kind="bundles", count=count, oldest=oldest)


async def _working_files(orphans: Orphans) -> Due:
    sizes = [size for part in range(_PARTS) for size in (await orphans.find(part)).values()]
    return Due(kind="working files", count=len(sizes), bytes=sum(sizes))


async def purge(db: Database, objects: ObjectStore, orphans: Orphans, *, now: datetime) -> list[Due]:
    """Deletes all that is due, as the worker does in time. Returns what it was."""
    found = await look(db, objects, orphans, now=now)
    while await _round(db, objects, now=now):
        pass
    for part in range(_PARTS):
        for key in await orphans.find(part):
            await delete_if_unneeded(db, objects, key)
        await objects.clean_up()
    return found


async def _round(db: Database, objects: ObjectStore, *, now: datetime) -> bool:
    """Deletes one batch of each kind. Returns whether there may be more."""
    due = await due_uploads(db, now, limit=1)
    await clean_up_uploads(db, objects, now=now)
    bundles = await clean_up_bundles(db, now=now)
    return bool(due) or bundles > 0
