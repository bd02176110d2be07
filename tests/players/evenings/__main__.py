"""`python -m tests.players.evenings`: plays evenings without any fraud and audits them; one JSON object each.

Exits with 1 when an audit finds something. `--seed` repeats one evening. `--keep` copies its public files.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

import msgspec

from tests.players.evenings.play import Play, Played
from tests.storage_fixtures import TestCluster, running_cluster


async def _play(cluster: TestCluster, seed: int, keep: Path | None) -> Played:
    with tempfile.TemporaryDirectory(prefix="meterai-evening-") as root:
        async with cluster.database() as database:
            play = Play(database, Path(root), seed)
            played = await play.run()
        if keep is not None:
            shutil.copytree(play.evening.folder.public, keep / str(seed))
        return played


def main() -> int:
    """Plays the evenings one after the other."""
    parser = argparse.ArgumentParser(prog="python -m tests.players.evenings")
    parser.add_argument("--evenings", type=int, default=10)
    parser.add_argument("--seed", type=int, default=2026, help="of the first evening; the next has the next")
    parser.add_argument("--keep", type=Path, help="a folder that gets the public files of each evening")
    asked = parser.parse_args()
    problems = 0
    with running_cluster() as cluster:
        for seed in range(asked.seed, asked.seed + asked.evenings):
            played = asyncio.run(_play(cluster, seed, asked.keep))
            print(msgspec.json.encode(played).decode(), flush=True)
            problems += len(played.problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
