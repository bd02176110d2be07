"""Gives the documents of a draft to the customer who owns the draft now."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.stamping.model import Fitness
from meterai.stamping.store import documents


async def adopt_documents(
    db: Database, document_ids: Sequence[UUID], customer_id: UUID
) -> dict[UUID, Fitness]:
    """Makes the customer the documents' owner. Repeating it is no error.

    Returns whether each can be paid.

    The caller knows that they belong to a draft. People who prove another contact take them along.

    Raises: Refusal NOT_FOUND `document.unknown`, also for a document that was to be stamped for somebody
    else (I16).
    """
    if not document_ids:
        return {}
    async with db.connection() as connection:
        adopted = await documents.adopt_documents(connection, document_ids, customer_id)
    if len(adopted) != len(set(document_ids)):
        raise Refusal(Kind.NOT_FOUND, "document.unknown")
    return adopted
