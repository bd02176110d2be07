"""An applicant who stands in line first: takes a place at the gate, waits, is called, comes in with a code.

Behaves as the wait page's script does: the page once, again when its window is drawn, then the status alone,
more often near the front.
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from html import unescape

import msgspec

from meterai.waiting_room.rules.model import LOOKS_AFTER
from simulator.crowd.applicant import Applicant, StepRefused, TooLate
from simulator.crowd.browser import Response
from simulator.crowd.forms import form_with

_DATA = re.compile(r'data-(window|place|number|called|near|poll|reload)="([^"]*)"')
_STRAIGHT = re.compile(r'href="([^"]*/beli\?acara=[^"]*)"')
_TICKET = re.compile(r"/antre/[a-z0-9-]+/t/([A-Za-z0-9_-]{128})")
_KNOCKS_MAX = 60
_READY_S, _NEAR_S = 180, 170
"""As in the page's script: this many seconds before the turn it reports that somebody is there, and loads
the page for people who are near."""


class Status(msgspec.Struct, frozen=True):
    """What a waiting person's script reads of the published status."""

    state: str
    frontiers: list[tuple[int, int]]
    rate: int
    called: int
    poll: tuple[int, int]
    fan: list[tuple[int, int, int]]


@dataclass(slots=True)
class Place:
    """A place in line, as the wait page tells it."""

    window: int
    place: int | None
    number: int
    is_called: bool
    is_near: bool
    """The page has the words for those who are near."""
    poll_s: float
    """Until its script looks at the status for the first time."""
    reload_s: float
    is_ready: bool = False
    """The page has said that somebody is there."""

    def is_called_by(self, status: Status) -> bool:
        """Whether the frontier has passed it."""
        frontier = tuple(status.frontiers[0])
        return self.place is not None and (self.window, self.place) < frontier


