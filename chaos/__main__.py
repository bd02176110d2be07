"""`python -m chaos`: plays the faults of docs/reliability.md.

Exit codes: 0 all held, 1 not, 2 not played."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from typing import Any

import msgspec
import uvloop

from chaos.outcome import Outcome, RowOutcome, show
from chaos.planted import PLANTS, run_plants
from chaos.play import Wish, play
from chaos.row import Row
from chaos.rows import ROWS
from simulator.crowd.report import ended_by_signals

_PER_SECOND = 1.0


def main() -> None:
    """Plays what was asked for."""
    parser = argparse.ArgumentParser(prog="script/chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=7, help="decides what fails and when people come")
    parser.add_argument("--short", action="store_true", help="under 4 minutes: the quick rows alone")
    parser.add_argument("--rows", help="their numbers, such as 1,3,16; default: all")
    parser.add_argument("--per-second", type=float, default=_PER_SECOND, help="people who come")
    parser.add_argument("--planted", choices=(*PLANTS, "all"), help="plant a bug that a checker must find")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    try:
        if asked.planted:
            sys.exit(_plant(asked.planted, seed=asked.seed, as_json=asked.json))
        rows = chosen(asked.rows, short=asked.short)
        wish = Wish(asked.seed, rows, asked.per_second, asked.short, _tell)
        outcome = uvloop.run(ended_by_signals(play(wish)))
    except asyncio.CancelledError:
        sys.exit(2)
    except (ValueError, AssertionError, TimeoutError, OSError) as error:
        print(f"not played: {error}", file=sys.stderr)
        sys.exit(2)
    _print(outcome, as_json=asked.json)
    sys.exit(0 if outcome.ok else 1)


def chosen(numbers: str | None, *, short: bool) -> Sequence[Row]:
    """The rows to play, in their order. Raises: ValueError for a number that no row has."""
    if numbers is None:
        return [row() for row in ROWS if row.short or not short]
    wanted = {int(number) for number in numbers.split(",")}
    if unknown := wanted - {row.number for row in ROWS}:
        raise ValueError(f"no row {', '.join(map(str, sorted(unknown)))}")
    return [row() for row in ROWS if row.number in wanted]


def _plant(name: str, *, seed: int, as_json: bool) -> int:
    """Plants one bug: 1 when its checker finds it, as in a run with that bug, else 2. Plants all: 0 when each
    was found, else 1."""
    plants = list(PLANTS.values()) if name == "all" else [PLANTS[name]]
    outcomes = uvloop.run(ended_by_signals(run_plants(plants, seed=seed)))
    for outcome in outcomes:
        how = "caught" if outcome.caught else "NOT CAUGHT"
        print(f"{outcome.name}: {how} by {outcome.checker}", file=sys.stderr)
        for words in outcome.found:
            print(f"  {words[:200]}", file=sys.stderr)
    if as_json:
        print(msgspec.json.encode({"seed": seed, "planted": outcomes}).decode())
    all_caught = all(outcome.caught for outcome in outcomes)
    if name == "all":
        return 0 if all_caught else 1
    return 1 if all_caught else 2


def _tell(said: RowOutcome | dict[str, Any]) -> None:
    print(msgspec.json.encode(said).decode(), file=sys.stderr, flush=True)


def _print(outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        print(msgspec.json.encode(outcome).decode())
    else:
        show(outcome)


if __name__ == "__main__":
    main()
