"""Child processes and free ports."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path

from meterai.kit.processes import free_port, open_log


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


def test_a_process_that_was_started_without_its_log_writes_it_once_it_can(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.mkdir()  # as on a disk that is read-only
    with (
        open_log(log) as output,
        subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=output, stderr=output) as process,
    ):
        assert process.stdin is not None
        process.stdin.write(b"lost\n")
        process.stdin.flush()
        time.sleep(0.2)
        log.rmdir()
        process.stdin.write(b"told\n")
        process.stdin.flush()
        deadline = time.monotonic() + 10
        while not log.is_file() and time.monotonic() < deadline:
            time.sleep(0.01)
        process.stdin.write(b"and again\n")
    while b"again" not in (told := log.read_bytes()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert told.removeprefix(b"lost\n") == b"told\nand again\n"
