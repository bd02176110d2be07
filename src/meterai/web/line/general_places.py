"""The places of the general shop while people wait in line, and who has had them."""

from __future__ import annotations

from datetime import datetime

from meterai.kit.database import Database
from meterai.kit.fading_counts import FadingCounts, halved_in
from meterai.kit.http.client_network import network_of
from meterai.waiting_room.queries import general_level
from meterai.waiting_room.rules.general_share import HALVED_IN_S, level_needed
from meterai.waiting_room.use_cases.take_general_place import take_general_place


class GeneralPlaces:
    """The places of the share, once in each process. All processes share the places.

    Each process counts by itself how many a network had lately.
    """

    def __init__(self, db: Database, per_minute: int) -> None:
        self.per_minute = per_minute
        self._db = db
        self._had = FadingCounts(halved_in(HALVED_IN_S))

    async def has_one(self, address: str, now: datetime) -> bool:
        """Tells whether a person at this address could take a place now. Takes none."""
        return await self._level(now) >= self._needed(address, now)

    async def has_some_for_others(self, address: str, now: datetime) -> bool:
        """Tells whether places are left, but only for other networks than this address's."""
        return 1 <= await self._level(now) < self._needed(address, now)

    async def take(self, address: str, now: datetime) -> bool:
        """Takes a place for a person at this address. False: there is none for that network now.

        It is counted first: requests of one network that come at once wait for each other's places.
        """
        network, at = network_of(address), now.timestamp()
        had = self._had.look(network, at)
        self._had.add(network, at)
        if await take_general_place(self._db, per_minute=self.per_minute, had=had, now=now):
            return True
        self._had.add(network, at, -1)
        return False

    def _needed(self, address: str, now: datetime) -> float:
        return level_needed(self.per_minute, self._had.look(network_of(address), now.timestamp()))

    async def _level(self, now: datetime) -> float:
        return await general_level(self._db, per_minute=self.per_minute, now=now)
