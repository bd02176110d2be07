"""Upgrades two hosts from a release to this checkout, one process at a time, while people order.

`python -m chaos.hosts.rolling TAG`. Exit codes: 0 nothing was refused or lost, 1 not, 2 not played.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec
import uvloop

from chaos.hosts.judge import HostsOutcome, judge
from chaos.hosts.pair import (
    FIRST,
    SECOND,
    Place,
    activate,
    common_settings,
    prepare_second,
    role_port,
    settings_of,
    start_first,
    until,
    until_ready,
)
from chaos.hosts.parts import Part, answers
from chaos.hosts.releases import install
from chaos.hosts.stand import Stand, crowd_of, open_stand, stop_service
from chaos.people import ClosedCrowd
from chaos.running_service import without_settings
from meterai.kit.installation import Addresses
from meterai.kit.installation_secrets import Secrets
from meterai.kit.settings import Settings
from meterai.launcher.preparation import Ports, Twins
from meterai.launcher.process_list import twin_specs
from simulator.crowd.report import ended_by_signals

ROLES: Final = {
    "satu": ("signer", "worker", "controller", "site", "gate"),
    "dua": ("signer", "worker", "site", "gate"),
}
_SIDE_BY_SIDE: Final = 6
_BETWEEN: Final = 6
"""Orders that are finished between two replacements."""


@dataclass(slots=True)
class Fleet:
    """The processes of both hosts, by `HOST ROLE`."""

    stand: Stand
    addresses: Addresses
    settings: Mapping[str, Mapping[str, str]]
    """By host."""
    parts: dict[str, Part] = field(default_factory=dict)

    def start(self, host: str, role: str, python: Path) -> None:
        """Starts a process with this release."""
        place = self.stand.place
        env = {**without_settings(), **self.settings[host]}
        env["METERAI_ROLE_PORT"] = f"{address_of(host)}:{role_port(place.port, role)}"
        part = Part(
            f"{host} {role}", self._words(host, role, python), place.folder / f"{host}-{role}.log", env=env
        )
        part.start()
        self.parts[part.name] = part
        self.stand.keep(part)

    async def upgrade(self, host: str, role: str, python: Path) -> None:
        """Replaces a process by one of this release."""
        await self.parts[f"{host} {role}"].replace(self._words(host, role, python))
        await self.ready(host, role)

    def _words(self, host: str, role: str, python: Path) -> list[str | Path]:
        data = self.stand.place.first if host == "satu" else self.stand.place.second
        return [python, "-m", "meterai.cli", "run", role, "--data", data]

    async def ready(self, host: str, role: str) -> None:
        """Waits until a process can do its work."""
        await until_ready(f"http://{address_of(host)}:{role_port(self.stand.place.port, role)}/readyz")


def address_of(host: str) -> str:
    """The loopback address of a host."""
    return FIRST if host == "satu" else SECOND


async def play(tag: str, *, keep: Path | None) -> HostsOutcome:
    """Plays the upgrade. Raises: RuntimeError, TimeoutError, OSError when it can't be played."""
    outcome, began = HostsOutcome(), time.monotonic()
    async with AsyncExitStack() as stack:
        releases = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="meterai-releases-")))
        _tell(f"installing {tag} and this checkout")
        old, new = await asyncio.gather(
            asyncio.to_thread(install, tag, releases / "old"),
            asyncio.to_thread(install, "", releases / "new"),
        )
        stand = await stack.enter_async_context(open_stand(keep, python=old))
        fleet = await _begin(stand, old)
        crowd = await crowd_of(stand.place, fleet.addresses, _SIDE_BY_SIDE)
        coming = asyncio.create_task(crowd.come())
        try:
            await until(lambda: len(crowd.finished) >= _BETWEEN, "the first orders", 120)
            await asyncio.to_thread(_migrate, stand.place, new)
            _tell("the schema is the new release's; every process is the old one's")
            for host, roles in ROLES.items():
                for role in roles:
                    await _upgrade_one(fleet, crowd, host=host, role=role, python=new, outcome=outcome)
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
            await crowd.go_home(60)
            await crowd.look_after()
        outcome.orders = len(crowd.finished)
        outcome.refused = crowd.counts["refused"]
        outcome.wrong += [f"refused: {words}" for words, _ in crowd.problems.most_common(5)]
        outcome.reloads = crowd.counts["reloads"]
        env = {**without_settings(), **fleet.settings["satu"]}
        await judge(stand.place, crowd, fleet.addresses.gateway, env, outcome=outcome)
    outcome.seconds = round(time.monotonic() - began, 1)
    outcome.settle()
    return outcome


