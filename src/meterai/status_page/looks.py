"""Looks at the service from outside, over HTTP, as anybody may."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol

from meterai.kernel.refusals import Refusal
from meterai.kit.http.outside_service import OutsideService
from meterai.status_page.core_answer import PATH, CoreAnswer
from meterai.status_page.probe.run import SLOW_S, Run
from meterai.status_page.worst import worst
from meterai.texts.service_states import Part, PartState
from meterai.texts.status_page import Component, Health

LOOK_SECONDS_MAX: Final = 30.0
_NOBODYS_DIGEST: Final = "0" * 64
_LINE_HEALTH: Final = "/antre/_/sehat"
"""Answered by each gate, also when there is no event to stand in line for."""
_HEALTH_OF: Final[Mapping[str, Health]] = {
    PartState.GOOD: Health.UP,
    PartState.BAD: Health.DOWN,
    PartState.PAUSED: Health.DOWN,
    PartState.DELAYED: Health.DEGRADED,
    PartState.HELD: Health.DEGRADED,
    PartState.NO_STOCK: Health.DEGRADED,
}
_PART_OF: Final = {
    Component.HOME: Part.SITE,
    Component.LINE: Part.QUEUE,
    Component.PAYMENTS: Part.PAYMENT,
    Component.STAMPING: Part.STAMPING,
}
"""What the service says of itself counts as well, where a look from outside can't see it."""


class Probes(Protocol):
    """A purchase by this process."""

    last: Run | None
    """What came of the last one; None: there was none yet."""

    async def probe(self, core: CoreAnswer | None) -> Mapping[Component, Health]:
        """How the components were that it went through. It never raises."""
        ...


class Looks:
    """One look at everything, at most `LOOK_SECONDS_MAX` long but for the probe's own limit."""

    def __init__(
        self,
        site: OutsideService,
        gate: OutsideService,
        probe: Probes | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._site, self._gate, self._probe, self._clock = site, gate, probe, clock

    @property
    def last_run(self) -> Run | None:
        """The last purchase of the probe; None: there was none, or the probe is off."""
        return self._probe.last if self._probe else None

    async def look(self, core: CoreAnswer | None, lines: tuple[str, ...]) -> dict[Component, Health]:
        """The health of each component.

        `core`: what the service says of itself now; None: nothing. `lines`: the events that had a line when
        it last said so.
        """
        addresses = [f"/antre/{line}" for line in lines] or [_LINE_HEALTH]
        pages = asyncio.gather(
            self._open(self._site, "/", (200,)),
            self._open(self._site, PATH, (200,)),
            self._open(self._site, f"/api/v1/digests/{_NOBODYS_DIGEST}", (404,)),
            *(self._open(self._gate, address, (200, 410)) for address in addresses),
        )
        (home, api, verification, *line), probed = await asyncio.gather(pages, self._probed(core))
        seen = {
            Component.HOME: [home],
            Component.LINE: line,
            Component.API: [api],
            Component.VERIFICATION: [verification],
        }
        for component, health in probed.items():
            seen.setdefault(component, []).append(health)
        return {component: _together(component, seen.get(component, []), core) for component in Component}

    async def _probed(self, core: CoreAnswer | None) -> Mapping[Component, Health]:
        return await self._probe.probe(core) if self._probe else {}

    async def _open(self, service: OutsideService, path: str, expected: tuple[int, ...]) -> Health:
        began = self._clock()
        asking: Awaitable[object] = service.call("GET", path, repeat=True)
        try:
            async with asyncio.timeout(LOOK_SECONDS_MAX):
                answer = await asking
        except (Refusal, TimeoutError):
            return Health.DOWN
        if getattr(answer, "status", 0) not in expected:
            return Health.DOWN
        return Health.DEGRADED if self._clock() - began > SLOW_S else Health.UP


def _together(component: Component, seen: list[Health], core: CoreAnswer | None) -> Health:
    """The worst of what was seen and of what the service says; unknown when there is neither."""
    part = _PART_OF.get(component)
    said = _HEALTH_OF.get(core.state_of(part), Health.UNKNOWN) if core and part else Health.UNKNOWN
    if component is Component.HOME and said is Health.DOWN and Health.DOWN not in seen:
        said = Health.DEGRADED  # pages can be read, purchases are turned away
    known = [health for health in (*seen, said) if health is not Health.UNKNOWN]
    return worst(*known)
