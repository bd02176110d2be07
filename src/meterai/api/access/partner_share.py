"""The share of the admission that partners have while people wait in line, once in each process."""

from __future__ import annotations

import asyncio
import time
from typing import Final
from uuid import UUID

from litestar.datastructures import State

from meterai.api.access.caller import Caller
from meterai.api.conventions.once import Once
from meterai.api.dependencies import one_of
from meterai.bootstrap import App
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.fading_counts import FadingCounts, halved_in
from meterai.waiting_room.queries import people_per_minute
from meterai.waiting_room.rules.general_share import HALVED_IN_S
from meterai.waiting_room.rules.partner_share import orders_per_minute
from meterai.waiting_room.use_cases.take_partner_place import take_partner_place

LOOK_S: Final = 1.0
"""How old the rate of the lines may be."""


class PartnerPlaces:
    """Gives the places. All processes share them; each counts by itself what an organisation had lately."""

    def __init__(self) -> None:
        self._had = FadingCounts(halved_in(HALVED_IN_S))
        self._people: float | None = None
        self._looked_at = float("-inf")
        self._looking = asyncio.Lock()

    async def take(self, service: App, organisation_id: UUID) -> None:
        """Takes a place for an order of this organisation, where people wait in line.

        Raises: Refusal BUSY `access.line`, with the time after which to try again.
        """
        people = await self._rate(service)
        if people is None:
            return
        now, name = service.clock(), str(organisation_id)
        per_minute = orders_per_minute(people, service.settings.partner_share_percent)
        had = self._had.look(name, now.timestamp())
        self._had.add(name, now.timestamp())
        wait_s = await take_partner_place(service.db, per_minute=per_minute, had=had, now=now)
        if wait_s:
            self._had.add(name, now.timestamp(), -1)
            raise Refusal(Kind.BUSY, "access.line", retry_after_s=wait_s)

    async def _rate(self, service: App) -> float | None:
        async with self._looking:
            if time.monotonic() - self._looked_at >= LOOK_S:
                self._people = await people_per_minute(service.db)
                self._looked_at = time.monotonic()
        return self._people


async def take_place(state: State, caller: Caller, once: Once) -> None:
    """Takes a place for an order, unless an earlier try has had one. `state`: of the application.

    A handler calls it, so a body that can't be read takes none. Raises: as `PartnerPlaces.take`.
    """
    if not once.is_repeat:
        places = one_of(PartnerPlaces, state, PartnerPlaces)
        await places.take(state.service, caller.organisation_id)
