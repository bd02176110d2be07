"""Lets people order at both hosts, kills each process once, and judges what is left."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec

from chaos.hosts.pair import FIRST, SECOND, Pair, Place, start_first, start_second, until
from chaos.hosts.parts import Part, answers, make_database, nginx, pgbouncer, postgres
from chaos.hosts.store import object_store
from chaos.journal import differences, read_gateway, read_server, unfinished
from chaos.people import ClosedCrowd, SteadyCrowd
from chaos.running_service import without_settings
from meterai.kit.child_processes import free_port
from sandbox.pki.tls import TlsAuthority
from simulator.crowd.papers import make_letter
from simulator.crowd.service import Service

VICTIMS: Final = (
    *(("satu", role) for role in ("site", "gate", "worker", "signer", "controller")),
    *(("dua", role) for role in ("site", "gate", "worker", "signer")),
    ("between", "pgbouncer"),
    ("between", "objects"),
    ("between", "postgresql"),
)
_SIDE_BY_SIDE: Final = 8
_BETWEEN: Final = 8
"""Orders that are finished between two faults."""
_ORDERS_SECONDS_MAX: Final = 900
_REST_SECONDS: Final = 90
Tell = Callable[[str], None]


class HostsOutcome(msgspec.Struct, kw_only=True):
    """What came of a run."""

    ok: bool = False
    orders: int = 0
    """Finished: people have their stamped file."""
    by_host: dict[str, int] = {}
    """Stamps by the key of each host's signer."""
    killed: list[str] = []
    lost: int = 0
    """Orders, files or rupiah that were acknowledged and are gone, or paid and have no end."""
    wrong: list[str] = []
    verified: str = ""
    """`all`, or how many released files the verifier calls genuine."""
    seconds: float = 0.0

    def words(self) -> str:
        """The outcome for a terminal."""
        lines = [
            f"{self.orders} orders in {self.seconds:.0f} s, stamped by {self.by_host}",
            f"killed: {', '.join(self.killed)}",
            f"lost: {self.lost}; verified: {self.verified}",
            *self.wrong,
        ]
        return "\n".join(lines)


async def play(orders: int, *, keep: Path | None, tell: Tell) -> HostsOutcome:
    """Plays it in a folder of its own. `keep`: this one, which stays. `tell` hears of each step."""
    outcome, began = HostsOutcome(), time.monotonic()
    async with _hosts(keep, tell) as (pair, parts):
        crowd = await _crowd(pair)
        coming = asyncio.create_task(crowd.come())
        try:
            await _strike_each(pair, parts, crowd, outcome=outcome, tell=tell)
            await until(lambda: len(crowd.finished) >= orders, f"{orders} orders", _ORDERS_SECONDS_MAX)
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
            await crowd.go_home(60)
            await crowd.look_after()
        outcome.orders = len(crowd.finished)
        tell(f"{outcome.orders} orders are finished; looking at what is left")
        await _judge(pair, crowd, outcome)
    outcome.seconds = round(time.monotonic() - began, 1)
    outcome.ok = not outcome.lost and not outcome.wrong and outcome.verified == "all"
    return outcome


async def _strike_each(
    pair: Pair, parts: dict[str, Part], crowd: SteadyCrowd, *, outcome: HostsOutcome, tell: Tell
) -> None:
    """Kills each process once. Between two, some people who came afterwards have their file."""
    await until(lambda: len(crowd.finished) >= _BETWEEN, "the first orders", 120)
    for host, role in VICTIMS:
        since = time.monotonic()
        if host == "between":
            if role not in parts:
                continue
            part = parts[role]
            before = part.starts
            os.kill(part.pid, signal.SIGKILL)
            await until(partial(_was_started, part, before), role)
        else:
            await pair.kill(host, role)
        await until(partial(_go_on, crowd, since), f"orders after {host} {role}", 120)
        outcome.killed.append(f"{host} {role}")
        tell(f"{host} {role} was killed; orders go on after {time.monotonic() - since:.1f} s")


def _was_started(part: Part, before: int) -> bool:
    return part.starts > before


def _go_on(crowd: SteadyCrowd, since: float) -> bool:
    return crowd.finished_since(since) >= _BETWEEN


async def _judge(pair: Pair, crowd: SteadyCrowd, outcome: HostsOutcome) -> None:
    deadline = time.monotonic() + _REST_SECONDS
    connection = await asyncpg.connect(pair.place.owner_url)
    try:
        while True:
            entries = list(crowd.journal.values())
            server = await read_server(connection)
            at_gateway = await read_gateway(pair.service.addresses.gateway)
            lost = differences(entries, server) + unfinished(entries, server, at_gateway)
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
    if set(outcome.by_host) != {"satu", "dua"}:
        outcome.wrong.append("a signer made no stamp")
    await asyncio.to_thread(_check, pair, outcome)


