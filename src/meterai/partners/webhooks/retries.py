"""When a message is sent again, and when a webhook is left alone. Pure functions."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec

from meterai.partners.webhooks.model import Answer, DeliveryState

_HOUR: Final = 3_600.0
DELAYS_S: Final = (5.0, 300.0, 1_800.0, *(hours * _HOUR for hours in (2, 5, 10, 14, 20, 20)))
"""Seconds from each attempt to the next: ten attempts within three days."""
_SPREAD: Final = 0.1
"""Part of a delay that chance adds, so that messages which failed together don't come together."""
_FIRST_PAUSE_S: Final = 5.0
_LONGEST_PAUSE_S: Final = 300.0
_ASKED_PAUSE_S_MAX: Final = _HOUR
"""How long a receiver may ask us to wait (Retry-After)."""
DISABLED_AFTER: Final = timedelta(days=5)
"""A webhook that took nothing for five days, while we tried, is disabled."""
GONE: Final = 410
_OVERLOADED: Final = (429, 502, 503, 504)


def state_after(answer: Answer, attempts: int) -> DeliveryState:
    """The state of a delivery after its attempt number `attempts`."""
    if answer.is_taken:
        return "delivered"
    return "waiting" if attempts <= len(DELAYS_S) and answer.status != GONE else "failed"


def next_attempt_at(answer: Answer, attempts: int, now: datetime) -> datetime | None:
    """When a delivery is tried again. None: never."""
    if state_after(answer, attempts) != "waiting":
        return None
    delay = DELAYS_S[attempts - 1] * (1 + _SPREAD * random.random())  # noqa: S311 - no secret
    return now + timedelta(seconds=max(delay, _asked_pause_s(answer)))


def is_away(answer: Answer) -> bool:
    """Whether the receiver takes no message at all now, whatever it says."""
    return answer.status in (0, GONE, *_OVERLOADED)


def pause_s(answer: Answer, failures: int) -> float:
    """Seconds for which a webhook is left alone after this many failures in a row."""
    if not is_away(answer):
        return 0.0
    ours: float = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(failures - 1, 20))
    return max(ours, _asked_pause_s(answer))


def _asked_pause_s(answer: Answer) -> float:
    return min(answer.retry_after_s, _ASKED_PAUSE_S_MAX) if answer.status in _OVERLOADED else 0.0


class Request(Protocol):
    """A request of a visit."""

    @property
    def at(self) -> datetime: ...
    @property
    def answer(self) -> Answer: ...


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How a webhook does after a visit."""

    failures: int
    failing_since: datetime | None
    paused_until: datetime | None
    disabled_because: str | None


def health_after(
    tried: Sequence[Request], now: datetime, *, failures: int, failing_since: datetime | None
) -> Health:
    """Judges a visit: what the receiver took last decides. The rest: how it did before."""
    since, pause, gone = failing_since, 0.0, False
    for one in tried:
        gone = one.answer.status == GONE
        if one.answer.is_taken:
            failures, since, pause = 0, None, 0.0
        else:
            failures, since = failures + 1, since or one.at
            pause = pause_s(one.answer, failures)
    fails_for_days = since is not None and bool(tried) and now - since >= DISABLED_AFTER
    return Health(
        failures=failures,
        failing_since=since,
        paused_until=now + timedelta(seconds=pause) if pause else None,
        disabled_because="gone" if gone else "failing" if fails_for_days else None,
    )
