"""Ends what nobody uses any more: drafts without a proven contact first, then the documents that are due."""

from __future__ import annotations

from datetime import datetime

from meterai.kit.database import Database
from meterai.kit.files.object_store import ObjectStore
from meterai.sales.queries.documents import UnprovenDraft, documents_promised, unproven_drafts
from meterai.sales.use_cases.end_draft import end_draft
from meterai.stamping.queries import due_unproven, kept_until
from meterai.stamping.use_cases.clean_up import BATCH, clean_up_documents
from meterai.stamping.use_cases.forget_documents import delete_forgotten
from meterai.stamping.use_cases.keep_unproven import keep_unproven
from meterai.waiting_room.queries import queue_signs


async def clean_up_uploads(db: Database, objects: ObjectStore, *, now: datetime) -> int:
    """Ends unproven drafts, and deletes due and forgotten documents, at most 100 of each.

    Returns how many objects went.

    A draft ends an hour after its last use (`stamping.retention`), and its documents with it.
    """
    for draft, until in await drafts_due(db, now=now):
        if until <= now:
            await end_draft(db, draft.order_id, now=now)
        else:  # all documents of a draft end together
            await keep_unproven(db, list(draft.documents), until=until)
    deleted = await delete_forgotten(db, objects, now=now)
    return deleted + await clean_up_documents(
        db, objects, now=now, promised=lambda ids: documents_promised(db, ids)
    )


async def drafts_due(
    db: Database, *, now: datetime, limit: int = BATCH
) -> list[tuple[UnprovenDraft, datetime]]:
    """Lists drafts of nobody with due documents, each with the moment until which its last one is kept.

    Leaves out drafts for an event while people stand in line for it: their visitors may be among them.
    """
    due = await due_unproven(db, now, limit=limit)
    if not due:
        return []
    lines = {sign.event for sign in (await queue_signs(db)).values() if sign.keeps_drafts}
    drafts = [draft for draft in await unproven_drafts(db, due) if draft.event not in lines]
    return [(draft, await kept_until(db, draft.documents) or now) for draft in drafts]
