"""A small run of `python -m benchmarks queue` prints its results, and names what it could not measure."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.load.wrk import WrkMissing, wrk
from simulator.planner.measured import GATE_POLLS_GOAL, read_measured


@pytest.mark.long
@pytest.mark.journey
def test_it_measures_joins_polls_pages_and_memory_and_loses_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks", "queue", "--json"]
    command += ["--joins", "300", "--seconds", "1", "--waiting", "400"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    assert result["problems"] == []
    steps = {(row["step"], row["server"]): row for row in result["results"]}
    assert steps["join", "gate"]["finished"] == 300
    assert steps["join, lottery", "gate"]["finished"] == 400
    assert steps["wait page", "gate"]["refused"] == steps["wait page", "gate"]["lost"] == 0
    assert {"finished_per_second", "cpu_ms_per_request", "p50_ms", "p95_ms", "p99_ms"} <= set(
        steps["join", "gate"]
    )
    assert result["memory"]["waiting"] == 400
    assert result["memory"]["status_bytes"] <= 1_024
    polled = ("status poll", "gate") in steps
    assert polled or any("apt-get install wrk" in line for line in result["skipped"])
    (told := tmp_path / "queue.json").write_text(run.stdout)
    bears = read_measured([str(told)])
    assert bears.joins == steps["join", "gate"]["finished_per_second"] > 0
    assert bears.polls == (steps["status poll", "gate"]["finished_per_second"] if polled else GATE_POLLS_GOAL)


def test_without_wrk_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(WrkMissing, match="apt-get install wrk"):
        wrk("http://127.0.0.1:9/", 1, headers="")
