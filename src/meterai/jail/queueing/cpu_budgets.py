"""Budgets of the jails' CPU time by network, so that heavy files of one network stop at a limit.

A letter takes 10 ms and a scan 30: 500 people behind one address do not use up a budget of 120 s. Files that
are made to be heavy take up to 8 s each. Customers and people with a pass have a budget of their own first.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from meterai.jail.queueing.callers import Caller
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.fading_counts import FadingCounts, less_by

PERIOD_SECONDS = 300.0
"""An empty budget is full again after this time."""
KNOWN_SHARE = 0.5
"""The budget of somebody who counts by themselves, as a share of a network's."""
_KEPT_MAX = 20_000


class CpuBudgets:
    """Token buckets of CPU seconds, for networks and known people. Those used least recently are forgotten.

    `network_seconds`: what one network may use in a burst. 0: no limit.
    """

    def __init__(self, network_seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._networks = _Budget(network_seconds)
        self._known = _Budget(network_seconds * KNOWN_SHARE)

    def check(self, caller: Caller) -> None:
        """Raises: Refusal BUSY `jail.budget_spent` with `retry_after_s`."""
        budget, name = self._payer(caller)
        over = budget.spent.look(name, self._clock()) - budget.size
        if budget.size and over >= 0:
            seconds = (over + 1) * PERIOD_SECONDS / budget.size
            raise Refusal(Kind.BUSY, "jail.budget_spent", retry_after_s=max(1, math.ceil(seconds)))

    def spend(self, caller: Caller, seconds: float) -> None:
        """Counts the CPU time of a job: for the known person, or, when their budget is spent, the network."""
        budget, name = self._payer(caller)
        budget.spent.add(name, self._clock(), seconds)

    def _payer(self, caller: Caller) -> tuple[_Budget, str]:
        """The budget that pays, and the name under which it counts."""
        if caller.known and self._known.spent.look(caller.known, self._clock()) < self._known.size:
            return self._known, caller.known
        return self._networks, caller.network


class _Budget:
    """The budgets of one kind, each of `size` seconds, and what was spent of them."""

    def __init__(self, size: float) -> None:
        self.size = size
        self.spent = FadingCounts(less_by(size / PERIOD_SECONDS), names_max=_KEPT_MAX)
