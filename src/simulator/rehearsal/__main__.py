"""`python -m simulator.rehearsal`: one JSON object a line while it is played, the outcome as the last one."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

import msgspec
import uvloop

from simulator.crowd.report import ended_by_signals
from simulator.crowd.service import ServiceMissing
from simulator.rehearsal.rehearse import Stage, rehearse
from simulator.rehearsal.report import write_report
from simulator.rehearsal.schedule import read_schedule


def say(facts: object) -> None:
    """One line of JSON on standard output."""
    print(msgspec.json.encode(facts).decode(), flush=True)


def main() -> None:
    """Exit codes: 0 passed, 1 not passed, 2 it could not be played."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--people-per-second", type=float, default=3)
    parser.add_argument("--faults", default="default")
    parser.add_argument("--drain-seconds", type=float, default=120)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--language", choices=("id", "en"), default="id")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    seconds = asked.minutes * 60
    try:
        if asked.report:
            _open_for_writing(asked.report)
        schedule = read_schedule(asked.faults, seconds)
        stage = Stage(
            asked.data, seconds, asked.people_per_second, schedule, asked.drain_seconds, asked.seed, say
        )
        outcome = uvloop.run(ended_by_signals(rehearse(stage)))
    except asyncio.CancelledError:
        sys.exit(2)
    except (ServiceMissing, ValueError) as error:
        say({"error": str(error)})
        sys.exit(2)
    if asked.report:
        asked.report.write_text(write_report(outcome, asked.language))
    say({"outcome": outcome})
    sys.exit(0 if outcome.ok else 1)


def _open_for_writing(report: Path) -> None:
    """Raises: ValueError, before anybody comes and not when the evening is over."""
    try:
        report.open("a").close()
    except OSError as error:
        raise ValueError(f"--report {report}: {error.strerror}; name a file that can be written") from None


if __name__ == "__main__":
    main()
