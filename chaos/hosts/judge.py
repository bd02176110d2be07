"""What came of a run on two hosts: what people saw acknowledged against what is there."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any, Final

import asyncpg
import msgspec

from chaos.hosts.pair import Place
from chaos.journal import differences, read_gateway, read_server, unfinished
from chaos.people import SteadyCrowd

_REST_SECONDS: Final = 90
_CHECK_SECONDS_MAX: Final = 300


class HostsOutcome(msgspec.Struct, kw_only=True):
    """What came of a run."""

    ok: bool = False
    orders: int = 0
    """Finished: people have their stamped file."""
    by_host: dict[str, int] = {}
    """Stamps by the key of each host's signer."""
    killed: list[str] = []
    """The processes that were killed, or replaced."""
    refused: int = 0
    """People who were turned away."""
    reloads: int = 0
    """Requests that people sent again."""
    lost: int = 0
    """Orders, files or rupiah that were acknowledged and are gone, or paid and have no end."""
    wrong: list[str] = []
    verified: str = ""
    """`all`: the verifier calls every released file genuine."""
    seconds: float = 0.0

    def settle(self) -> None:
        """Sums up."""
        self.ok = not self.lost and not self.refused and not self.wrong and self.verified == "all"

    def words(self) -> str:
        """The outcome for a terminal."""
        lines = [
            f"{self.orders} orders in {self.seconds:.0f} s, stamped by {self.by_host}",
            f"processes: {', '.join(self.killed)}",
            f"lost: {self.lost}; refused: {self.refused}; sent again: {self.reloads}",
            f"verified: {self.verified}",
            *self.wrong,
        ]
        return "\n".join(lines)


async def judge(
    place: Place, crowd: SteadyCrowd, gateway: str, env: Mapping[str, str], *, outcome: HostsOutcome
) -> None:
    """Judges what is there when everybody has left. `env`: for commands beside the service."""
    deadline = time.monotonic() + _REST_SECONDS
    connection = await asyncpg.connect(place.owner_url)
    try:
        while True:
            server = await read_server(connection)
            entries = list(crowd.journal.values())
            lost = differences(entries, server) + unfinished(entries, server, await read_gateway(gateway))
            if not lost or time.monotonic() > deadline:
                break
            await asyncio.sleep(1)
        rows = await connection.fetch(
            """SELECT k.signer, count(*) AS stamps FROM stamping.release r
               JOIN stamping.signing_key k USING (key_id) GROUP BY 1 ORDER BY 1"""
        )
    finally:
        await connection.close()
    outcome.by_host = {row["signer"] or "satu": row["stamps"] for row in rows}
    outcome.lost = len(lost) + crowd.counts["lost"]
    outcome.wrong += lost[:10]
    await asyncio.to_thread(_check, place, env, outcome)


def _check(place: Place, env: Mapping[str, str], outcome: HostsOutcome) -> None:
    """`meterai check --all`: the invariants, and the verifier's verdict on every released file."""
    words = [sys.executable, "-m", "meterai.cli", "check", "--all", "--json", "--data", str(place.first)]
    told = subprocess.run(
        words, env=dict(env), capture_output=True, text=True, timeout=_CHECK_SECONDS_MAX, check=False
    )
    try:
        found: list[dict[str, Any]] = json.loads(told.stdout)["invariants"]
    except (ValueError, KeyError):
        outcome.wrong.append(f"check: {told.stderr.strip()[-300:]}")
        return
    broken = {one["id"]: one["violations"][:3] for one in found if not one["ok"]}
    outcome.wrong += [f"{name}: {'; '.join(violations)}" for name, violations in broken.items()]
    judged = any(one["id"] == "I12" for one in found)
    outcome.verified = "all" if judged and "I12" not in broken else "not all"
