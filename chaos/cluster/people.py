"""The people: they know both fronts by one name, as two addresses of a name server, and try the other one."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from typing import Final

from chaos.cluster.hosts import FRONTS, PEOPLE, PORT, PUBLIC, address
from chaos.people import ClosedCrowd, SteadyCrowd
from simulator.crowd.browser import Browser, Response, _Connection
from simulator.crowd.papers import make_letter
from simulator.crowd.service import Service
from simulator.rehearsal.crowd import Crowd
from simulator.rehearsal.patience import TROUBLE, PatientApplicant, PatientBrowser

EVENT: Final = "casn"
_CONNECT_SECONDS: Final = 1.5
_ANSWER_SECONDS: Final = 8.0


@dataclass(slots=True)
class FrontBrowser(PatientBrowser):
    """A browser that goes on at the other front when one does not answer. `front`: the one it uses now."""

    front: int = 0

    async def _connect(self, origin: str) -> _Connection:
        if origin != PUBLIC:
            return await Browser._connect(self, origin)
        try:
            return await self._connect_to(address(FRONTS[self.front]))
        except TROUBLE:
            self.front = 1 - self.front
            return await self._connect_to(address(FRONTS[self.front]))

    async def _connect_to(self, host: str) -> _Connection:
        async with asyncio.timeout(_CONNECT_SECONDS):
            _, connection = await asyncio.get_running_loop().create_connection(
                _Connection, host, PORT, local_addr=(self.source_address, 0)
            )
        return connection

    async def _exchange(self, method: str, url: str, body: bytes, content_type: str, known: str) -> Response:
        try:
            return await Browser._exchange(self, method, url, body, content_type, known)
        except TROUBLE:  # kept connections lead to the front that did not answer
            self.front = 1 - self.front
            self.close()
            raise


def browser_of(
    number: int, *, patience_seconds: float = 90, answer_seconds: float = _ANSWER_SECONDS
) -> FrontBrowser:
    """The browser of a person. Half of the people prefer one front, half the other."""
    return FrontBrowser(
        PUBLIC,
        source_address=f"{PEOPLE}.{number // 250 % 250}.{1 + number % 250}",
        timeout_seconds=answer_seconds,
        patience_seconds=patience_seconds,
        front=number % 2,
    )


@dataclass(slots=True)
class ClusterCrowd(ClosedCrowd):
    """People side by side, each followed by the next. Every third stands in line; the others need no event.

    `tickets`: those that people got, oldest first.
    """

    tickets: list[str] = field(default_factory=list)

    @classmethod
    def at(cls, service: Service, side_by_side: int) -> ClusterCrowd:
        """The people of a service."""
        paper = make_letter("SURAT LAMARAN", "Pelamar Klaster Tuan", size_bytes=60_000)
        dice = random.Random(7)  # noqa: S311 - decides what people do
        crowd = SteadyCrowd.of(service, paper, per_second=1.0, seed=7)
        return cls(
            service, paper, crowd.peak, crowd.seconds, dice, think_seconds=0.2, side_by_side=side_by_side
        )

    def _person(self, number: int) -> PatientApplicant:
        if number % 3 == 0:  # as in a rehearsal of a deadline
            person = Crowd._person(self, number)
            person.event = EVENT
        else:
            person = SteadyCrowd._person(self, number)
        person.browser = browser_of(number)
        person.patience_seconds = 90
        return person

    def _note(self, person: PatientApplicant, came: float, *, paid: bool) -> None:
        Crowd._note(self, person, came, paid=paid)
        if person.ticket:
            self.tickets.append(person.ticket)
