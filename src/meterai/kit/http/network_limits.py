"""Limits how many joins, or other requests, come from one network.

Thousands of phones share a carrier's address, so each /24 or /48 has a wide token bucket that fills quickly.
When it is empty, joins need a proof of work. Joins beyond ten times the bucket are asked to come later.
Networks are kept as keyed hashes, and not for long.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from enum import IntEnum

from meterai.kit.http.client_network import network_of

NETWORKS_MAX = 20_000


class Answer(IntEnum):
    """What a join from this network needs."""

    WELCOME = 0
    WORK = 1
    LATER = 2


class NetworkLimits:
    """Token buckets by network. The ones used least recently are forgotten."""

    def __init__(self, *, burst: float = 3_000, per_second: float = 50, hard_factor: float = 10) -> None:
        self._burst = burst
        self._per_second = per_second
        self._hard = burst * hard_factor
        self._key = os.urandom(16)
        self._spent: OrderedDict[bytes, tuple[float, float]] = OrderedDict()
        self._named: tuple[str | None, bytes] = (None, b"")
        """The latest address and its network's name: `take` often follows `look` for the same address."""

    def look(self, address: str, now: float) -> Answer:
        """What one more join from this address needs, without counting it. `now`: monotonic seconds."""
        spent, since = self._spent.get(self._name(address), (0.0, now))
        return self._answer(max(0.0, spent - (now - since) * self._per_second) + 1)

    def take(self, address: str, now: float) -> Answer:
        """Counts one join from this address, unless it must come later. Returns what it needs."""
        name = self._name(address)
        spent, since = self._spent.pop(name, (0.0, now))
        spent = max(0.0, spent - (now - since) * self._per_second)
        answer = self._answer(spent + 1)
        self._spent[name] = (spent if answer is Answer.LATER else spent + 1, now)
        if len(self._spent) > NETWORKS_MAX:
            self._spent.popitem(last=False)
        return answer

    def _answer(self, spent: float) -> Answer:
        if spent > self._hard:
            return Answer.LATER
        return Answer.WELCOME if spent <= self._burst else Answer.WORK

    def _name(self, address: str) -> bytes:
        if self._named[0] != address:
            name = hashlib.blake2b(network_of(address).encode(), key=self._key, digest_size=8).digest()
            self._named = (address, name)
        return self._named[1]
