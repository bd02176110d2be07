"""The faults, each with the seconds without a kind of service that it may cost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from chaos.cluster import cuts, kills
from chaos.cluster.cluster import Cluster
from chaos.cluster.probes import CALL, JOBS, ORDER, PAGE, STAMP, TICKET

Strike = Callable[[Cluster], Awaitable[None]]
_QUICK: Final = {TICKET: 3.0, PAGE: 3.0, ORDER: 3.0}
_DATABASE: Final = {ORDER: 30.0, PAGE: 30.0, STAMP: 40.0, TICKET: 3.0}
"""Tickets need no database. A file that is stamped may have waited for it."""
_POOLER: Final = {ORDER: 5.0, PAGE: 5.0, TICKET: 3.0}


@dataclass(frozen=True, slots=True)
class Fault:
    """`aims`: seconds without each kind of service."""

    name: str
    aims: Mapping[str, float]
    strike: Strike
    is_short: bool = False
    """Belongs to the short run."""
    over_nats: bool = False
    """There is none while all hosts share a folder of queues."""


def _pair(name: str, first: Fault, second: Fault) -> Fault:
    """Both at once. Each kind of service may be away as long as with the worse of them."""
    every = {*first.aims, *second.aims}
    aims = {kind: max(first.aims.get(kind, 0.0), second.aims.get(kind, 0.0)) for kind in every}

    async def strike(cluster: Cluster) -> None:
        await asyncio.gather(first.strike(cluster), second.strike(cluster))

    return Fault(name, dict(sorted(aims.items())), strike, over_nats=first.over_nats or second.over_nats)


_LEADER: Final = Fault("postgresql-leader-killed", _DATABASE, kills.kill_leader, is_short=True)
_FRONT: Final = Fault("front-killed", _QUICK, kills.kill_front, is_short=True)
_SITE: Final = Fault("site-killed", _QUICK, kills.kill_site)
_WORKER: Final = Fault("worker-killed", {JOBS: 20.0, **_QUICK}, kills.kill_worker, is_short=True)
_SIGNER: Final = Fault("signer-killed", {STAMP: 6.0, **_QUICK}, kills.kill_signer)
_CONTROLLERS: Final = Fault("controllers-killed", {TICKET: 3.0, CALL: 20.0}, kills.kill_controllers)
_PGBOUNCER: Final = Fault("pgbouncer-killed", _POOLER, kills.kill_pgbouncer, is_short=True)
_NATS: Final = Fault(
    "nats-server-killed", {**_QUICK, CALL: 15.0}, kills.kill_nats, is_short=True, over_nats=True
)
_OBJECTS: Final = Fault("object-store-away", {STAMP: 45.0, JOBS: 45.0, TICKET: 3.0}, cuts.cut_store)

SINGLE: Final = (
    _LEADER,
    _FRONT,
    _SITE,
    _WORKER,
    _SIGNER,
    _CONTROLLERS,
    _PGBOUNCER,
    _NATS,
    Fault("nats-server-with-an-empty-disk", {**_QUICK, CALL: 15.0}, kills.empty_nats, over_nats=True),
    Fault("nats-without-quorum", {**_QUICK, CALL: 40.0}, kills.kill_quorum, over_nats=True),
    _OBJECTS,
    Fault("postgresql-leader-partitioned", _DATABASE, cuts.cut_leader),
    Fault("link-to-database-cut", _DATABASE, cuts.cut_database),
    Fault("link-to-site-cut", _QUICK, cuts.cut_site),
    Fault("link-to-database-slow", _POOLER, cuts.slow_database),
    Fault("front-replaced-by-an-empty-host", _QUICK, kills.replace_front),
    Fault("clocks-apart-by-a-minute", {**_DATABASE, STAMP: 120.0}, cuts.set_clocks_apart),
)
PAIRS: Final = (
    Fault("store-killed", _DATABASE | {CALL: 60.0}, kills.kill_store),
    _pair("front-and-site-killed", _FRONT, _SITE),
    _pair("worker-and-signer-killed", _WORKER, _SIGNER),
    _pair("front-and-pgbouncer-killed", _FRONT, _PGBOUNCER),
    _pair("object-store-away-and-worker-killed", _OBJECTS, _WORKER),
    _pair("controllers-and-nats-server-killed", _CONTROLLERS, _NATS),
)
FAULTS: Final = (*SINGLE, *PAIRS)


def chosen(names: str, *, short: bool, over_nats: bool) -> list[Fault]:
    """The faults to play, in their order. `names`: with commas. Raises: ValueError for an unknown one."""
    there = [one for one in FAULTS if over_nats or not one.over_nats]
    known = [one.name for one in there]
    wanted = names.split(",") if names else [one.name for one in there if one.is_short or not short]
    if unknown := set(wanted) - set(known):
        raise ValueError(f"no fault {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return [one for one in there if one.name in wanted]
