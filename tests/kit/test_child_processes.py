"""Child processes and free ports."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

from meterai.kit.child_processes import free_port, open_log


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


def test_a_process_whose_log_can_not_be_written_is_started_all_the_same(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.mkdir()  # as on a disk that is read-only
    with open_log(log) as output:
        subprocess.run(["echo", "lost"], stdout=output, check=True)
    log.rmdir()
    with open_log(log) as output:
        subprocess.run(["echo", "told"], stdout=output, check=True)
    with open_log(log) as output:
        subprocess.run(["echo", "and again"], stdout=output, check=True)
    assert log.read_bytes() == b"told\nand again\n"
