"""Makes a document fit its agency's limits, with the person's consent."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from meterai.jail.pool import JailPool
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.kit.files.object_store import ObjectStore
from meterai.pdf.requests import Inspection, InspectRequest
from meterai.stamping import queries
from meterai.stamping.model import OutputVerdict
from meterai.stamping.output_limits import STAMP_BYTES_MAX, measure
from meterai.stamping.queries import DocumentPage, read_checked
from meterai.stamping.requests import RewriteRequest, RewrittenDocument
from meterai.stamping.store import documents
from meterai.stamping.use_cases.clean_up import delete_if_unneeded

_REWRITE = "meterai.stamping.in_jail.rewriting:rewrite"
_INSPECT = "meterai.pdf.inspection:inspect"
_VERSION = "1.7"


async def rewrite_document(
    db: Database,
    jail: JailPool,
    objects: ObjectStore,
    document_id: UUID,
    *,
    images: Literal["keep", "smaller"],
    now: datetime,
) -> OutputVerdict:
    """Replaces the stored file by a rewritten one. It is kept beside it until its retention ends.

    The result may still be over the limits. The person sees the pages before paying.

    Raises: Refusal NOT_FOUND `document.unknown`; INVALID `pdf.*`; CONFLICT `document.changed` (stamped or
    rewritten meanwhile); UNAVAILABLE `object.missing`, `object.damaged`; BUSY `jail.busy`.
    """
    page = await queries.document_page(db, document_id)
    if page is None:
        raise Refusal(Kind.NOT_FOUND, "document.unknown")
    data = await read_checked(objects, page.rewritten_from or page.input_object)
    request = RewriteRequest(data=data, images=images, bytes_max=_room(page), pdf_version=_VERSION)
    owner = str(document_id)
    rewritten = await jail.run(_REWRITE, request, RewrittenDocument, owner=owner)
    inspection = await jail.run(_INSPECT, InspectRequest(data=rewritten.data), Inspection, owner=owner)
    output = await measure(jail, rewritten.data, page.placements, page.limits, owner=owner)
    key = await objects.put(rewritten.data)
    async with db.transaction() as tx:
        await documents.lock_object(tx, key, exclusive=False)
        stored = await documents.set_rewritten(
            tx,
            document_id,
            was=page.input_object,
            key=key,
            size=len(rewritten.data),
            inspection=inspection,
            output=output,
        )
    if not stored:
        raise Refusal(Kind.CONFLICT, "document.changed")
    await objects.put(rewritten.data)  # again: see lock_object
    for unneeded in (page.other_object, page.input_object if page.rewritten_from else None):
        if unneeded:  # an earlier rewriting, or the file for another profile
            await delete_if_unneeded(db, objects, unneeded)
    return output


def _room(page: DocumentPage) -> int | None:
    """Bytes that the file itself may have, after subtracting its stamps."""
    if page.limits is None or page.limits.bytes_max is None:
        return None
    stamp_bytes = page.output.stamp_bytes or STAMP_BYTES_MAX
    return max(0, page.limits.bytes_max - stamp_bytes * len(page.placements))
