"""The last evening before a deadline, compressed: people come by its law, stand in line, buy, stamp."""

from __future__ import annotations

import asyncio
import math
import random
import re
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Final

from simulator.crowd.papers import paper_of
from simulator.crowd.service import Service
from simulator.rehearsal.patience import TROUBLE, Fate, PatientApplicant

EVENING_HOURS: Final = 12.0
"""What a rehearsal stands for: the last hours before a deadline, at tau = 6 h."""
TAU_HOURS: Final = 6.0
PAID_WAIT_S: Final = 60.0
"""How long people who have paid wait for the stamp at the end."""
ARRIVES_S: Final = 5.0
"""Time that a frozen gateway needs at most to process what was sent to it."""
_LOOKS_AGAIN_S: Final = 1.0
_RECENT: Final = 20_000
_SAMPLE: Final = 20
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{40,}")
"""A ticket or a link that only its holder may know; a report is passed on."""
_OUTSIDE: Final = frozenset({"status", "wait_page", "code_arrives", "paid_to_stamped", "pay"})
"""Steps whose time is not one answer of the service."""


def rate_at(share: float, peak: float) -> float:
    """People a second when `share` (0 to 1) of the rehearsal is over: the deadline law, `peak` at its end."""
    return peak * TAU_HOURS / (EVENING_HOURS * (1 - min(1.0, share)) + TAU_HOURS)


@dataclass(slots=True)
class Entry:
    """What one person saw acknowledged. Moments are of time.monotonic()."""

    came: float
    left: float
    order: str
    """Its number; empty: no page of an order was seen."""
    link: str
    reference: str
    """Of the charge whose payment was sent; empty: none was."""
    paid: bool
    """The gateway has answered that it was paid."""
    digests: tuple[str, ...]
    """SHA-256 of each file that was downloaded."""