async def _upgrade_one(
    fleet: Fleet, crowd: ClosedCrowd, *, host: str, role: str, python: Path, outcome: HostsOutcome
) -> None:
    await fleet.upgrade(host, role, python)
    since = time.monotonic()
    await until(lambda: crowd.finished_since(since) >= _BETWEEN, f"orders after {host} {role}", 120)
    outcome.killed.append(f"{host} {role}")
    _tell(f"{host} {role} is the new release's; {len(crowd.finished)} orders are finished")


async def _begin(stand: Stand, python: Path) -> Fleet:
    """Makes the installation with the old release, then starts each process by itself."""
    place, tls = stand.place, stand.tls
    service = start_first(place, tls, python=python)
    try:
        await asyncio.to_thread(service.wait_until_ready)
        addresses = service.addresses
        await asyncio.to_thread(prepare_second, place)
    finally:
        await asyncio.to_thread(stop_service, service)
    await _start_twins(stand, addresses)
    settings = {host: settings_of(place, tls, addresses, host) for host in ROLES}
    fleet = Fleet(stand, addresses, settings)
    for host in ROLES:
        fleet.start(host, "signer", python)  # one of them has no key yet
    env = {**without_settings(), **common_settings(place, tls, "satu"), **_commands(settings["satu"])}
    await asyncio.to_thread(activate, place, env)
    for host, roles in ROLES.items():
        for role in roles:
            if role != "signer":
                fleet.start(host, role, python)
            await fleet.ready(host, role)
    await until(lambda: answers(f"{place.site}/"), "the front")
    return fleet


def _commands(settings: Mapping[str, str]) -> dict[str, str]:
    """What a command needs beside processes that no launcher started."""
    return {name: settings[name] for name in ("METERAI_DATABASE_OPERATOR_URL", "METERAI_DATABASE_READER_URL")}


async def _start_twins(stand: Stand, addresses: Addresses) -> None:
    """Starts the twins at the addresses that the launcher gave them."""

    def port_of(address: str) -> int:
        return int(address.rpartition(":")[2]) if address else 0

    twins = Twins(gateway=True, tsa=True, inbox=True, revocation=True)
    ports = Ports(
        site=stand.place.port,
        gateway=port_of(addresses.gateway),
        tsa=port_of(addresses.tsa),
        inbox=port_of(addresses.inbox),
        smtp=port_of(addresses.smtp),
        postgres=0,
        gate=0,
        revocation=port_of(addresses.revocation),
    )
    settings = Settings(data=stand.place.first, host=FIRST)
    for spec in twin_specs(settings, ports, twins, Secrets(stand.place.first)):
        part = Part(spec.name, list(spec.argv), stand.place.folder / f"{spec.name}.log", env=spec.env)
        part.start()
        stand.keep(part)
        await until(lambda spec=spec, part=part: spec.ready(part.pid), spec.name)  # type: ignore[misc]


def _migrate(place: Place, python: Path) -> None:
    """Brings the schema to the new release's, while the old processes work."""
    env = {**without_settings(), "METERAI_DATABASE_URL": place.owner_url}
    words = [str(python), "-m", "meterai.cli", "db", "migrate", "--data", str(place.first)]
    done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"meterai db migrate: {done.stderr.strip()}")


def _tell(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def main() -> None:
    """Plays what was asked for."""
    parser = argparse.ArgumentParser(prog="script/rolling-upgrade", description=__doc__)
    parser.add_argument("tag", help="the release from which is upgraded, such as v1.0")
    parser.add_argument("--keep", type=Path, help="folder for the data and logs, to look at afterwards")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("not played: only root may start PostgreSQL as another user")
    try:
        outcome = uvloop.run(ended_by_signals(play(asked.tag, keep=asked.keep)))
    except asyncio.CancelledError:
        sys.exit(2)
    except (ValueError, RuntimeError, AssertionError, TimeoutError, OSError) as error:
        print(f"not played: {error}", file=sys.stderr)
        sys.exit(2)
    print(msgspec.json.encode(outcome).decode() if asked.json else outcome.words())
    sys.exit(0 if outcome.ok else 1)


if __name__ == "__main__":
    main()
