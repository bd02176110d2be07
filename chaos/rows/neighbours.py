"""Rows 30, 33 and 34: what the service leans on is cut off, silent, wrong or gone."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar, Final

import msgspec

from chaos.row import NotFired, Row
from chaos.stage import Part, Stage
from simulator.crowd.browser import Browser
from simulator.rehearsal.victims import is_frozen, processes_below, strike

_KEY_TROUBLE: Final = (
    "signer.refused_to_start",
    "key.not_opened",
    "signer.seal_failed",
    "process_ended",
)


class Partitions(Row):
    """Row 30: the database is silent, then the signer. Both are reached by sockets of the machine, from which
    no packet can be dropped: nobody answers, and nothing is lost, as behind a partition that heals."""

    number, name, guards = 30, "partition from the database, then from the signer", "I7 I8, fail closed"
    short = False
    cut_s: ClassVar[float] = 10.0

    async def strike(self, stage: Stage) -> str:
        backends = await self._silence_database(stage)
        before = await _released(stage)
        async with frozen(stage, Part.SIGNER):
            await asyncio.sleep(3)
            begun = await _released(stage)
            await asyncio.sleep(self.cut_s)
            released = await _released(stage) - begun
        if released:
            raise NotFired(f"{released} stamps were released without the signer")
        return (
            f"{backends} processes of the database silent for {self.cut_s:g} s; then the signer: "
            f"{begun - before} stamps were under way, none was released in {self.cut_s:g} s after those"
        )

    async def _silence_database(self, stage: Stage) -> int:
        """Freezes every process of the database for a while. Returns how many were seen frozen."""
        found = processes_below(stage.service.launcher.pid, _is_postgres)
        try:
            for victim in found:
                strike(victim, signal.SIGSTOP)
            await asyncio.sleep(self.cut_s)
            seen = sum(is_frozen(victim) for victim in found)
        finally:
            for victim in found:
                strike(victim, signal.SIGCONT)
        if len(found) < 2 or not seen:
            raise NotFired(f"{seen} of {len(found)} processes of the database were frozen")
        return seen


class KeyTrouble(Row):
    """Row 33: the key is away, another key lies in its place, and the signer is silent."""

    number, name, guards = 33, "HSM refuses, is slow, signs with another key", "I8, checked before release"
    short = False

    async def strike(self, stage: Stage) -> str:
        pki = stage.data / "pki"
        key, away = pki / "stamp.key.pem", pki / "stamp.key.away"
        refused = await self._with(stage, key, away, None)
        wrong = await self._with(stage, key, away, pki / "hash.key.pem")
        async with frozen(stage, Part.SIGNER):
            await asyncio.sleep(5)
        return f"without its key: {refused}; with another key: {wrong}; silent for 5 s"

    async def _with(self, stage: Stage, key: Path, away: Path, other: Path | None) -> str:
        """Starts the signer with another key, or none. Returns what it logged of that."""
        before = len(stage.log("signer"))
        key.rename(away)
        try:
            if other is not None:
                key.write_bytes(other.read_bytes())
                key.chmod(0o600)
            strike(await stage.process(Part.SIGNER), signal.SIGKILL)
            await stage.until(lambda: bool(_seen(stage, before)), 40, "trouble with the key in the log")
            return ", ".join(sorted(_seen(stage, before)))
        finally:
            away.rename(key)
            for signer in stage.processes(Part.SIGNER):
                strike(signer, signal.SIGKILL)


class NoTimeStamps(Row):
    """Row 34: the authority answers 503, then is silent."""

    number, name, guards = 34, "TSA down", "I12, stamps wait"
    short = False

    async def strike(self, stage: Stage) -> str:
        address, before = stage.service.addresses.tsa, stage.log("worker").count("stamping.postponed")
        await _script_tsa(address, fails_next=100_000)
        try:
            await stage.until(
                lambda: stage.log("worker").count("stamping.postponed") > before, 60, "a job that waits"
            )
            await asyncio.sleep(5)
        finally:
            await _script_tsa(address)
        async with frozen(stage, Part.TSA):
            await asyncio.sleep(5)
        waited = stage.log("worker").count("stamping.postponed") - before
        return f"503 for 5 s after the first job had to wait, then 5 s of silence; {waited} jobs were put off"


@asynccontextmanager
async def frozen(stage: Stage, part: Part) -> AsyncIterator[None]:
    """A process is silent: the kernel takes its connections, and nobody answers."""
    victim = await stage.process(part)
    strike(victim, signal.SIGSTOP)
    try:
        await stage.until(lambda: is_frozen(victim), 5, f"a frozen {part}")
        yield
    finally:
        strike(victim, signal.SIGCONT)


def _seen(stage: Stage, start: int) -> set[str]:
    log = stage.log("signer")[start:]
    return {event for event in _KEY_TROUBLE if event in log}


async def _script_tsa(address: str, **faults: object) -> None:
    browser = Browser("", timeout_seconds=10)
    try:
        await browser.request(
            "POST", f"{address}/_script", body=msgspec.json.encode(faults), content_type="application/json"
        )
    finally:
        browser.close()


def _is_postgres(words: list[str]) -> bool:
    return words[0].endswith("/postgres") or words[0].startswith("postgres: ")


async def _released(stage: Stage) -> int:
    async with stage.owner() as connection:
        count: int = await connection.fetchval("SELECT count(*) FROM stamping.release")
    return count


ROWS: Final[tuple[type[Row], ...]] = (NoTimeStamps, KeyTrouble, Partitions)
