"""The hosts of the cluster: their names, addresses and ports. Each is a network namespace."""

from __future__ import annotations

import asyncio
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FRONTS: Final = ("front-1", "front-2")
"""nginx, gate, mirror of the line."""
APPS: Final = ("app-1", "app-2")
"""Site, worker, signer, controller, mirror; PgBouncer and HAProxy on the way to the database."""
STORES: Final = ("store-1", "store-2", "store-3")
"""PostgreSQL with Patroni, etcd, NATS."""
_FIRST: Final = {"front": 11, "app": 21, "store": 31}
OUTSIDE: Final = "10.77.0.1"
"""Where the outside world is: people, the twins of banks and mail, the object store."""
PEOPLE: Final = "10.80"
"""People come from addresses of this network (/16)."""
NAME: Final = "antrean.test"
PORT: Final = 8080
PUBLIC: Final = f"http://{NAME}:{PORT}"
"""The one address that people know: both fronts answer to it."""
SITE, GATE = 8000, 8006
SIGNER: Final = 8400
POOLER, BALANCER, SLOW_BALANCER = 6432, 5000, 5001
POSTGRES, PATRONI = 5432, 8008
ETCD, ETCD_PEER = 2379, 2380
NATS, NATS_PEER, NATS_MONITOR = 4222, 6222, 8222
_BRIDGE: Final = "switch"


def address(host: str) -> str:
    """The address of a host."""
    kind, _, number = host.partition("-")
    return f"10.77.0.{_FIRST[kind] + int(number) - 1}"


def inside(host: str, *words: str | Path) -> list[str]:
    """The words that run a program on a host."""
    return ["nsenter", f"--net=/run/netns/{host}", *(str(word) for word in words)]


def build() -> None:
    """Makes the hosts and the switch between them, in the namespaces of the caller, which end with it.

    Raises: RuntimeError.
    """
    _run("mount -t tmpfs none /run")
    Path("/run/netns").mkdir()
    for line in _lines():
        _run(line)
    for name in ("all", "default", _BRIDGE):
        Path(f"/proc/sys/net/ipv4/conf/{name}/route_localnet").write_text("1")


def _lines() -> Iterator[str]:
    yield "ip link set lo up"
    yield f"ip link add {_BRIDGE} type bridge"
    yield f"ip addr add {OUTSIDE}/16 dev {_BRIDGE}"
    yield f"ip link set {_BRIDGE} up"
    yield f"ip route add local {PEOPLE}.0.0/16 dev lo"
    yield "nft add table ip twins"
    yield "nft add chain ip twins in { type nat hook prerouting priority dstnat; }"
    for host in (*FRONTS, *APPS, *STORES):
        yield f"ip netns add {host}"
        yield f"ip link add {host} type veth peer name eth0 netns {host}"
        yield f"ip link set {host} master {_BRIDGE} up"
        yield f"ip -n {host} addr add {address(host)}/16 dev eth0"
        yield f"ip -n {host} link set eth0 up"
        yield f"ip -n {host} link set lo up"
        yield f"ip -n {host} route add {PEOPLE}.0.0/16 via {OUTSIDE}"


def publish(port: int) -> None:
    """Lets hosts reach a port of the outside world that listens on its loopback address."""
    _run(f"nft add rule ip twins in iifname {_BRIDGE} tcp dport {port} dnat to 127.0.0.1:{port}")


@dataclass(frozen=True, slots=True)
class Cut:
    """What a host neither sends nor receives, silently. Empty `others`: nothing from or to another host."""

    host: str
    others: Sequence[str] = ()
    port: int = 0
    """Of the others; 0: each."""
    table: str = "inet cuts"

    def make(self) -> None:
        """Cuts."""
        for way, end in (("input", "saddr"), ("output", "daddr")):
            side = "sport" if way == "input" else "dport"
            self._nft(f"add table {self.table}")
            self._nft(f"add chain {self.table} {way} {{ type filter hook {way} priority 0; }}")
            port = f"tcp {side} {self.port} " if self.port else ""
            for other in self.others or ("10.0.0.0/8",):
                own = f"ip {end} != {address(self.host)} " if not self.others else ""
                self._nft(f"add rule {self.table} {way} {own}ip {end} {other} {port}drop")

    def mend(self) -> None:
        """Takes all cuts of the host back."""
        self._nft(f"delete table {self.table}")

    def _nft(self, words: str) -> None:
        _run(" ".join(inside(self.host, "nft")) + " " + words)


def _run(line: str) -> None:
    words = shlex.split(line) if "{" not in line else line.split(" ")
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{line}: {done.stderr.strip()}")


async def mend_after(cut: Cut, seconds: float) -> None:
    """Cuts for so long."""
    await asyncio.to_thread(cut.make)
    try:
        await asyncio.sleep(seconds)
    finally:
        await asyncio.to_thread(cut.mend)
