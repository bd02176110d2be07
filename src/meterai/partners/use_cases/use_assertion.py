"""Uses the assertion of a client up: each gets one token."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.partners.clients import store


async def use_assertion(db: Database, client_id: UUID, jti: str, *, ends_at: datetime) -> None:
    """Notes that an assertion gets its token. Raises: Refusal UNAUTHENTICATED `token.assertion_used`."""
    async with db.connection() as connection:
        if not await store.use_assertion(connection, client_id, jti, ends_at):
            raise Refusal(Kind.UNAUTHENTICATED, "token.assertion_used")
