"""What processes count of their work, with prometheus-client. `kit.http.role_port` shows it.

A module declares its own figures beside what it measures. Labels are fixed lists: never a person, an order, a
document or anything that somebody typed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import Histogram

from meterai.kernel.refusals import Kind, Refusal

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Bounds of histograms of seconds."""
_OUTCOMES: Final = {Kind.UNAVAILABLE: "unavailable", Kind.BUSY: "busy"}


def seconds(name: str, meaning: str, *labels: str) -> Histogram:
    """Declares a histogram of seconds. It is called once for each name."""
    return Histogram(f"meterai_{name}_seconds", meaning, labels, buckets=SECONDS)


def outcome_of(error: BaseException | None) -> str:
    """How work ended: `ok`, `refused`, `busy`, `unavailable`, `cancelled` or `error`."""
    match error:
        case None:
            return "ok"
        case Refusal():
            return _OUTCOMES.get(error.kind, "refused")
        case asyncio.CancelledError():
            return "cancelled"
        case _:
            return "error"


@contextmanager
def timed(histogram: Histogram, *labels: str) -> Iterator[None]:
    """Measures the block. The outcome is the histogram's last label."""
    began = time.perf_counter()
    ended: BaseException | None = None
    try:
        yield
    except BaseException as error:
        ended = error
        raise
    finally:
        histogram.labels(*labels, outcome_of(ended)).observe(time.perf_counter() - began)
