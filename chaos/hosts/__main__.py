"""`python -m chaos.hosts`: orders on two hosts while each process is killed once.

Exit codes: 0 nothing was lost, 1 not, 2 not played.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

import msgspec
import uvloop

from chaos.hosts.play import play
from simulator.crowd.report import ended_by_signals


def main() -> None:
    """Plays what was asked for."""
    parser = argparse.ArgumentParser(prog="script/hosts", description=__doc__)
    parser.add_argument("--orders", type=int, default=500, help="how many are to be finished")
    parser.add_argument("--keep", type=Path, help="folder for the data and logs, to look at afterwards")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("not played: as root only, who starts PostgreSQL as another user")
    try:
        outcome = uvloop.run(ended_by_signals(play(asked.orders, keep=asked.keep, tell=_tell)))
    except asyncio.CancelledError:
        sys.exit(2)
    except (ValueError, RuntimeError, AssertionError, TimeoutError, OSError) as error:
        print(f"not played: {error}", file=sys.stderr)
        sys.exit(2)
    print(msgspec.json.encode(outcome).decode() if asked.json else outcome.words())
    sys.exit(0 if outcome.ok else 1)


def _tell(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
