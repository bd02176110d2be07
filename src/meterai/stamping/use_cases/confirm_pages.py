"""Notes that a person compared the pages whose fields or comments look different, and wants the result."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from meterai.kit.database import Database
from meterai.stamping.store import documents


async def confirm_pages(db: Database, document_id: UUID, *, now: datetime, upload: str | None = None) -> None:
    """Notes it. Repeating it, or confirming a document without such pages, is no error.

    `upload`: the object beside which the person saw them. Another one there now is not confirmed.
    """
    async with db.connection() as connection:
        await documents.set_compared(connection, document_id, now, upload=upload)
