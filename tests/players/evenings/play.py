"""Plays evenings in which nobody cheats, and audits each several times."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random

import msgspec

from meterai.waiting_room.auditing.findings import Report
from meterai.waiting_room.auditing.replay import audit
from meterai.waiting_room.auditing.sources import FolderSource
from meterai.waiting_room.rules.model import Policy, QueueState, Schedule
from tests.players.evenings.evening import START, Evening
from tests.players.evenings.troubles import LIGHT, TROUBLES, Trouble
from tests.storage_fixtures import TestDatabase

_COPY_SHARE, _SECOND_SHARE = 0.5, 0.3
_TAIL_S = 300
_KEPT_STATUSES = 200
"""Statuses of the last minutes, which each audit compares. Earlier audits compared those before."""


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """One evening. `problems`: what an audit found, which must be nothing."""

    seed: int
    troubles: list[str]
    seconds: int
    entries: int
    joins: int
    claims: dict[str, int]
    bypasses: dict[str, int]
    certificates: int
    audits: int
    took_s: float
    problems: list[str]


class Play:
    """An evening that a seed decides. `pace_s`: about the time from one trouble to the next.

    `troubles`: those to play; None: a third of all, by chance.
    """

    def __init__(
        self,
        database: TestDatabase,
        root: Path,
        seed: int,
        *,
        troubles: tuple[Trouble, ...] | None = None,
        pace_s: int = 60,
    ) -> None:
        self._chance = chance = Random(seed)
        self._seed = seed
        self._wanted = chance.sample(TROUBLES, 7) if troubles is None else list(troubles)
        self._about_s = pace_s * (len(self._wanted) + 1)
        policy = _policy(chance)
        schedule = _schedule(chance, self._about_s)
        self.evening = Evening(database, root, chance, schedule, policy, with_beacon=chance.random() < 0.3)
        self._told: list[str] = []
        self._problems: list[str] = []
        self._audits = 0

    async def run(self) -> Played:
        """Plays it to its end."""
        began = time.monotonic()
        evening, chance = self.evening, self._chance
        await evening.open(always=chance.random() < 0.6)
        evening.flow = chance.uniform(0.5, 2)
        try:
            await evening.seconds(evening.schedule.opens_at - START + 20)
            await evening.copies.make()
            for trouble in self._wanted:
                await self._go_through(trouble)
            report = await self._end()
        finally:
            await evening.close()
        return Played(
            seed=self._seed,
            troubles=self._told,
            seconds=int(evening.clocks.now - START),
            entries=report.entries,
            joins=report.joins,
            claims=report.claims,
            bypasses=report.bypasses,
            certificates=report.certificates,
            audits=self._audits,
            took_s=round(time.monotonic() - began, 1),
            problems=self._problems,
        )

    async def _go_through(self, trouble: Trouble) -> None:
        evening, chance = self.evening, self._chance
        evening.flow = chance.choice((0.2, 1.0, 2.0, 4.0))
        await self._start(trouble)
        if evening.has_database and chance.random() < _SECOND_SHARE:
            await self._start(chance.choice(LIGHT))
        self.audit()
        await evening.settle()
        await evening.seconds(chance.randint(5, 20))
        self.audit()
        if chance.random() < _COPY_SHARE:
            await evening.copies.make()

    async def _start(self, trouble: Trouble) -> None:
        name = getattr(trouble, "__name__", "trouble")
        self._told.append(f"{int(self.evening.clocks.now - START)}: {name}")
        lasts_s = await trouble(self.evening)
        await self.evening.seconds(lasts_s // 2)

    async def _end(self) -> Report:
        """The closing, the people who are left, and their certificates."""
        evening = self.evening
        evening.flow = 1.5
        while evening.clocks.now < evening.schedule.closes_at + 15:
            await evening.seconds(1)
        for _ in range(_TAIL_S):
            status = evening.status()
            if status is not None and status.state is QueueState.CLOSED:
                break
            await evening.seconds(1)
        await evening.seconds(5)
        for person in evening.people[-30:]:
            if person.text:
                await evening.site.certify(person)
        await evening.seconds(3)
        return self.audit()

    def audit(self) -> Report:
        """Judges what is published now."""
        self._audits += 1
        source = FolderSource(self.evening.folder.public)
        kept = list(self.evening.heads.items())[-50:]
        statuses = list(self.evening.statuses.values())[-_KEPT_STATUSES:]
        report = audit(source, kept_heads=kept, kept_statuses=statuses, pause=lambda seconds: None)
        at = int(self.evening.clocks.now - START)
        self._problems += [f"at {at}, entry {one.entry}: {one.code}: {one.en}" for one in report.findings]
        return report


def _policy(chance: Random) -> Policy:
    return Policy(
        line_counts=chance.random() < 0.25,
        returners_percent=chance.choice((0, 15, 40)),
        claim_minutes=chance.choice((1, 2)),
        rate_floor=chance.choice((60, 120, 180)),
        rate_cap=chance.choice((180, 600, 1_200)),
    )


def _schedule(chance: Random, open_s: int) -> Schedule:
    lottery_s = chance.choice((0, 20, 45))
    opens_at = START + lottery_s
    closes_at = opens_at + open_s
    return Schedule(
        joins_from=START,
        opens_at=opens_at,
        closes_at=closes_at,
        last_call_at=chance.choice((None, closes_at - 37)),
        window_s=chance.choice((1, 5, 10)),
    )
