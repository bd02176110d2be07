"""The bench of the verifier, run as a person runs it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


@pytest.mark.long
@pytest.mark.storage
def test_every_engine_judges_the_same_file_and_ours_is_quick() -> None:
    command = [sys.executable, "-m", "benchmarks", "verify", "--json", "--seconds", "0.3"]
    command += ["--size-bytes", "30000", "--stamps", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    results = json.loads(done.stdout)["results"]
    assert [row["engine"] for row in results] == ["meterai", "fast", "pyhanko", "limit"]
    assert {(row["size_bytes"], row["stamps"], row["processes"]) for row in results} == {(30_000, 1, 1)}
    assert all(row["cpu_ms"] > 0 and row["wall_ms"] > 0 and row["per_second"] > 0 for row in results)
    spent = {row["engine"]: row["cpu_ms"] for row in results}
    assert spent["fast"] < spent["meterai"] < spent["pyhanko"] / 3
