"""The people of a run: the rehearsal's crowd, coming at an even rate and buying for no event."""

from __future__ import annotations

import asyncio
import math
import random
from dataclasses import dataclass, fields
from html import unescape

from simulator.crowd.applicant import REFERENCE
from simulator.crowd.browser import Response
from simulator.crowd.forms import form_with
from simulator.crowd.papers import paper_of
from simulator.crowd.service import Service
from simulator.rehearsal.crowd import Crowd, rate_at
from simulator.rehearsal.patience import PatientApplicant

_BUYERS_FROM = 900_000
"""Their numbers are above those of all who come."""


@dataclass(slots=True, kw_only=True)
class Buyer(PatientApplicant):
    """A person of a row. The row decides when and how the order is paid."""

    page: Response | None = None
    """The order's page."""

    async def order(self, paper: bytes) -> str:
        """Orders a stamp for a paper. Returns the reference of the charge."""
        page = await self._upload(await self._enter(), [("surat.pdf", paper)])
        page = await self._give_contact(await self._place_all(page))
        self.page = await self._order(page)
        return unescape(self._found(REFERENCE, self.page, "pay"))

    async def switch_channel(self, channel: str) -> str:
        """Wants to pay another way. Returns the reference of the new charge."""
        self.page = await self._press("ganti-cara", cara=channel)
        return unescape(self._found(REFERENCE, self.page, "pay"))

    async def cancel(self) -> None:
        """Cancels the order."""
        self.page = await self._press("batal")

    async def _press(self, button: str, **filled: str) -> Response:
        """Sends one of the page's forms; all of them carry the same proof."""
        assert self.page is not None, "nothing is ordered"
        proof = form_with(self.page.text, "cara").fields
        target = f"/pesanan/{self.outcome.number}/{button}"
        return self._expect(button, await self.browser.post(target, {**proof, **filled}))

    async def receive(self) -> None:
        """Waits for the stamped file and downloads it. Raises: TooLate."""
        assert self.page is not None, "nothing is ordered"
        await self._download(await self._wait(self.page))


@dataclass(slots=True)
class SteadyCrowd(Crowd):
    """Comes until it is cancelled. Its journal says what each person saw."""

    @classmethod
    def of(cls, service: Service, paper: bytes, *, per_second: float, seed: int) -> SteadyCrowd:
        """`per_second`: people who come, on average."""
        dice = random.Random(seed)  # noqa: S311 - decides when they come
        return cls(service, paper, per_second / rate_at(0.0, 1.0), math.inf, dice, think_seconds=0.2)

    def finished_since(self, moment: float) -> int:
        """People who came after a moment of time.monotonic() and have their stamped file."""
        return sum(came > moment for came, _ in self.finished)

    async def buyer(self, *, channel: str = "qris", site: str = "", timeout_seconds: float = 10) -> Buyer:
        """A person with an order that waits for its payment. `site`: another way to the site."""
        self.counts["buyers"] += 1
        number = _BUYERS_FROM + self.counts["buyers"]
        person = self._person(number)
        given = {field.name: getattr(person, field.name) for field in fields(person) if field.init}
        buyer = Buyer(**given | {"channel": channel})
        buyer.browser.timeout_seconds = timeout_seconds
        buyer.browser.base = site or buyer.browser.base
        buyer.paying = await buyer.order(paper_of(self.paper, number))
        return buyer

    def _person(self, number: int) -> PatientApplicant:
        person = Crowd._person(self, number)
        person.event, person.only_if_asked = "", True
        person.wait_seconds_max = 120
        return person


@dataclass(slots=True)
class ClosedCrowd(SteadyCrowd):
    """A fixed number of people side by side, each followed by the next: the highest sustained rate."""

    side_by_side: int = 1

    @classmethod
    def like(cls, crowd: SteadyCrowd, side_by_side: int) -> ClosedCrowd:
        """A crowd of the same service, paper and dice."""
        return cls(
            crowd.service,
            crowd.paper,
            crowd.peak,
            crowd.seconds,
            crowd.dice,
            think_seconds=0.0,
            side_by_side=side_by_side,
        )

    async def come(self) -> None:
        """Lets people come until it is cancelled."""
        await asyncio.gather(*(self._one_after_the_other() for _ in range(self.side_by_side)))

    async def _one_after_the_other(self) -> None:
        while True:
            self.counts["came"] += 1
            person = asyncio.create_task(self._journey(self.counts["came"]))
            self.people.add(person)
            person.add_done_callback(self.people.discard)
            person.add_done_callback(self.paid.discard)
            await asyncio.wait([person])