@dataclass(slots=True)
class Crowd:
    """Everybody of one rehearsal. Moments are of time.monotonic()."""

    service: Service
    paper: bytes
    peak: float
    seconds: float
    dice: random.Random
    think_seconds: float = 1.0
    absent: float = 0.05
    counts: Counter[str] = field(default_factory=Counter)
    finished: list[tuple[float, float]] = field(default_factory=list)
    """(came, was finished) of each, in the order of being finished."""
    recent: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=_RECENT))
    """(moment, milliseconds) of the newest answers."""
    waits: list[float] = field(default_factory=list)
    """In line, seconds; of those who were not called, until they gave up or the rehearsal ended."""
    files: list[bytes] = field(default_factory=list)
    """A sample of all that were downloaded, each as likely as any other, so of those after the faults too."""
    digests: set[str] = field(default_factory=set)
    problems: Counter[str] = field(default_factory=Counter)
    sampling: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - which files
    people: set[asyncio.Task[None]] = field(default_factory=set)
    paid: set[asyncio.Task[None]] = field(default_factory=set)
    """Of the people who are there, those who have paid."""
    doubtful: list[tuple[PatientApplicant, float]] = field(default_factory=list)
    """People who left after sending a payment that was never answered, and when they came."""
    journal: dict[str, Entry] = field(default_factory=dict)
    """By contact: what each person who has left saw."""

    async def come(self) -> None:
        """Lets people come until the rehearsal's closing."""
        began = time.monotonic()
        due = began
        while (share := (due - began) / self.seconds) < 1:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self.counts["came"] += 1
            person = asyncio.create_task(self._journey(self.counts["came"]))
            self.people.add(person)
            person.add_done_callback(self.people.discard)
            person.add_done_callback(self.paid.discard)
            due += self.dice.expovariate(rate_at(share, self.peak))
        await asyncio.sleep(max(0.0, began + self.seconds - time.monotonic()))

    async def go_home(self, seconds: float) -> int:
        """Lets those who are there finish. Returns how many could not within `seconds` and had not paid; who
        had paid and has nothing `PAID_WAIT_S` later is lost."""
        if self.people:
            await asyncio.wait(self.people, timeout=seconds)
        await _send_home(self.people - self.paid)
        if self.paid:
            await asyncio.wait(self.paid, timeout=PAID_WAIT_S)
        await _send_home(self.people)
        return self.counts["unfinished"]

    def p95_ms(self, seconds: float = 10.0) -> float | None:
        """Of the service's answers in the last seconds; None: there was none."""
        since = time.monotonic() - seconds
        spent = sorted(ms for at, ms in self.recent if at >= since)
        return round(spent[math.ceil(len(spent) * 0.95) - 1], 1) if spent else None

    async def _journey(self, number: int) -> None:
        came, steps = time.monotonic(), set[str]()

        def on_step(name: str, milliseconds: float) -> None:
            steps.add(name)
            if name == "pay" and (here := asyncio.current_task()) in self.people:
                self.paid.add(here)
            if name == "claim":
                self.counts["inside"] += 1
            if name not in _OUTSIDE:
                self.recent.append((time.monotonic(), milliseconds))

        person = self._person(number)
        person.on_step = on_step
        try:
            outcome = await person.buy_and_stamp([("surat.pdf", paper_of(self.paper, number))])
            self._finish(came, outcome.files[0].content, outcome.files[0].sha256)
            if not person.ticket:
                self.waits.append(0.0)
        except Exception as error:  # whatever it was, its person is counted
            is_away = isinstance(error, TROUBLE)  # the service, to which the order is none the less known
            self._leave(person, came, "lost" if "pay" in steps and not is_away else "refused")
            words = _SECRET.sub("...", f"{type(error).__name__}: {error}")
            self.problems[words[:240]] += 1
        except asyncio.CancelledError:
            self._leave(person, came, "lost" if "pay" in steps else "unfinished")
            raise
        finally:
            self._note(person, came, paid="pay" in steps)
            self.counts["inside"] -= "claim" in steps
            self.counts["reloads"] += person.reloads
            if person.ticket:
                self.waits.append(person.waited_s)

    def _note(self, person: PatientApplicant, came: float, *, paid: bool) -> None:
        self.journal[person.contact] = Entry(
            came=came,
            left=time.monotonic(),
            order=person.outcome.number,
            link=person.outcome.permanent_link,
            reference=person.paying,
            paid=paid,
            digests=tuple(file.sha256 for file in person.outcome.files),
        )

    def _leave(self, person: PatientApplicant, came: float, how: str) -> None:
        """Counts who has no file as `how`; whose payment was not answered is looked after in the end."""
        if how != "lost" and person.paying:
            self.doubtful.append((person, came))
        else:
            self.counts[how] += 1

    async def look_after(self) -> None:
        """Finds out what became of the payments that were not answered, when nothing is broken any more.

        What was stamped is fetched. People whose money was taken, and neither used nor given back within
        `PAID_WAIT_S`, have lost it. People who paid nothing, or got it back, have given up.
        """
        await asyncio.gather(*(self._look_after(person, came) for person, came in self.doubtful))
        self.doubtful.clear()

    async def _look_after(self, person: PatientApplicant, came: float) -> None:
        began = time.monotonic()
        while (fate := await _fate_of(person)) not in (Fate.STAMPED, Fate.REFUNDED):
            if time.monotonic() - began > (ARRIVES_S if fate is Fate.UNPAID else PAID_WAIT_S):
                break
            await asyncio.sleep(_LOOKS_AGAIN_S)
        person.browser.close()
        self._note(person, came, paid=fate not in (Fate.UNPAID, Fate.UNKNOWN))
        if fate is Fate.STAMPED:
            [file] = person.outcome.files
            self._finish(came, file.content, file.sha256)
        elif fate in (Fate.UNPAID, Fate.REFUNDED):
            self.counts["refused"] += 1
        else:
            self.counts["lost"] += 1
            self.problems[f"a payment that was not answered: {fate} when all was over"] += 1

    def _finish(self, came: float, content: bytes, digest: str) -> None:
        self.finished.append((came, time.monotonic()))
        self.counts["twice"] += digest in self.digests
        self.digests.add(digest)
        if len(self.files) < _SAMPLE:
            self.files.append(content)
        elif (place := self.sampling.randrange(len(self.finished))) < _SAMPLE:
            self.files[place] = content

    def _person(self, number: int) -> PatientApplicant:
        stamp = int(time.time()) % 10**7
        return PatientApplicant(
            self.service,
            contact=f"geladi{stamp}x{number}@contoh{number % 997}.test",
            source_address=f"127.{1 + number % 200}.{number // 200 % 250}.{1 + number // 50_000}",
            gate=self.service.gate,
            think_seconds=self.think_seconds,
            dice=random.Random(number),  # noqa: S311 - how long somebody thinks
            wait_seconds_max=240,
        )


async def _fate_of(person: PatientApplicant) -> Fate:
    try:
        return await person.fate()
    except Exception:  # whatever it was, the next look may tell
        return Fate.UNKNOWN


async def _send_home(people: set[asyncio.Task[None]]) -> None:
    left = list(people)
    for person in left:
        person.cancel()
    await asyncio.gather(*left, return_exceptions=True)
