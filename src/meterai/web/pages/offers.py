"""What the site offers now, as each of its processes knows it."""

from __future__ import annotations

from meterai.kit.database import Database
from meterai.kit.latest import Latest
from meterai.sales.events import Event
from meterai.sales.queries.offer import Offer, read_offer

LOOK_S = 2.0


class Offers(Latest[Offer]):
    """Knows prices and events. Officers change them while the site runs."""

    def __init__(self, db: Database, first: Offer) -> None:
        super().__init__(first, is_fresh=True)
        self._db = db

    async def read(self) -> Offer:
        """Reads what is offered."""
        async with self._db.connection() as connection:
            return await read_offer(connection)

    def look_s(self) -> float:
        """How many seconds old the offer may be."""
        return LOOK_S

    @property
    def events(self) -> dict[str, Event]:
        """The events on offer, by slug."""
        return {event.slug: event for event in self.known.events}

    @property
    def known_events(self) -> dict[str, Event]:
        """Those on offer and those that ended."""
        return {event.slug: event for event in self.known.former} | self.events
