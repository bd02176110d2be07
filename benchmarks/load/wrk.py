"""`wrk` (Debian's package), so that the generator of load is not the limit beside nginx."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass


class WrkMissing(Exception):
    """Debian's package is not installed."""


@dataclass(frozen=True, slots=True)
class WrkResult:
    """What wrk counted. `refused`: answers that were not 2xx or 3xx."""

    answered: int
    refused: int
    lost: int
    seconds: float
    p50_ms: float
    p95_ms: float
    p99_ms: float


def wrk(
    url: str, seconds: float, *, headers: str, processor: int | None = None, connections: int = 64
) -> WrkResult:
    """GETs of one address as fast as it answers, one thread. Raises: WrkMissing."""
    program = shutil.which("wrk")
    if program is None:
        raise WrkMissing("apt-get install wrk")
    command = [program, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", "/dev/stdin"]
    for header in headers.strip().split("\r\n"):
        command += ["-H", header]
    pinned = ["taskset", "--cpu-list", str(processor)] if processor is not None else []
    run = subprocess.run([*pinned, *command, url], input=_REPORT, capture_output=True, text=True, check=True)
    found = re.search(r"counted (\d+) (\d+) (\d+) (\d+) ([\d.]+) ([\d.]+) ([\d.]+)", run.stdout)
    assert found, run.stdout
    answered, microseconds, refused, lost = (int(found[n]) for n in range(1, 5))
    quantiles = [round(float(found[n]) / 1000, 2) for n in range(5, 8)]
    return WrkResult(answered, refused, lost, microseconds / 1e6, *quantiles)


_REPORT = """
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("counted %d %d %d %d %f %f %f\\n", summary.requests, summary.duration, e.status,
    e.connect + e.read + e.write + e.timeout, latency:percentile(50), latency:percentile(95),
    latency:percentile(99)))
end
"""
