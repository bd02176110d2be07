"""What the reckoning of hosts starts from: measured CPU, sizes of hosts, prices. `--assume` changes each."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from simulator.planner.measured import FURTHER_STAMP_COST

_Positive = Annotated[float, msgspec.Meta(gt=0, le=1e9)]
_Share = Annotated[float, msgspec.Meta(gt=0, lt=1)]
_Count = Annotated[int, msgspec.Meta(ge=0, le=10_000)]


class Figures(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All figures. Those in `MEASURED` are from docs/benchmarks.md, the others are assumptions."""

    order_ms: _Positive = 66.0
    """CPU of an order with one stamp: sites, workers, signers and PostgreSQL."""
    postgres_part: _Share = 0.26
    """PostgreSQL's share of it."""
    worker_part: _Share = 0.3
    """The share of worker and signer, with their jails. The site has the rest."""
    further_stamp_part: _Positive = FURTHER_STAMP_COST
    """CPU of a further stamp, as a share of an order with one."""
    join_us: _Positive = 88.0
    wait_page_us: _Positive = 430.0
    """The wait page that each person in line opens once."""
    poll_us: _Positive = 8.5
    front_request_us: _Positive = 150.0
    """CPU of the server in front for one request, with TLS."""

    usable: _Share = 0.7
    """Share of a host's processors and network that is counted on."""
    front_cores: _Positive = 2.0
    front_mbit: _Positive = 1_000.0
    """A front's network, each way."""
    site_cores: _Positive = 2.0
    worker_cores: _Positive = 2.0
    line_cores: _Positive = 2.0
    store_cores: _Positive = 2.0
    postgres_cores: Annotated[float, msgspec.Meta(ge=0, le=1e6)] = 0.0
    """Of each server. 0: as many as are needed, in twos, at least 4."""
    memory_gb: _Positive = 2.0
    """For each core."""
    postgres_memory_gb: _Positive = 4.0
    """For each core of PostgreSQL."""
    host_disk_gb: _Positive = 40.0
    """Disk of a host besides documents and the database."""
    database_kb: _Positive = 40.0
    """What a journey leaves in the database."""
    file_copies: Annotated[int, msgspec.Meta(ge=1, le=5)] = 2
    """Of each document in the object store, on hosts of their own."""

    fronts: _Count = 0
    """How many hosts. 0, as for the others: as many as are needed so that any one may be lost."""
    sites: _Count = 0
    workers: _Count = 0
    lines: _Count = 0
    postgres: _Count = 0
    stores: _Count = 0

    core_hour_rp: _Positive = 500.0
    memory_gb_hour_rp: _Positive = 70.0
    disk_gb_month_rp: _Positive = 2_000.0
    traffic_gb_rp: _Positive = 1_000.0
    """Of what leaves the fronts."""

    lost_minutes: _Positive = 30.0
    """How long a lost host is away, until it or another one stands in its place."""
    failover_seconds: _Positive = 30.0
    """Until a standby of PostgreSQL writes."""


MEASURED: Final = frozenset(
    {"order_ms", "postgres_part", "worker_part", "join_us", "wait_page_us", "poll_us"}
)


def read_figures(texts: list[str]) -> Figures:
    """The figures with those that are given as NAME=VALUE. Raises: ValueError naming what can't be read."""
    given = dict[str, float]()
    for text in texts:
        name, _, value = text.partition("=")
        if name not in Figures.__struct_fields__:
            raise ValueError(f"--assume {text}: one of {', '.join(Figures.__struct_fields__)}, then =VALUE")
        try:
            given[name] = float(value)
        except ValueError:
            raise ValueError(f"--assume {text}: {value or 'nothing'} is no number") from None
    try:
        figures = msgspec.convert(given, Figures, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"--assume: {error}") from None
    if figures.postgres_part + figures.worker_part >= 1:
        raise ValueError("--assume: postgres_part and worker_part leave nothing for the site")
    return figures
