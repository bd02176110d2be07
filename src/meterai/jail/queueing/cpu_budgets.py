"""Budgets of the jails' CPU time by network, so that heavy files of one network stop at a limit.

A letter takes 10 ms and a scan 30: 500 people behind one address do not use up a budget of 120 s. Files that
are made to be heavy take up to 8 s each. Customers and people with a pass have a budget of their own first.
Networks are kept as keyed hashes, and not for long.
"""

from __future__ import annotations

import hashlib
import math
import os
import time
from collections import OrderedDict
from collections.abc import Callable

from meterai.jail.queueing.callers import Caller
from meterai.kernel.refusals import Kind, Refusal

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
        self._sizes = {False: network_seconds, True: network_seconds * KNOWN_SHARE}
        self._clock = clock
        self._key = os.urandom(16)
        self._spent: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def check(self, caller: Caller) -> None:
        """Raises: Refusal BUSY `jail.budget_spent` with `retry_after_s`."""
        known, size = self._payer(caller)
        spent = self._spent_by(self._name(caller, known))
        if size and spent >= size:
            seconds = (spent - size + 1) * PERIOD_SECONDS / size
            raise Refusal(Kind.BUSY, "jail.budget_spent", retry_after_s=max(1, math.ceil(seconds)))

    def spend(self, caller: Caller, seconds: float) -> None:
        """Counts the CPU time of a job: for the known person, or, when their budget is spent, the network."""
        known, _ = self._payer(caller)
        name = self._name(caller, known)
        spent = self._spent_by(name)
        self._spent[name] = (spent + seconds, self._clock())
        self._spent.move_to_end(name)
        if len(self._spent) > _KEPT_MAX:
            self._spent.popitem(last=False)

    def _payer(self, caller: Caller) -> tuple[bool, float]:
        """Whether the caller pays by themselves, and the size of the budget."""
        known = bool(caller.known) and self._spent_by(self._name(caller, True)) < self._sizes[True]
        return known, self._sizes[known]

    def _spent_by(self, name: bytes) -> float:
        spent, since = self._spent.get(name, (0.0, 0.0))
        size = self._sizes[name[:1] == b"k"]
        return max(0.0, spent - (self._clock() - since) * size / PERIOD_SECONDS)

    def _name(self, caller: Caller, known: bool) -> bytes:
        text = caller.known if known else caller.network
        return (b"k" if known else b"n") + hashlib.blake2b(
            text.encode(), key=self._key, digest_size=8
        ).digest()
