"""Kills either side between any two calls of a client. `python -m simulator.crowd.wire.kills --data DIR`

Prints one JSON object a line: each round as it ends, and at last the outcome.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp

from simulator.crowd.cpu_time import pids_of
from simulator.crowd.demo import say
from simulator.crowd.service import Service, find_service
from simulator.crowd.wire.account import Account, take_account
from simulator.crowd.wire.adapter_process import AdapterProcess, adapter_beside
from simulator.crowd.wire.clerk import Errand
from simulator.crowd.wire.demo import TROUBLES, say_step
from simulator.crowd.wire.field_client import Addresses, Balance, FieldClient, Refused
from simulator.crowd.wire.journeys import MODES, Desk, insist
from simulator.crowd.wire.memory import Memory
from simulator.crowd.wire.papers import letter
from simulator.crowd.wire.receiver import Receiver, receiving
from simulator.crowd.wire.verdicts import Judges, NotAsPromised
from simulator.crowd.wire.walkers import ClerkWalker, HereWalker, Walker

_SOON_S: Final = 0.04
"""After this time a call is on its way, and its answer will be lost."""
_LIVES_S: Final = 10.5
"""The launcher starts a process at once that had lived for ten seconds."""
_IN_BATCH: Final = 2


@dataclass(frozen=True, slots=True)
class Side:
    """What is killed: while some documents are between two calls, and others are in one."""

    name: str
    kill: Callable[[], Awaitable[int]]
    """Returns how many processes were killed."""
    between: list[Walker]
    in_call: list[Walker]
    pause_s: float = 0.0
    """Shortest time between two kills. The launcher starts a process later that had not lived for long."""

    @property
    def walkers(self) -> list[Walker]:
        """All of them."""
        return [*self.between, *self.in_call]


class Field:
    """A service, an account and an adapter, and the documents of each side."""

    def __init__(self, service: Service, account: Account, *, adapter: AdapterProcess, folder: Path) -> None:
        self.service, self.account = service, account
        self.adapter, self.folder = adapter, folder
        self.addresses = Addresses.at(service.site, adapter.address)

    def sides(self, session: aiohttp.ClientSession, receiver: Receiver) -> list[Side]:
        """Every side that is killed, with documents in each mode."""

        def here(name: str) -> list[Walker]:
            return [self._here(mode, name, session=session, receiver=receiver) for mode in MODES]

        def side(name: str, kill: Callable[[], Awaitable[int]], pause_s: float = 0.0) -> Side:
            return Side(name, kill, here(name), here(f"{name}-in-call"), pause_s)

        noted, unnoted = [
            [self._clerk(mode, name) for mode in MODES] for name in ("client-noted", "client-unnoted")
        ]
        return [
            Side("client", lambda: _kill_clerks([*noted, *unnoted]), [*noted, *unnoted], []),
            side("adapter", self.kill_adapter),
            side("site", lambda: self.kill("site"), _LIVES_S),
            side("worker", lambda: self.kill("worker"), _LIVES_S),
        ]

    async def kill(self, part: str) -> int:
        """Kills a part of the service. The launcher starts it again."""
        killed = 0
        for pid in await asyncio.to_thread(pids_of, self.service.pid, part):
            with suppress(ProcessLookupError):  # it may end by itself meanwhile
                os.kill(pid, signal.SIGKILL)
                killed += 1
        return killed

    async def kill_adapter(self) -> int:
        """Kills the adapter and starts another."""
        self.adapter.kill()
        self.adapter.start()
        return 1

    def _here(self, mode: str, side: str, *, session: aiohttp.ClientSession, receiver: Receiver) -> Walker:
        desk, memory = self._brought(mode, side)
        client = FieldClient(session, self.addresses)
        return HereWalker(mode, MODES[mode](client, desk, Memory(memory), receiver=receiver))

    def _clerk(self, mode: str, side: str) -> ClerkWalker:
        desk, memory = self._brought(mode, side)
        errand = Errand(mode=mode, addresses=self.addresses, desk=desk, memory=memory)
        return ClerkWalker(errand, after_note=side == "client-noted")

    def _brought(self, mode: str, side: str) -> tuple[Desk, Path]:
        """A desk with its documents in the folder, and where its notes stand."""
        name, documents = f"{mode}-{side}.pdf", _IN_BATCH if mode == "batch" else 1
        for file in [f"{number}-{name}" for number in range(documents)] if mode == "batch" else [name]:
            (self.folder / file).write_bytes(letter(file))
        account = self.account
        desk = Desk(account.user, account.password, folder=self.folder, name=name, documents=documents)
        return desk, self.folder / f"{mode}-{side}.json"


async def play(sides: list[Side]) -> Counter[str]:
    """Takes all documents to their end. Between any two of their calls, and in each, their side is killed.

    Returns how many processes of each side were killed.
    """
    killed: Counter[str] = Counter()
    last: dict[str, float] = {}
    going = [*sides]
    while going:
        for side in [*going]:
            began = time.perf_counter()
            await asyncio.sleep(max(0.0, last.get(side.name, 0.0) + side.pause_s - time.monotonic()))
            killed[side.name] += await play_round(side)
            last[side.name] = time.monotonic()
            if not side.walkers:
                going.remove(side)
            say(step=side.name, milliseconds=round((time.perf_counter() - began) * 1_000, 1))
    return killed


async def play_round(side: Side) -> int:
    """Has each document make one more call, and kills the side. Returns the number of processes killed."""
    calling = asyncio.gather(*(walker.step() for walker in side.in_call))
    await asyncio.sleep(_SOON_S)
    killed = await side.kill()
    going_on = asyncio.gather(*(walker.step() for walker in side.between))
    for walkers, steps in ((side.in_call, calling), (side.between, going_on)):
        walkers[:] = [walker for walker, more in zip(walkers, await steps, strict=True) if more]
    return killed


async def _kill_clerks(walkers: list[ClerkWalker]) -> int:
    for walker in walkers:
        await walker.die()
    return len(walkers)


async def take_stock(
    walkers: list[Walker], judges: Judges, *, before: Balance, after: Balance, listed: list[str]
) -> tuple[dict[str, Any], list[str]]:
    """Counts what came of it. Returns the counts, and what is not as it must be."""
    files = [(walker.mode, file, serial) for walker in walkers for file, serial in walker.stamped.items()]
    problems: list[str] = []
    stamped: Counter[str] = Counter()
    for mode, file, serial in files:
        try:
            await judges.judge(file, serial, mode=mode)
            stamped[mode] += 1
        except NotAsPromised as error:
            problems.append(str(error))
    serials = {serial for _, _, serial in files}
    used = before.saldo + before.notstamp - after.saldo - after.notstamp
    counts = {
        "documents": len(files),
        "stamped": stamped.total(),
        "stamped_by_mode": dict(stamped),
        "serials": len(serials),
        "used": used,
        "unused": after.notstamp - before.notstamp,
        "unused_listed": len(listed),
        "given_up": sum(len(walker.given_up) for walker in walkers),
    }
    problems += [
        f"{name}: {counts[name]} instead of {len(files)}"
        for name in ("stamped", "serials", "used")
        if counts[name] != len(files)
    ]
    if len(set(listed)) != counts["unused"] or serials & set(listed):
        problems.append(f"listed as unused: {listed}")
    return counts, problems


async def run(data: Path) -> int:
    """Plays at the running service. Returns the exit code."""
    service = find_service(data)
    account = await take_account(service, say_step)
    began = time.monotonic()
    async with AsyncExitStack() as held:
        place = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="meterai-wire-")))
        folder = place / "shared"
        folder.mkdir()
        adapter = held.enter_context(adapter_beside(service.site, folder, data=place / "adapter"))
        await adapter.wait_until_ready()
        session = await held.enter_async_context(aiohttp.ClientSession())
        receiver = await held.enter_async_context(receiving())
        field = Field(service, account, adapter=adapter, folder=folder)
        sides = field.sides(session, receiver)
        walkers = [walker for side in sides for walker in side.walkers]
        client = FieldClient(session, field.addresses)
        await client.login(account.user, account.password)
        before = await client.balance()
        killed = await play(sides)
        after, listed = await insist(client.balance), await insist(client.unstamped)
        judges = Judges(session, service.site, data)
        counts, problems = await take_stock(walkers, judges, before=before, after=after, listed=listed)
        tries = sum(walker.tries for walker in walkers)
    seconds = round(time.monotonic() - began, 1)
    say(kills=dict(killed), tries=tries, **counts, problems=problems, seconds=seconds)
    return 1 if problems else 0


def main() -> None:
    """Exit codes: 0 all went as it must, 1 something did not, 2 the run could not be begun or ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    asked = parser.parse_args()
    try:
        sys.exit(asyncio.run(run(asked.data)))
    except Refused as error:
        say(error=str(error))
        sys.exit(1)
    except TROUBLES as error:
        say(error=f"{type(error).__name__}: {error}")
        sys.exit(2)


if __name__ == "__main__":
    main()