@dataclass(slots=True, kw_only=True)
class QueuedApplicant(Applicant):
    """`gate`: base address of the gates. `waited_s`: from ticket to call. `shed`: doors found full.

    `only_if_asked`: tries the site first, and stands in line when it sends people there.
    """

    gate: str
    line_seconds_max: float = 600
    waited_s: float = 0
    shed: int = 0
    ticket: str = ""
    only_if_asked: bool = False

    async def _enter(self) -> Response:
        if self.only_if_asked:
            page = await Applicant._enter(self)
            if 'name="kiriman"' in page.text:
                return page
        page = await self._join()
        if 'name="kiriman"' in page.text:  # nobody waits: the gate has sent us in at once
            return page
        began = time.monotonic()
        try:
            await self._stand_in_line(page)
        finally:  # who is not called has waited too
            self.waited_s = time.monotonic() - began
        return await self._come_in()

    async def _join(self) -> Response:
        """Takes a place, or goes straight in where the gate shows the way because nobody has to wait.

        Raises: StepRefused.
        """
        self._start()
        page = self._expect("join", await self.browser.get(f"{self.gate}/antre/{self.event}"))
        if straight := _STRAIGHT.search(page.text):
            page = self._expect("join", await self.browser.get(unescape(straight[1])))
        if 'name="kiriman"' not in page.text:
            form = form_with(page.text, "kontak")
            page = await self.browser.post(form.action, form.fields | {"kontak": self.contact})
            page = self._expect("join", await self._work(page))
        if 'name="kiriman"' in page.text:
            self._done("join")
            return page
        self.ticket = self._found(_TICKET, page, "join")
        self._done("join")
        return page

    async def _stand_in_line(self, page: Response) -> None:
        """Until the call. Raises: TooLate."""
        deadline = time.monotonic() + self.line_seconds_max
        place, pause = self._seen(page)
        while not place.is_called and time.monotonic() < deadline:
            if place.place is None:
                await asyncio.sleep(place.reload_s)
                await self._status()
                place, pause = self._seen(await self._timed("wait_page", page.url))
                continue
            await asyncio.sleep(pause)
            status = await self._status()
            if place.is_called_by(status):
                return
            left = seconds_left(place, status)
            if left < _NEAR_S and not place.is_near:
                place, pause = self._seen(await self._timed("wait_page", page.url))
                continue
            if left <= _READY_S and not place.is_ready:
                place.is_ready = True
                await self.browser.request("POST", f"{page.url}/siap", stay=True)
            pause = pause_before_look(place, status) * self.dice.uniform(0.75, 1.25)
        if not place.is_called:
            raise TooLate(f"not called within {self.line_seconds_max:.0f} s")

    def _seen(self, page: Response) -> tuple[Place, float]:
        """What a wait page shows, and the seconds until its script looks for the first time."""
        place = place_on(page)
        return place, place.poll_s * self.dice.uniform(0.75, 1.25)

    async def _status(self) -> Status:
        answer = await self._timed("status", f"{self.gate}/antre/{self.event}/d/status.json")
        return msgspec.json.decode(answer.body.partition(b"\n")[0], type=Status)

    async def _timed(self, step: str, address: str) -> Response:
        began = time.perf_counter()
        answer = self._expect(step, await self.browser.fetch(address))
        self.on_step(step, (time.perf_counter() - began) * 1000)
        return answer

    async def _come_in(self) -> Response:
        """Knocks until the door has room, and proves the contact: to the form of a purchase."""
        self._start()
        entrance = f"{self.service.site}/{self.event}/masuk"
        page = await self.browser.post(entrance, {"tiket": self.ticket})
        page = self._expect("claim", await self._knock(page, entrance))
        self._done("claim")
        if 'name="kontak"' in page.text:
            page = await self._give_contact(page)
        if 'name="kiriman"' not in page.text:
            raise StepRefused("claim", page)
        return page

    async def _send(self, page: Response, step: str, **filled: str) -> Response:
        """Sends a form; a door that is full or shut is knocked at until it opens."""
        form = form_with(page.text, *filled)
        answer = await self.browser.post(form.action, form.fields | filled)
        if step == "give_code":
            answer = await self._knock(answer, f"{self.service.site}/{self.event}/masuk")
        return self._expect(step, answer)

    async def _knock(self, page: Response, entrance: str) -> Response:
        """Comes back as a full door says. The time until then is no time of the service's."""
        for _ in range(_KNOCKS_MAX):
            if page.status not in (429, 503):
                return page
            self.shed += 1
            await asyncio.sleep(float(page.header(b"retry-after") or 2))
            self._start()
            page = await self.browser.get(entrance)
        return page


def place_on(page: Response) -> Place:
    """The place that a wait page shows."""
    told = dict(_DATA.findall(page.text))
    return Place(
        window=int(told.get("window") or 0),
        place=int(told["place"]) if told.get("place") else None,
        number=int(told.get("number") or 0),
        is_called=bool(told.get("called")),
        is_near=bool(told.get("near")),
        poll_s=max(1.0, float(told.get("poll") or 5)),
        reload_s=max(1.0, float(told.get("reload") or 5)),
    )


def pause_before_look(place: Place, status: Status) -> float:
    """Seconds until the next look: a share of the time left, within the bounds of the status. While
    calling is paused, the time left at the published rate counts."""
    left = min(seconds_left(place, status), _at_rate(_ahead(place, status), status))
    return min(max(left * LOOKS_AFTER, status.poll[0]), status.poll[1])


def seconds_left(place: Place, status: Status) -> float:
    """Until the turn, more likely than not: from the fan, where it ends from the rate."""
    ahead = _ahead(place, status)
    before_s, before = 0, 0
    for seconds, _, called in status.fan:
        if called > ahead:
            return before_s + (seconds - before_s) * (ahead + 1 - before) / max(1, called - before)
        before_s, before = seconds, called
    return _at_rate(ahead, status)


def _ahead(place: Place, status: Status) -> int:
    return max(0, place.number - 1 - status.called)


def _at_rate(people: int, status: Status) -> float:
    return people * 60 / status.rate if status.rate else 3_600
