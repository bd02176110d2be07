"""The clients that called lately, as each process knows them. A look is at most `LOOK_S` old.

So every process refuses a revoked client or key within that time, and a busy client costs one query in it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from meterai.kit.database import Database
from meterai.kit.recent_cache import RecentCache
from meterai.partners.clients.model import Client
from meterai.partners.clients.queries import find_client

LOOK_S: Final = 2.0


class KnownClients:
    """Looks clients up."""

    def __init__(self) -> None:
        self._known: RecentCache[UUID, tuple[datetime, Client]] = RecentCache()

    async def find(self, db: Database, client_id: UUID, *, now: datetime) -> Client | None:
        """The client, as it was at most `LOOK_S` ago. Raises: when the database is down."""
        found = self._known.get(client_id)
        if found is not None and timedelta() <= now - found[0] < timedelta(seconds=LOOK_S):
            return found[1]
        client = await find_client(db, client_id, now=now)
        if client is not None:
            self._known.keep(client_id, (now, client))
        return client
