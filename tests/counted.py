"""What this process has counted so far (prometheus-client)."""

from __future__ import annotations

from prometheus_client import REGISTRY


def counted(name: str, **labels: str) -> float:
    """The value of a metric; 0: there is none yet."""
    return REGISTRY.get_sample_value(name, labels) or 0.0
