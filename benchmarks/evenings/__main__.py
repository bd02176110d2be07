"""`python -m benchmarks.evenings`: plays evenings and prints one JSON object."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from typing import Final

from benchmarks.evenings.figures import Figures, play

FACTORS: Final = (1.0, 2.0, 0.5)
"""Outages as often as the prior says, twice as often, half as often."""
KEPT_MIN: Final = {1.0: 0.95, 2.0: 0.92, 0.5: 0.92}
HAD_PROMISE_MIN: Final = 0.8
WIDTH_MEDIAN_MAX_MIN: Final = 30.0


def missed(figures: Figures) -> list[str]:
    """The goals that these figures miss."""
    found = []
    if not figures.promises:
        found.append("no promise was given")
    if figures.kept < KEPT_MIN[figures.outage_factor]:
        found.append(f"kept {figures.kept:.3f}")
    if figures.had_promise < HAD_PROMISE_MIN:
        found.append(f"had a promise {figures.had_promise:.3f}")
    if figures.width_median_min > WIDTH_MEDIAN_MAX_MIN:
        found.append(f"width {figures.width_median_min:.1f} min")
    return [f"outages x {figures.outage_factor:g}: {what}" for what in found]


def main(arguments: list[str] | None = None) -> int:
    """Plays the evenings; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evenings")
    parser.add_argument("--evenings", type=int, default=100, help="for each prior")
    parser.add_argument("--people", type=int, default=200, help="followed on each evening")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args(arguments)
    results, problems, started = [], [], time.monotonic()
    for factor in FACTORS:
        print(f"{asked.evenings} evenings, outages x {factor:g} ...", file=sys.stderr)
        figures = play(
            asked.seed,
            asked.evenings,
            outage_factor=factor,
            followed=asked.people,
            hours=(3, 8),
            processes=asked.processes,
        )
        results.append(figures.as_json())
        problems += missed(figures)
    print(
        json.dumps(
            {
                "seed": asked.seed,
                "results": results,
                "problems": problems,
                "wall_s": round(time.monotonic() - started),
            }
        )
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
