"""Child processes and free ports."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from meterai.kit.child_processes import follow_logs, free_port, open_log


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


def test_a_log_that_was_deleted_with_its_folder_is_written_anew(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "x.log"
    with open_log(log) as process:
        process.write(b"before\n")
        process.flush()
        follow_logs(log.parent)
        shutil.rmtree(log.parent)
        process.write(b"since\n")
        process.flush()
        follow_logs(log.parent)
        assert log.read_bytes() == b"since\n"
        assert log.parent.stat().st_mode & 0o777 == 0o700
        assert not os.fstat(process.fileno()).st_size, "what was deleted takes nothing of the disk"
        process.write(b"and again\n")
        process.flush()
    with open_log(log):  # its successor's
        assert log.read_bytes() == b"since\nand again\n"


def test_a_log_that_was_moved_away_is_written_to_both(tmp_path: Path) -> None:
    """logrotate's `create`, and later its `compress`, which deletes what it has packed."""
    log, moved = tmp_path / "x.log", tmp_path / "x.log.1"
    with open_log(log) as process:
        process.write(b"before\n")
        process.flush()
        follow_logs(tmp_path)
        log.rename(moved)
        log.touch()
        for said in (b"one\n", b"two\n"):
            process.write(said)
            process.flush()
            follow_logs(tmp_path)
        assert (moved.read_bytes(), log.read_bytes()) == (b"before\none\ntwo\n", b"one\ntwo\n")
        moved.unlink()
        process.write(b"three\n")
        process.flush()
        follow_logs(tmp_path)
        follow_logs(tmp_path / "another's")
    assert log.read_bytes() == b"one\ntwo\nthree\n"


def test_what_was_said_while_a_log_s_disk_took_nothing_is_written_later(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    with open_log(log) as process:
        log.unlink()
        log.mkdir()  # as where nothing can be written
        process.write(b"kept\n")
        process.flush()
        follow_logs(tmp_path)
        log.rmdir()
        follow_logs(tmp_path)
    assert log.read_bytes() == b"kept\n"
