"""How many requests a client may make, and the headers that say what is left (RateLimit fields for HTTP).

Each process counts for itself, so a client sees what is left in the process that answered.
"""

from __future__ import annotations

import math
import time
from uuid import UUID

from litestar.datastructures import State

from meterai.api.dependencies import one_of
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.fading_counts import FadingCounts, less_by

WINDOW_S = 60
"""An empty bucket is full again after this time."""
CLIENTS_MAX = 5_000
_POLICY = "client"


class RateLimits:
    """A token bucket for each client. The ones used least recently are forgotten."""

    def __init__(self) -> None:
        self._spent = FadingCounts(less_by(1 / WINDOW_S), names_max=CLIENTS_MAX)  # in buckets

    def take(self, client_id: UUID, now: float, *, per_minute: int) -> dict[str, str]:
        """Counts a request and returns the headers of its answer. `now`: monotonic seconds.

        Raises: api.too_many (429), with these headers among its facts.
        """
        name, one = str(client_id), 1 / per_minute
        spent = self._spent.look(name, now)
        over = spent + one - 1
        if over > one / 1000:  # what rounding may leave
            wait = math.ceil(over * WINDOW_S)
            raise Refusal(Kind.BUSY, "api.too_many", retry_after_s=wait, headers=_headers(spent, per_minute))
        self._spent.add(name, now, one)
        return _headers(spent + one, per_minute)


def count_request(state: State, client_id: UUID) -> dict[str, str]:
    """Counts a request of a client, at whatever door of the API. `state`: of the application.

    Raises: as `RateLimits.take`.
    """
    limits = one_of(RateLimits, state, RateLimits)
    per_minute = state.service.settings.api_requests_per_minute
    return limits.take(client_id, time.monotonic(), per_minute=per_minute)


def _headers(spent: float, per_minute: int) -> dict[str, str]:
    left = max(0, round((1 - spent) * per_minute))
    return {
        "RateLimit-Policy": f'"{_POLICY}";q={per_minute};w={WINDOW_S}',
        "RateLimit": f'"{_POLICY}";r={left};t={round(spent * WINDOW_S)}',
    }
