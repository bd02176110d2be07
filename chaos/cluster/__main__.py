"""`python -m chaos.cluster`: faults of a cluster, one after another, while people order.

Exit codes: 0 all held, 1 not, 2 not played.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path
from typing import Final

import msgspec
import uvloop

from chaos.cluster.cost import measure
from chaos.cluster.faults import chosen
from chaos.cluster.outcome import show
from chaos.cluster.play import play
from simulator.crowd.report import ended_by_signals

_ORDERS: Final = 60
"""Of each half of a pair."""


def main() -> None:
    """Plays what was asked for."""
    parser = argparse.ArgumentParser(prog="script/cluster", description=__doc__)
    parser.add_argument("--short", action="store_true", help="five faults, in under 6 minutes")
    parser.add_argument("--all", action="store_true", help="all faults; the default")
    parser.add_argument("--faults", default="", help="their names, with commas")
    parser.add_argument("--line", choices=("folder", "nats"), default="nats", help="what carries the line")
    parser.add_argument("--keep", type=Path, help="folder for the data and logs, to look at afterwards")
    parser.add_argument(
        "--cost", type=int, metavar="PAIRS", help="no faults: CPU an order, beside one machine"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("not played: only root may make hosts of a network")
    if asked.cost:
        cost = uvloop.run(ended_by_signals(measure(_ORDERS, asked.cost, _tell)))
        print(msgspec.json.encode(cost).decode())
        return
    try:
        over_nats = asked.line == "nats"
        faults = chosen(asked.faults, short=asked.short, over_nats=over_nats)
        playing = play(faults, keep=asked.keep, tell=_tell, over_nats=over_nats)
        outcome = uvloop.run(ended_by_signals(playing))
    except asyncio.CancelledError:
        sys.exit(2)
    except (ValueError, RuntimeError, AssertionError, TimeoutError, OSError) as error:
        print(f"not played: {error}", file=sys.stderr)
        sys.exit(2)
    if asked.json:
        print(msgspec.json.encode(outcome).decode())
    else:
        show(outcome)
    sys.exit(0 if outcome.ok else 1)


def _tell(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
