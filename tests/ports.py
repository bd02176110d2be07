"""Ports for what tests start: each process of pytest has a thousand of its own, and takes nobody else's."""

from __future__ import annotations

import itertools
import os

from meterai.kit import child_processes

_PER_WORKER = 1000
_FIRST = 10_000 + _PER_WORKER * (1 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw-1").removeprefix("gw")))
"""Below those of `kit.processes.free_port` and of the kernel."""
_places = itertools.cycle(range(_PER_WORKER))


def free_port() -> int:
    """A port that nobody listens on."""
    for place in itertools.islice(_places, _PER_WORKER):
        if child_processes.free_port(_FIRST + place) == _FIRST + place:
            return _FIRST + place
    raise OSError("no free port for a test")


def first_of_free_ports(count: int = 11) -> int:
    """The first of `count` ports in a row on which nothing listens."""
    ports = [free_port()]
    while len(ports) < count:
        ports.append(free_port())
        if ports[-1] != ports[-2] + 1:
            ports = ports[-1:]
    return ports[0]
