"""Gives an uploaded document to the customer whose contact was verified."""

from __future__ import annotations

from uuid import UUID

from meterai.kernel.errors import Kind, Refusal
from meterai.kit.database import Database
from meterai.stamping.store import documents


async def adopt_document(db: Database, document_id: UUID, customer_id: UUID) -> None:
    """Makes the customer the document's owner; doing it twice is no error.

    Raises: Refusal NOT_FOUND `document.unknown`, also for a document that is somebody else's (I16).
    """
    async with db.connection() as connection:
        if not await documents.adopt_document(connection, document_id, customer_id):
            raise Refusal(Kind.NOT_FOUND, "document.unknown")
