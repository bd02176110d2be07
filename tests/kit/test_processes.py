"""Child processes and free ports."""

from __future__ import annotations

import socket
from pathlib import Path

from meterai.kit.processes import free_port


def test_a_free_port_is_never_one_the_kernel_may_give_to_a_connection() -> None:
    first, last = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    assert not [port for port in (free_port() for _ in range(200)) if first <= port <= last]


def test_a_wanted_port_is_kept_unless_somebody_listens_there() -> None:
    wanted = free_port()
    assert free_port(wanted) == wanted
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", wanted))
        listener.listen()
        assert free_port(wanted) != wanted
