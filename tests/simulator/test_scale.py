"""The benchmark of small hosts: groups with a limit of CPU in both versions, and the profile of a log."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from benchmarks.scale.cgroups import Group, NoCgroups, Roots, find_roots
from benchmarks.scale.profile import statements_of_log

BUSY = "import time\nends = time.monotonic() + 0.6\nwhile time.monotonic() < ends: pass"


def test_the_place_of_groups_is_found_in_both_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    (mounts := tmp_path / "mounts").write_text(
        f"cgroup {tmp_path}/cpu cgroup rw,cpu 0 0\ncgroup {tmp_path}/acct cgroup rw,cpuacct 0 0\n"
        f"cgroup2 {tmp_path} cgroup2 rw 0 0\n"
    )
    assert find_roots(mounts) == Roots(tmp_path / "cpu", tmp_path / "acct", is_v2=False)
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io\n")
    assert find_roots(mounts) == Roots(tmp_path, tmp_path, is_v2=True)
    mounts.write_text("proc /proc proc rw 0 0\n")
    with pytest.raises(NoCgroups, match="no mounted control groups"):
        find_roots(mounts)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(NoCgroups, match="only root"):
        find_roots(mounts)


def test_version_2_writes_one_file_and_reads_microseconds(tmp_path: Path) -> None:
    (tmp_path / "cgroup.subtree_control").touch()
    group = Group(Roots(tmp_path, tmp_path, is_v2=True), "tuan")
    assert (tmp_path / "cgroup.subtree_control").read_text() == "+cpu"
    group.limit(0.1)
    assert (tmp_path / "tuan" / "cpu.max").read_text() == "2000 20000"
    group.limit(None)
    assert (tmp_path / "tuan" / "cpu.max").read_text() == "max 20000"
    (tmp_path / "tuan" / "cpu.stat").write_text("usage_usec 1500000\nnr_throttled 3\n")
    assert group.seconds() == 1.5


def test_a_process_and_its_child_get_no_more_than_their_group_may() -> None:
    roots: Roots | None = None
    with suppress(NoCgroups):
        roots = find_roots()
    if roots is None or not os.access(roots.limits, os.W_OK):
        pytest.skip("this machine lets us make no control groups")
    try:
        host = Group(roots, f"meterai-test-{os.getpid()}")
    except OSError:
        pytest.skip("this machine lets us make no control groups")
    role = host.inside("role")
    host.limit(0.1)
    waits = f"input(); import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY!r}])"
    process = subprocess.Popen([sys.executable, "-c", waits], stdin=subprocess.PIPE)
    try:
        role.take(process.pid)
        began = time.monotonic()
        process.communicate(b"\n", timeout=30)
        took = time.monotonic() - began
        assert 0.01 < role.seconds() <= 0.15 * took + 0.03
    finally:
        process.kill()
        role.remove()
        host.remove()
    assert not (roots.limits / host.name).exists()


def test_statements_of_a_log_are_added_up_with_their_further_lines() -> None:
    log = (
        "2026-12-03 UTC [7] m@d LOG:  duration: 1.500 ms  execute __asyncpg_stmt_1__: SELECT a\n\tFROM b\n"
        "2026-12-03 UTC [7] m@d LOG:  duration: 0.500 ms  statement: BEGIN;\n"
        "2026-12-03 UTC [8] m@d LOG:  duration: 2.500 ms  execute __asyncpg_stmt_1__: SELECT a\n\tFROM b\n"
        "2026-12-03 UTC [8] LOG:  checkpoint complete\n"
    )
    assert statements_of_log(log) == [("SELECT a\n\tFROM b", 2, 4.0), ("BEGIN;", 1, 0.5)]
