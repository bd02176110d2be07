"""Gives the documents of a draft to the customer who owns the draft now."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.stamping.store import documents


async def adopt_documents(db: Database, document_ids: Sequence[UUID], customer_id: UUID) -> frozenset[UUID]:
    """Makes the customer the documents' owner. Repeating it is no error.

    Returns those that can't be paid yet: the agency would not accept them stamped as they are, or a person
    must compare their pages.

    The caller knows that they belong to a draft. People who prove another contact take them along.

    Raises: Refusal NOT_FOUND `document.unknown`, also for a document that was to be stamped for somebody
    else (I16).
    """
    if not document_ids:
        return frozenset()
    async with db.connection() as connection:
        adopted = await documents.adopt_documents(connection, document_ids, customer_id)
    if len(adopted) != len(set(document_ids)):
        raise Refusal(Kind.NOT_FOUND, "document.unknown")
    return frozenset(id for id, can_be_paid in adopted.items() if not can_be_paid)
