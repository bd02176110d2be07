"""Rows 1 to 6: the worker dies at each step of the stamping cycle; any process dies at any time."""

from __future__ import annotations

import asyncio
import signal
from functools import partial
from typing import ClassVar, Final

from chaos.row import NotFired, Row
from chaos.stage import Part, Stage
from simulator.rehearsal.victims import Victim, is_alive, strike

_ENDED: Final = "worker ended (exit 137)"
_FIRES_WITHIN_S: Final = 60.0


class _KilledAt(Row):
    """The worker ends at a fail point as by kill -9; the launcher reports its exit status, 137."""

    point: ClassVar[str]

    async def strike(self, stage: Stage) -> str:
        before = stage.service.output.count(_ENDED)
        stage.arm(self.point)
        try:
            await stage.until(
                lambda: stage.service.output.count(_ENDED) > before,
                _FIRES_WITHIN_S,
                f"the end at {self.point}",
            )
        finally:
            left = (stage.points / self.point).exists()
            stage.disarm(self.point)
        if left:
            raise NotFired(f"a worker ended, and not at {self.point}")
        return f"{_ENDED} at {self.point}"


class KilledAfterReserve(_KilledAt):
    """Row 1."""

    number, name, guards = 1, "worker killed after reserve, before intent", "I2 I3"
    point = "after_reserve"


class KilledAfterIntent(_KilledAt):
    """Row 2."""

    number, name, guards = 2, "worker killed after intent, before sign", "I1 I2 I8"
    short = False
    point = "after_intent"


class KilledAfterSign(_KilledAt):
    """Row 3."""

    number, name, guards = 3, "worker killed after sign, before record", "I1 I3 I8"
    point = "after_sign"


class KilledAfterPut(_KilledAt):
    """Row 4."""

    number, name, guards = 4, "worker killed after object write, before commit", "I1 I2 I9"
    short = False
    point = "after_put"


class KilledAfterCommit(_KilledAt):
    """Row 5."""

    number, name, guards = 5, "worker killed after commit, before answer", "I7 I15"
    short = False
    point = "after_commit"


class RandomKills(Row):
    """Row 6: SIGKILL of each kind of process in a seeded order, every 5 to 15 s; in short of five kinds."""

    number, name, guards = 6, "random SIGKILL of any process", "all"
    parts: ClassVar = (
        Part.WORKER,
        Part.SIGNER,
        Part.JAIL,
        Part.GATE,
        Part.SITE,
        Part.CONTROLLER,
        Part.GATEWAY,
        Part.INBOX,
        Part.TSA,
        Part.POSTGRES,
    )

    async def strike(self, stage: Stage) -> str:
        count, pauses = (5, (1.0, 3.0)) if stage.short else (len(self.parts), (5.0, 15.0))
        killed = []
        for part in stage.dice.sample(self.parts, count):
            victim = await stage.process(part)
            strike(victim, signal.SIGKILL)
            await stage.until(partial(_is_gone, victim), 10, f"the end of {part}")
            killed.append(part.rpartition(".")[2])
            await asyncio.sleep(stage.dice.uniform(*pauses))
        return f"SIGKILL, seen gone: {', '.join(killed)}"


def _is_gone(victim: Victim) -> bool:
    return not is_alive(victim)


ROWS: Final[tuple[type[Row], ...]] = (
    KilledAfterReserve,
    KilledAfterIntent,
    KilledAfterSign,
    KilledAfterPut,
    KilledAfterCommit,
    RandomKills,
)
