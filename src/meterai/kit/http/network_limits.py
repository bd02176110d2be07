"""Limits how many joins, or other requests, come from one network.

Thousands of phones share a carrier's address, so each /24 or /48 has a wide token bucket that fills quickly.
Requests beyond the bucket are more than a crowd's share. Beyond ten times the bucket they are asked to come
later.
"""

from __future__ import annotations

from enum import IntEnum

from meterai.kit.fading_counts import FadingCounts, less_by
from meterai.kit.http.client_network import network_of

NETWORKS_MAX = 20_000


class Answer(IntEnum):
    """How one more request of a network fits its limits."""

    WELCOME = 0
    WORK = 1
    """It is beyond the bucket."""
    LATER = 2


class NetworkLimits:
    """Token buckets by network. The ones used least recently are forgotten."""

    def __init__(self, *, burst: float = 3_000, per_second: float = 50, hard_factor: float = 10) -> None:
        self._burst = burst
        self._hard = burst * hard_factor
        self._spent = FadingCounts(less_by(per_second), names_max=NETWORKS_MAX)
        self._latest: tuple[str | None, str] = (None, "")
        """The latest address and its network: `take` often follows `look` for the same address."""

    def look(self, address: str, now: float) -> Answer:
        """How one more request from this address fits, without counting it. `now`: monotonic seconds."""
        return self._answer(self._spent.look(self._network(address), now) + 1)

    def take(self, address: str, now: float) -> Answer:
        """Counts one request from this address, unless it must come later. Returns how it fits."""
        answer = self.look(address, now)
        self._spent.add(self._network(address), now, 0 if answer is Answer.LATER else 1)
        return answer

    def _answer(self, spent: float) -> Answer:
        if spent > self._hard:
            return Answer.LATER
        return Answer.WELCOME if spent <= self._burst else Answer.WORK

    def _network(self, address: str) -> str:
        if self._latest[0] != address:
            self._latest = (address, network_of(address))
        return self._latest[1]
