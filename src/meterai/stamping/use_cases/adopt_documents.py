"""Gives uploaded documents to the customer whose contact was verified."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from meterai.kernel.errors import Kind, Refusal
from meterai.kit.database import Database
from meterai.stamping.store import documents


async def adopt_documents(db: Database, document_ids: Sequence[UUID], customer_id: UUID) -> None:
    """Makes the customer the documents' owner; doing it twice is no error.

    Raises: Refusal NOT_FOUND `document.unknown`, also for a document that is somebody else's (I16).
    """
    if not document_ids:
        return
    async with db.connection() as connection:
        adopted = await documents.adopt_documents(connection, document_ids, customer_id)
    if adopted != len(set(document_ids)):
        raise Refusal(Kind.NOT_FOUND, "document.unknown")