def _check(pair: Pair, outcome: HostsOutcome) -> None:
    """`meterai check --all`: the invariants, and the verifier's verdict on every released file."""
    words = [sys.executable, "-m", "meterai.cli", "check", "--all", "--json", "--data", str(pair.place.first)]
    env = {**without_settings(), **pair.place.variables, "METERAI_DATABASE_POOLER_URL": pair.place.pooler}
    told = subprocess.run(words, env=env, capture_output=True, text=True, timeout=300, check=False)
    try:
        found: list[dict[str, Any]] = json.loads(told.stdout)["invariants"]
    except (ValueError, KeyError):
        outcome.wrong.append(f"check: {told.stderr.strip()[-300:]}")
        return
    broken = {one["id"]: one["violations"][:3] for one in found if not one["ok"]}
    outcome.wrong += [f"{name}: {'; '.join(words)}" for name, words in broken.items()]
    judged = any(one["id"] == "I12" for one in found)
    outcome.verified = "all" if judged and "I12" not in broken else "not all"


async def _crowd(pair: Pair) -> ClosedCrowd:
    paper = await asyncio.to_thread(make_letter, "SURAT LAMARAN", "Pelamar Dua Tuan", size_bytes=60_000)
    addresses = pair.service.addresses
    service = Service(
        pid=addresses.pid,
        site=pair.place.site,
        inbox=addresses.inbox,
        gateway=addresses.gateway,
        gate=pair.place.gate,
    )
    crowd = SteadyCrowd.of(service, paper, per_second=1.0, seed=7)
    crowd.dice = random.Random(7)  # noqa: S311 - decides what people do
    return ClosedCrowd.like(crowd, _SIDE_BY_SIDE)


@asynccontextmanager
async def _hosts(keep: Path | None, tell: Tell) -> AsyncIterator[tuple[Pair, dict[str, Part]]]:
    """Both hosts and what stands around them, ready; gone at the end."""
    async with AsyncExitStack() as stack:
        folder = keep or Path(stack.enter_context(_folder()))
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)
        started = list[Part]()
        stack.callback(_stop_all, started)
        parts: dict[str, Part] = {}

        def begin(part: Part, name: str) -> Part:
            part.start()
            started.append(part)
            parts[name] = part
            keeping = asyncio.create_task(part.keep())
            stack.callback(keeping.cancel)
            return part

        database, pooler = free_port(), free_port()
        begin(postgres(folder / "postgresql", database), "postgresql")
        owner = await make_database(database)
        store = object_store(folder / "store")
        if store.part is not None:
            begin(store.part, "objects")
        await store.make_ready()
        place = _place(folder, owner, pooler, objects=store.url, variables=store.variables)
        tls = TlsAuthority(folder / "tls")
        await asyncio.to_thread(_migrate, place)
        secrets = place.first / "secrets" / "database.json"
        begin(pgbouncer(folder / "pgbouncer", pooler, database=database, passwords=secrets), "pgbouncer")
        gate = place.port + 6
        fronts = {
            _port_of(place.site): [f"{FIRST}:{place.port}", f"{SECOND}:{place.port}"],
            _port_of(place.gate): [f"{FIRST}:{gate}", f"{SECOND}:{gate}"],
        }
        begin(nginx(folder / "nginx", fronts), "nginx")
        tell("starting the first host")
        service = start_first(place, tls)
        stack.callback(_stop, service)
        await asyncio.to_thread(service.wait_until_ready)
        tell("starting the second host")
        pair = Pair(place, service)
        pair.roles = await start_second(place, tls, service)
        for part in pair.roles.values():
            started.append(part)
            stack.callback(asyncio.create_task(part.keep()).cancel)
        await until(lambda: answers(f"{place.site}/"), "the front")
        yield pair, parts


def _stop_all(parts: list[Part]) -> None:
    for part in reversed(parts):
        part.stop()


def _folder() -> Any:
    roomy = Path("/dev/shm")  # noqa: S108 - its name is made here
    return tempfile.TemporaryDirectory(
        prefix="meterai-hosts-", dir=roomy if roomy.is_dir() else None, ignore_cleanup_errors=True
    )


def _place(folder: Path, owner: str, pooler: int, *, objects: str, variables: dict[str, str]) -> Place:
    (folder / "queue").mkdir(exist_ok=True)
    return Place(
        folder=folder,
        owner_url=owner,
        pooler=f"postgresql://127.0.0.1:{pooler}/meterai",
        site=f"http://127.0.0.1:{free_port()}",
        gate=f"http://127.0.0.1:{free_port()}",
        objects=objects,
        port=_free_row(),
        signer_port=free_port(),
        variables=variables,
    )


def _free_row() -> int:
    """The first of the ports that a host needs, free on both addresses."""
    while True:
        first = free_port()
        wanted = [*range(first, first + 11), *(first + offset for offset in (20, 31, 41, 51, 61))]
        if all(
            free_port(port, host=host) == port
            for port in wanted
            if port < 65_536
            for host in ("127.0.0.1", FIRST, SECOND)
        ):
            return first


def _migrate(place: Place) -> None:
    """Makes schema, roles and secrets of the new installation, as an operator does before the first start."""
    env = {**without_settings(), "METERAI_DATABASE_URL": place.owner_url}
    words = [sys.executable, "-m", "meterai.cli", "db", "migrate", "--data", str(place.first)]
    done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"meterai db migrate: {done.stderr.strip()}")


def _port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


def _stop(service: Any) -> None:
    if service.launcher.poll() is None:
        try:
            service.stop()
        except subprocess.TimeoutExpired:
            service.launcher.kill()
            service.launcher.wait()
