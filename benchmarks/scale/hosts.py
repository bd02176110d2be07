"""The hosts: `satu` with the whole service, and further ones with a site and a worker each."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.scale.cgroups import Group, Roots
from chaos.hosts.pair import FIRST, SECOND, role_port, settings_of, until, until_ready
from chaos.hosts.parts import Part, answers
from chaos.hosts.stand import Stand
from chaos.running_service import RunningService, without_settings
from simulator.rehearsal.victims import is_module, processes_below

ROLES: Final = ("site", "worker")
_SETTINGS: Final = {"METERAI_LOG_LEVEL": "WARNING", "METERAI_JAIL_SLOTS": "1"}
_EVENTS: Final = """[[event]]
slug = "ukur"
name = "Ukur"
agency = "Ukur"
opens_at = 2020-01-01T00:00:00+07:00
closes_at = 2099-01-01T00:00:00+07:00
zone = "Asia/Jakarta"
output_bytes_max = 819200
pdf_version_min = "1.6"
[[event.required_documents]]
kind = "surat_lamaran"
name_id = "Surat lamaran"
name_en = "Letter of application"
"""
"""Without a queue: nobody waits in line, people who are many at a time are served slowly."""


def settings_for(stand: Stand) -> None:
    """Gives all hosts what this measurement needs."""
    file = stand.place.folder / "events.toml"
    file.write_text(_EVENTS)
    stand.place.variables = {**stand.place.variables, **_SETTINGS, "METERAI_EVENTS_FILE": str(file)}


@dataclass(slots=True)
class Cluster:
    """Everything that runs, each part in a control group."""

    stand: Stand
    service: RunningService
    roots: Roots
    cores: float
    """Of a host."""
    postgres_cores: float
    groups: dict[str, Group] = field(default_factory=dict)
    hosts: list[str] = field(default_factory=list)

    @property
    def postgres_pid(self) -> int:
        """Of the living server."""
        return self.stand.parts["postgresql"].pid

    def group(self, name: str, *pids: int) -> None:
        """Puts processes into a new group."""
        self.groups[name] = group = Group(self.roots, group_name(name))
        self.stand.stack.callback(group.remove)
        group.take(*pids)

    def limit(self, is_on: bool) -> None:
        """Holds hosts and PostgreSQL to their processors, or lets them have all that they want."""
        self.groups["postgresql"].limit(self.postgres_cores if is_on else None)
        for name in self.hosts:
            self.groups[name].limit(self.cores if is_on else None)

    def host(self, name: str, pids: dict[str, list[int]]) -> None:
        """A host's group, with a group for each role in it."""
        self.group(name)
        for role, roots in pids.items():
            self.groups[f"{name} {role}"] = inside = self.groups[name].inside(role)
            inside.take(*roots)
        self.hosts.append(name)

    def of_first(self, role: str) -> list[int]:
        """The processes of a role of `satu`."""
        wanted = is_module(f"meterai.processes.{role}")
        return [victim.pid for victim in processes_below(self.service.launcher.pid, wanted)]

    async def add_host(self) -> None:
        """One more host."""
        number = len(self.hosts) + 1
        if number == 1:
            await self._lead_to(1)
            self.host("host-1", {role: self.of_first(role) for role in ROLES})
            return
        parts = await asyncio.to_thread(self._parts, number)
        for role, part in parts.items():
            part.start()
            self.stand.keep(part)
            await until_ready(f"http://{address(number)}:{role_port(self.stand.place.port, role)}/readyz")
        await self._lead_to(number)
        self.host(f"host-{number}", {role: [part.pid] for role, part in parts.items()})

    def _parts(self, number: int) -> dict[str, Part]:
        place, name = self.stand.place, f"host-{number}"
        data = place.folder / name
        _prepare(place.first, data)
        env = settings_of(place, self.stand.tls, self.service.addresses, "dua")
        for named in ("SIGNER_LISTEN", "SIGNER_CLIENTS", "SIGNER_NAME", "GATE_FIRST_NUMBER"):
            env.pop(f"METERAI_{named}", None)
        env |= {
            "METERAI_HOST_NAME": name,
            "METERAI_HOST": address(number),
            "METERAI_SIGNER_URL": f"tls://{FIRST}:{place.signer_port}",
        }
        parts = {}
        for role in ROLES:
            own = {"METERAI_ROLE_PORT": f"{address(number)}:{role_port(place.port, role)}"}
            words = [sys.executable, "-m", "meterai.cli", "run", role, "--data", data]
            log = place.folder / f"{name}-{role}.log"
            parts[role] = Part(f"{name} {role}", words, log, env={**without_settings(), **env, **own})
        return parts

    async def _lead_to(self, count: int) -> None:
        """Lets the front pass people on to so many hosts."""
        place, front = self.stand.place, self.stand.parts["nginx"]
        settings = place.folder / "nginx" / "nginx.conf"
        was = f"upstream u{place.site.rpartition(':')[2]} {{"
        head, _, rest = settings.read_text().partition(was)
        servers = "".join(
            f" server {address(number)}:{place.port} max_fails=0;" for number in range(1, count + 1)
        )
        settings.write_text(f"{head}{was}{servers} }}{rest.partition('}')[2]}")
        os.kill(front.pid, signal.SIGHUP)
        await asyncio.sleep(1)
        await until(lambda: answers(f"{place.site}/"), "the front")


def group_name(name: str) -> str:
    """Of this run."""
    return f"meterai-scale-{os.getpid()}-{name}"


def address(number: int) -> str:
    """Of a host."""
    return {1: FIRST, 2: SECOND}.get(number, f"127.0.0.{number + 1}")


def _prepare(first: Path, data: Path) -> None:
    """What roles of a further host read: the installation's id, secrets and trust."""
    data.mkdir(mode=0o711)
    shutil.copy2(first / "installation", data / "installation")
    (data / "secrets").mkdir(mode=0o700)
    for name in ("application.json", "metrics-token"):
        shutil.copy2(first / "secrets" / name, data / "secrets" / name)
    shutil.copytree(first / "pki" / "trust", data / "pki" / "trust")


@contextmanager
def readable(cluster: Cluster) -> Iterator[dict[str, float]]:
    """CPU seconds of each group within the block, by its name."""
    before = {name: group.seconds() for name, group in cluster.groups.items()}
    spent: dict[str, float] = {}
    yield spent
    spent |= {name: group.seconds() - before[name] for name, group in cluster.groups.items()}
