"""`python -m tests.players.frauds [NAME ...]`: plants frauds in running services and audits each twice.

It audits with `meterai queue audit`, from the gate's address and from the folder. For each fraud it prints
one JSON object. Exits with 1 when an audit passes, finds something else, or accused the queue before.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

import msgspec

from tests.players.frauds.stage import RunningStage, running_stage
from tests.storage_fixtures import TestCluster, running_cluster
from tests.waiting_room.frauds import FRAUDS, LiveLine

MAIN = (
    "everybody_is_called_and_a_friend_enters_first",
    "a_claim_from_before_the_queue_existed",
    "a_claim_from_a_minute_ago",
    "claims_of_another_lane_during_a_halt",
    "a_halt_that_nobody_ordered",
    "people_who_were_never_inside",
    "a_status_that_hides_people_who_entered",
)


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """One fraud. `exit_codes`: of the audits before it, by folder and over HTTP."""

    fraud: str
    wanted: list[str]
    exit_codes: list[int]
    found: dict[str, str]
    """Code -> words."""
    is_found: bool


async def _audit(place: str) -> tuple[int, dict[str, str]]:
    """Exit code and findings of the command."""
    command = [sys.executable, "-m", "meterai.cli", "queue", "audit", place, "--json"]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    told, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, {one["code"]: one["en"] for one in json.loads(told)["findings"]}


async def _play(cluster: TestCluster, name: str) -> Played:
    with tempfile.TemporaryDirectory(prefix="meterai-fraud-") as root:
        async with cluster.database() as database, running_stage(database, Path(root)) as stage:
            return await _plant(stage, name)


async def _plant(stage: RunningStage, name: str) -> Played:
    fraud, wanted = FRAUDS[name]
    line = LiveLine(stage)
    await line.open()
    public, url = str(stage.folder.public), f"{stage.gate.url}/antre/{stage.folder.slug}"
    before, accused = await _audit(public)
    await fraud(line)
    by_folder, found = await _audit(public)
    over_http, also = await _audit(url)
    is_found = [before, by_folder, over_http] == [0, 1, 1] and set(found) == set(also) == wanted
    return Played(
        fraud=name,
        wanted=sorted(wanted),
        exit_codes=[before, by_folder, over_http],
        found=accused | found,
        is_found=is_found,
    )


def main() -> int:
    """Plants the named frauds, or one or two of each kind."""
    parser = argparse.ArgumentParser(prog="python -m tests.players.frauds")
    parser.add_argument("names", nargs="*", default=MAIN, metavar="NAME", help=", ".join(FRAUDS))
    are_found = True
    with running_cluster() as cluster:
        for name in parser.parse_args().names:
            played = asyncio.run(_play(cluster, name))
            print(msgspec.json.encode(played).decode(), flush=True)
            are_found = are_found and played.is_found
    return 0 if are_found else 1


if __name__ == "__main__":
    sys.exit(main())
