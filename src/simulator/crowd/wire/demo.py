"""A client of the wire at the running service. `python -m simulator.crowd.wire.demo --data DIR --mode onprem`

Prints one JSON object a line: each step as it ends, and at last the outcome.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec

from simulator.crowd.applicant import StepRefused, TooLate
from simulator.crowd.browser import ConnectionLost, Elsewhere
from simulator.crowd.demo import say
from simulator.crowd.partner_program import ApiRefused
from simulator.crowd.service import ServiceMissing, find_service
from simulator.crowd.wire.account import Account, take_account
from simulator.crowd.wire.adapter_process import adapter_beside
from simulator.crowd.wire.field_client import Addresses, FieldClient, Refused, Unreadable
from simulator.crowd.wire.journeys import MODES, Desk, Journey
from simulator.crowd.wire.memory import Memory
from simulator.crowd.wire.papers import letter, signed_letter
from simulator.crowd.wire.receiver import Receiver, receiving
from simulator.crowd.wire.verdicts import Judges, NotAsPromised, expect

_LEVELS: Final = ("NOT_CERTIFIED", "NO_CHANGES_ALLOWED", "NOT_CERTIFIED")
"""Of the documents. The last one is signed already."""

TROUBLES: Final = (
    ApiRefused,
    ServiceMissing,
    StepRefused,
    TooLate,
    ConnectionLost,
    Elsewhere,
    OSError,
    LookupError,
    RuntimeError,
    TimeoutError,
    Unreadable,
    aiohttp.ClientError,
)
"""Why a run could not be begun or ended."""


class Party:
    """Takes documents through one mode, and says how long each call took."""

    def __init__(self, mode: str, account: Account, folder: Path) -> None:
        self.mode, self.account, self.folder = mode, account, folder

    def bring(self) -> list[Desk]:
        """Puts documents into the folder. Returns a desk for each, in a batch one for all."""
        papers = [letter("Perjanjian"), letter("Pernyataan"), signed_letter("Surat kuasa")]
        names = [f"surat-{number}.pdf" for number in range(len(papers))]
        if self.mode == "batch":
            names = [f"{number}-surat.pdf" for number in range(len(papers))]
        for name, paper in zip(names, papers, strict=True):
            (self.folder / name).write_bytes(paper)
        if self.mode == "batch":
            return [self._desk("surat.pdf", documents=len(papers))]
        return [self._desk(name, level=level) for name, level in zip(names, _LEVELS, strict=True)]

    def _desk(self, name: str, **more: Any) -> Desk:
        return Desk(self.account.user, self.account.password, folder=self.folder, name=name, **more)


def journey_of(
    mode: str, client: FieldClient, desk: Desk, *, memory: Memory, receiver: Receiver | None
) -> Journey:
    """A way that says after each call how long it took."""
    began = time.perf_counter()

    async def between(name: str, is_noted: bool) -> None:
        nonlocal began
        if not is_noted:
            say(step=name.partition("_")[0], milliseconds=round((time.perf_counter() - began) * 1_000, 1))
        began = time.perf_counter()

    return MODES[mode](client, desk, memory, between, receiver)


def say_step(name: str, milliseconds: float) -> None:
    """Says how long a step took."""
    say(step=name, milliseconds=round(milliseconds, 1))


async def run(data: Path, mode: str) -> int:
    """Takes an organisation, and its documents through one mode. Returns the exit code."""
    service = find_service(data)
    account = await take_account(service, say_step)
    async with AsyncExitStack() as held:
        place = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="meterai-wire-")))
        folder = place / "shared"
        folder.mkdir()
        address = ""
        if mode != "cloud":
            adapter = held.enter_context(adapter_beside(service.site, folder, data=place / "adapter"))
            await adapter.wait_until_ready()
            address = adapter.address
        session = await held.enter_async_context(aiohttp.ClientSession())
        receiver = await held.enter_async_context(receiving()) if mode == "batch" else None
        addresses = Addresses.at(service.site, address)
        party = Party(mode, account, folder)
        desks = await asyncio.to_thread(party.bring)
        ways = [
            journey_of(
                mode,
                FieldClient(session, addresses),
                desk,
                memory=Memory(folder / f"{desk.name}.json"),
                receiver=receiver,
            )
            for desk in desks
        ]
        outcome = await _take_all(ways, FieldClient(session, addresses), account=account)
        judges = Judges(session, service.site, data)
        files = [
            await judges.judge(file, serial, mode=mode)
            for way in ways
            for file, serial in way.stamped.items()
        ]
        expect("serial numbers", len({file.serial for file in files}), len(files))
        expect("stamps used", outcome["used"], len(files))
        say(mode=mode, user=account.user, files=msgspec.to_builtins(files), **outcome)
    return 0


async def _take_all(ways: list[Journey], client: FieldClient, *, account: Account) -> dict[str, int]:
    """All documents at once. Returns what they used of the stock."""
    await client.login(account.user, account.password)
    before = await client.balance()
    await asyncio.gather(*(way.run() for way in ways))
    after = await client.balance()
    return {
        "used": before.saldo + before.notstamp - after.saldo - after.notstamp,
        "unused": after.notstamp - before.notstamp,
        "left": after.saldo,
    }


def main() -> None:
    """Exit codes: 0 all went as documented, 1 something did not, 2 the run could not be begun or ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--mode", choices=list(MODES), required=True)
    asked = parser.parse_args()
    try:
        sys.exit(asyncio.run(run(asked.data, asked.mode)))
    except (NotAsPromised, Refused) as error:
        say(error=str(error))
        sys.exit(1)
    except TROUBLES as error:
        say(error=f"{type(error).__name__}: {error}")
        sys.exit(2)


if __name__ == "__main__":
    main()
