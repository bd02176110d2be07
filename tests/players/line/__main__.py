"""`python -m tests.players.line`: plays a line with faults and prints one JSON object. Exits with 1 when a
check fails."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.players.line.play import as_json, play


def main() -> int:
    """Plays a line in a folder of its own, in memory where possible."""
    parser = argparse.ArgumentParser(prog="python -m tests.players.line")
    parser.add_argument("--people", type=int, default=300_000)
    parser.add_argument("--minutes", type=int, default=30, help="from the opening to the closing")
    parser.add_argument("--seed", type=int, default=2026)
    asked = parser.parse_args()
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None, prefix="meterai-line-") as root:
        report = play(Path(root), people=asked.people, seed=asked.seed, minutes=asked.minutes)
    print(as_json(report).decode())
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
