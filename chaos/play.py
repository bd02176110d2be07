"""Plays rows one after the other against one service under load, and judges each."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chaos.checkers import check_invariants, check_journal, check_rest, check_resumes
from chaos.outcome import Outcome, RowOutcome
from chaos.row import NotFired, Row
from chaos.stage import Stage, open_stage

_WARM_SECONDS: Final = 90.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be played. `say` hears of each row as it ends."""

    seed: int
    rows: Sequence[Row]
    per_second: float
    short: bool
    say: Callable[[dict[str, Any] | RowOutcome], None]


async def play(wish: Wish) -> Outcome:
    """Plays the rows on services of their own: rows that want the same settings share one."""
    began = time.monotonic()
    outcome = Outcome(
        ok=False, seed=wish.seed, rows=[], wrong=[], people=0, finished=0, reloads=0, seconds=0.0
    )
    for settings in dict.fromkeys(tuple(sorted(row.settings.items())) for row in wish.rows):
        rows = [row for row in wish.rows if tuple(sorted(row.settings.items())) == settings]
        async with open_stage(
            wish.seed, per_second=wish.per_second, short=wish.short, env=dict(settings)
        ) as stage:
            await _play_on(stage, rows, outcome, wish)
    outcome.seconds = round(time.monotonic() - began, 1)
    outcome.rows.sort(key=lambda one: one.row)
    outcome.ok = not outcome.wrong and all(row.fired and row.held for row in outcome.rows)
    return outcome


async def _play_on(stage: Stage, rows: Sequence[Row], outcome: Outcome, wish: Wish) -> None:
    stage.begin()
    try:
        await stage.until(lambda: bool(stage.crowd.finished), _WARM_SECONDS, "the first person")
        for row in rows:
            told = await play_row(stage, row)
            outcome.rows.append(told)
            wish.say(told)
    finally:
        await stage.end()
    outcome.wrong += await judge_end(stage)
    outcome.people += stage.crowd.counts["came"]
    outcome.finished += len(stage.crowd.finished)
    outcome.reloads += stage.crowd.counts["reloads"]


async def play_row(stage: Stage, row: Row) -> RowOutcome:
    """Strikes, waits for the service to resume, and judges. A row that fails in itself has not fired."""
    told = RowOutcome(row=row.number, name=row.name)
    began = time.monotonic()
    try:
        told.seen = await row.strike(stage)
        told.fired = True
    except (NotFired, TimeoutError) as missing:
        told.seen = f"not fired: {missing}"
    except Exception as error:  # the other rows are played all the same
        told.seen = f"not fired: {type(error).__name__}: {error}"[:300]
    told.resumed_s, told.wrong = await check_resumes(stage, time.monotonic(), row.resumes_within_s)
    try:
        told.wrong += [f"row: {words}" for words in await row.check(stage)]
        told.wrong += await check_journal(stage)
        told.wrong += await check_invariants(stage)
    except Exception as error:  # what can't be checked is not known to hold
        told.wrong.append(f"check: {type(error).__name__}: {error}"[:300])
    told.held = told.fired and not told.wrong
    told.seconds = round(time.monotonic() - began, 1)
    return told


async def judge_end(stage: Stage) -> list[str]:
    """What is wrong when everybody has left: nothing may be open any more, and each file is judged."""
    lost = stage.crowd.counts["lost"]
    found = [f"rest: {lost} people paid and have nothing"] if lost else []
    found += await check_rest(stage)
    found += await check_journal(stage)
    return found + await check_invariants(stage, every_file=True)
