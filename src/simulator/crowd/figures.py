"""What the loads tell alike: figures of a crowd, and what the driver found out by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from meterai.verification.in_jail import judge
from meterai.verification.model import JudgeRequest, Verdict
from meterai.verification.trust import TRUST_FOLDER, load_trust

SAMPLE_EVERY = 10
"""The driver judges each tenth file itself, with the trust root and without asking the service."""


class StepTimes(msgspec.Struct, frozen=True):
    """Quantiles of one step's wall time."""

    p50_ms: float
    p95_ms: float
    p99_ms: float


class CrowdFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What a run showed. CPU counts product processes with PostgreSQL; the sandbox's stands apart."""

    finished: int
    finished_per_second: float
    cpu_ms_per_order: float
    cpu_ms_by_part: dict[str, float]
    sandbox_cpu_ms_per_order: float
    steps: dict[str, StepTimes]
    refused: int
    lost: int
    verified: int
    seconds: float
    file_bytes: int
    problems: list[str]


class CpuOfOrders(msgspec.Struct, frozen=True, kw_only=True):
    """CPU ms of one finished order, by the names of `CrowdFigures`."""

    cpu_ms_per_order: float
    cpu_ms_by_part: dict[str, float]
    sandbox_cpu_ms_per_order: float


def cpu_of_orders(before: dict[str, float], after: dict[str, float], finished: int) -> CpuOfOrders:
    """From two readings of `cpu_seconds`."""
    spent = {part: (after[part] - before.get(part, 0)) * 1000 / max(finished, 1) for part in sorted(after)}
    twins = spent.pop("sandbox", 0.0)
    return CpuOfOrders(
        cpu_ms_per_order=round(sum(spent.values()), 2),
        cpu_ms_by_part={part: round(ms, 2) for part, ms in spent.items()},
        sandbox_cpu_ms_per_order=round(twins, 2),
    )


def verify_sample(files: list[bytes], data: Path) -> int:
    """How many of the files are judged ASLI here, offline."""
    trust = load_trust(data / TRUST_FOLDER)
    now = datetime.now(UTC)
    verdicts = [judge(JudgeRequest(data=file, trust=trust, moment=now)).verdict for file in files]
    return verdicts.count(Verdict.GENUINE)


def quantiles(values: list[float]) -> StepTimes:
    """p50, p95 and p99 (nearest rank)."""
    ranked = sorted(values)

    def at(share: float) -> float:
        return round(ranked[min(len(ranked) - 1, int(share * len(ranked)))], 1)

    return StepTimes(at(0.50), at(0.95), at(0.99))
