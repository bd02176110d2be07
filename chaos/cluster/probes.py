"""Asks for each kind of service again and again, at one front and, if it fails, at once at the other."""

from __future__ import annotations

import asyncio
import re
import time
from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import msgspec

from chaos.cluster.hosts import PUBLIC
from chaos.cluster.people import EVENT, ClusterCrowd, FrontBrowser, browser_of
from simulator.crowd.browser import Response
from simulator.crowd.forms import Form, form_with
from simulator.crowd.papers import paper_of
from simulator.rehearsal.patience import TROUBLE, PatientApplicant

TICKET, CALL, PAGE, ORDER, STAMP, JOBS = "ticket", "call", "page", "order", "stamp", "jobs"
"""A place in line; a newer published status; a page that reads the database; a write to an order; a stamped
file that people have; all files that were paid when the fault began."""
_TICKET: Final = re.compile(r"/antre/[a-z0-9-]+/t/([A-Za-z0-9_-]{128})")
_ANSWER_SECONDS: Final = 2.0
_EVERY_SECONDS: Final = 0.4
_FIRST: Final = 50_000
"""The numbers of those who ask, above those of the people."""


class NotServed(Exception):
    """An answer that serves nobody."""


@dataclass(slots=True)
class Moments:
    """When each kind of service was had. Moments of time.monotonic()."""

    seen: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    troubles: dict[str, str] = field(default_factory=dict)
    """The last trouble of each kind."""

    def longest(self, kind: str, since: float, until: float) -> float:
        """The longest time without it, in seconds."""
        return longest_gap(self.seen[kind], since, until)


def longest_gap(moments: Sequence[float], since: float, until: float) -> float:
    """The longest time between two neighbours of these moments, `since` and `until`."""
    between = [since, *sorted(at for at in moments if since < at < until), until]
    return round(max(later - earlier for earlier, later in pairwise(between)), 2)


class Probe:
    """Asks for one kind of service again and again."""

    kind: str

    def __init__(self, number: int, moments: Moments) -> None:
        self._moments = moments
        self.browser = browser_of(number, patience_seconds=0, answer_seconds=_ANSWER_SECONDS)

    @abstractmethod
    async def ask(self) -> None:
        """Asks once. Raises: NotServed, or what a browser raises."""

    async def run(self) -> None:
        """Asks until it is cancelled."""
        due = time.monotonic()
        while True:
            try:
                await self.ask()
                self._moments.seen[self.kind].append(time.monotonic())
                due = max(due + _EVERY_SECONDS, time.monotonic())
            except (*TROUBLE, NotServed, LookupError, msgspec.MsgspecError) as error:
                self._moments.troubles[self.kind] = f"{type(error).__name__}: {error}"[:200]
                self.browser.close()
                self.browser.front = 1 - self.browser.front
                due = time.monotonic() + 0.1
            await asyncio.sleep(max(0.0, due - time.monotonic()))


class TicketProbe(Probe):
    """Takes a place in line, each time as somebody else."""

    kind = TICKET

    def __init__(self, number: int, moments: Moments, tickets: list[str]) -> None:
        super().__init__(number, moments)
        self._number, self._came, self._tickets = number, 0, tickets
        self._form: Form | None = None

    async def ask(self) -> None:
        """Joins. The ticket is kept: it must count at the end."""
        if self._form is None:
            self._form = form_with((await self.browser.get(f"{PUBLIC}/antre/{EVENT}")).text, "kontak")
        self.browser.cookies.clear()
        contact = f"tiket{self._number}x{self._came}@contoh{self._came % 97}.test"
        self.browser.url = f"{PUBLIC}/antre/{EVENT}"
        page = await self.browser.post(self._form.action, self._form.fields | {"kontak": contact})
        found = _TICKET.search(page.url) or _TICKET.search(page.text)
        if page.status != 200 or found is None:
            raise NotServed(f"{page.status} {page.url[:60]}")
        self._came += 1
        self._tickets.append(found[1])


class CallProbe(Probe):
    """Reads the published status, as every wait page does: it must go on."""

    kind = CALL
    _last = 0

    async def ask(self) -> None:
        """Looks whether there is a newer one."""
        page = await self.browser.fetch(f"{PUBLIC}/antre/{EVENT}/d/status.json")
        sequence = int(msgspec.json.decode(page.body.partition(b"\n")[0])["sequence"])
        if sequence <= self._last:
            raise NotServed(f"still status {sequence}")
        self._last = sequence


class PageProbe(Probe):
    """Reads a page of an order."""

    kind = PAGE

    def __init__(self, number: int, moments: Moments, draft: Draft) -> None:
        super().__init__(number, moments)
        self._draft = draft
        self.browser.cookies = dict(draft.browser.cookies)

    async def ask(self) -> None:
        """Loads it."""
        answer = await self.browser.get(f"{PUBLIC}{self._draft.form.action}")
        expect(answer, self._draft.form.action)


class OrderProbe(PageProbe):
    """Places the stamp of an order, which the database keeps."""

    kind = ORDER

    async def ask(self) -> None:
        """Places it once more."""
        form = self._draft.form
        self.browser.url = f"{PUBLIC}{form.action}"
        answer = await self.browser.post(form.action, form.fields, follow=False)
        expect(answer, form.action, 303, 200)


def expect(answer: Response, what: str, *statuses: int) -> None:
    """Raises: NotServed for another status."""
    if answer.status not in (statuses or (200,)):
        raise NotServed(f"{answer.status} {what}")


@dataclass(slots=True)
class Draft:
    """An order that waits for its place to be chosen."""

    browser: FrontBrowser
    form: Form


@dataclass(slots=True, kw_only=True)
class Drafter(PatientApplicant):
    """Uploads a paper, and goes no further."""

    async def draft(self, paper: bytes) -> Form:
        """Returns the form that places the stamp."""
        page = await self._upload(await self._enter(), [("surat.pdf", paper)])
        return form_with(page.text, "letak", "halaman")


async def draft_of(crowd: ClusterCrowd, number: int) -> Draft:
    """An order of somebody's own."""
    person = Drafter(
        crowd.service, contact=f"draf{number}@contoh.test", gate=PUBLIC, event="", only_if_asked=True
    )
    person.browser = browser = browser_of(number)
    return Draft(browser, await person.draft(paper_of(crowd.paper, number)))


async def probes_for(crowd: ClusterCrowd, moments: Moments) -> list[Probe]:
    """Two of each kind: one prefers the first front, the other one the second."""
    drafts = [await draft_of(crowd, _FIRST + number) for number in range(2)]
    return list(_probes(crowd, moments, drafts))


def _probes(crowd: ClusterCrowd, moments: Moments, drafts: list[Draft]) -> Iterator[Probe]:
    for place, draft in enumerate(drafts):
        number = _FIRST + place
        yield TicketProbe(number + 10, moments, crowd.tickets)
        yield CallProbe(number + 20, moments)
        yield PageProbe(number + 30, moments, draft)
        yield OrderProbe(number + 40, moments, draft)
