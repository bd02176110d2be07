"""What an order costs on the cluster, beside one machine: CPU, in pairs.

`script/cluster --cost PAIRS`. Both run all the time, and people order at one of them in turns. Counted are
the processes of the product, PgBouncer, and PostgreSQL with its standbys. People, twins, nginx and S3 stand
apart, and so do the programs that watch and lead (etcd, Patroni, HAProxy, NATS).
"""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chaos.cluster.cluster import Cluster, Tell, open_cluster
from chaos.cluster.hosts import STORES
from chaos.cluster.people import browser_of
from chaos.cluster.pieces import processes_on
from chaos.hosts.cost import Cost, Installation, compare, installation, spent_below
from chaos.people import ClosedCrowd, SteadyCrowd
from simulator.crowd.papers import make_letter
from simulator.rehearsal.patience import PatientApplicant

_SIDE_BY_SIDE: Final = 8
_APART: Final = frozenset({"etcd", "patroni", "haproxy", "nats", "nginx"})
_TICKS: Final = 100
"""Of a second, in /proc (proc(5), sysconf(_SC_CLK_TCK) of Linux)."""


@dataclass(slots=True)
class Shoppers(ClosedCrowd):
    """People who order at both fronts, for no event."""

    def _person(self, number: int) -> PatientApplicant:
        person = SteadyCrowd._person(self, number)
        person.browser = browser_of(number)
        return person


async def measure(orders: int, pairs: int, tell: Tell) -> Cost:
    """Measures one machine and the cluster in turns."""
    async with open_cluster(None, tell, over_nats=True) as cluster, installation(1) as one:
        paper = make_letter("SURAT LAMARAN", "Pelamar Klaster Tuan", size_bytes=60_000)
        like = SteadyCrowd.of(cluster.installation.outside, paper, per_second=1.0, seed=7)
        like.dice = random.Random(7)  # noqa: S311 - decides what people do
        several = Installation(lambda: _spent(cluster), Shoppers.like(like, _SIDE_BY_SIDE))
        return await compare(one, several, orders=orders, pairs=pairs)


def _spent(cluster: Cluster) -> float:
    counted = [piece.pid for piece in cluster.pieces.values() if piece.name.partition(" ")[2] not in _APART]
    return spent_below(counted) + sum(_of_postgresql(host) for host in STORES)


def _of_postgresql(host: str) -> float:
    """CPU seconds of a server, with its children that ended. Patroni is not its parent."""
    ticks = 0
    for pid in processes_on(host, ("postgres",)):
        with suppress(OSError):
            ticks += sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[11:15]))
    return ticks / _TICKS
