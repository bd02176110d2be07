"""What rate control works with: measurements, its memory, the line, the wishes of operators. Pure."""

from __future__ import annotations

import math

import msgspec

from meterai.waiting_room.rules.model import QueueState
from meterai.waiting_room.rules.rate_history import RateHistory

DONE_AFTER_S = 300
"""From the claim to the stamped document, while too few have been seen."""


class SiteMeasurements(msgspec.Struct, frozen=True, kw_only=True):
    """The site during the last seconds."""

    heard_s: float
    """Seconds since any site process reported."""
    p95_ms: float = 0.0
    in_flight: float = 0.0
    """Requests at once, on average, in the fullest process."""
    requests: int = 0
    fault_share: float = 0.0
    backlog_s: float = 0.0
    stock: int | None = None
    """Stamps that can be sold; None: not asked."""
    can_buy: bool = True
    """Codes are sent, and the gateway opens charges. Without these the site looks quick, and nobody can
    buy."""
    is_stamping: bool = True
    """False while the emergency stop is thrown."""
    entered_per_min: float = 0.0
    """People who came in without a pass, because nobody had to wait."""
    done_after_s: int = DONE_AFTER_S
    """From the claim to the stamped document, of 95 in 100."""


class ControllerMemory(msgspec.Struct, frozen=True, kw_only=True):
    """What the controller carries from step to step; kept in the store."""

    rate: float = 0.0
    """What the site is believed to bear, without the brake."""
    full_at: float = 0.0
    """The rate at which the site became full the last time; 0: not known."""
    full_again: int = 0
    """How many times in a row it became full there again."""
    idle_s: float = 0.0
    """How long the site has been idle while people came in nearly as fast as they may."""
    strain: float = 0.0
    """The pressure of the last seconds, averaged."""
    is_full: bool = False
    """The site has been full, and not easy since."""
    used: float = 0.0
    """People a minute who came in during the last half minute or so."""
    is_down: bool = False
    """The site is not heard of."""
    show_share: float = 0.9
    """Of those called, how many come."""
    on_the_way: float = 0.0
    """People who were called a moment ago and can't be here yet."""
    called_then: float = 0.0
    claimed_then: float = 0.0
    """People called and passes given, as a sum that forgets with a half-life of two minutes."""
    called_lately: tuple[tuple[int, int], ...] = ()
    """(Unix time, people called then) of those who may not have placed their orders yet, the oldest first."""
    call_left_s: float = 0.0
    """How long the last call is still valid. This clock stops while nobody can enter."""
    nobody_since: float = 0.0
    joins_since: float = 0.0
    """Since when people may join, by the earliest clock that said so (Unix seconds); 0: not yet."""
    planned: tuple[int, int, int] | None = None
    """The plan that a first cut of time replaced: (start of the cut, when people may join, the opening).

    Kept because the clock may have been ahead."""
    is_direct: bool = True
    trail: tuple[tuple[int, int, str], ...] = ()
    """(time, window, x) of the frontier, the oldest first. It tells when people were called."""
    closed_free: bool = False
    """When the queue closed, everybody entered without a place."""
    late: tuple[int, str] = (0, "0")
    """(window, x) of the returners' frontier, as it stands in the log."""
    promises_read: dict[str, int] = {}
    """Gate -> bytes of its promises that are in the log."""
    published_at: float = 0.0
    """When the last step whose files are all there was taken (Unix seconds)."""
    chains_logged: int = 1
    """Chains of seeds to which the rules or the log commit."""
    beacon_rounds: dict[str, int] = {}
    """Window -> round of the public beacon, of windows that are closed and not revealed."""
    past: RateHistory = RateHistory()
    """For the guess of the rest of the evening."""
    is_short: bool = False
    """Fewer are called than the site bears: the stamps that are left are for those who were called."""


class LineCounts(msgspec.Struct, frozen=True):
    """The line now. Numbers of people."""

    waiting: int
    """Joined and not called, windows that take joins included."""
    called: int
    """Since the last step."""
    claimed: int
    """Passes given since the last step."""
    ready_share: float | None = None
    """Of those who are called next, how many said within three minutes that they are there."""
    admission_is_full: bool = False
    """The door's bucket of the newcomers' lane is empty."""
    knocking: int = 0
    """People who were called, found the door full of late, and are not in yet."""


class RateStep(msgspec.Struct, frozen=True):
    """What one step decides."""

    memory: ControllerMemory
    state: QueueState
    rate: float
    """What the site is believed to bear. The admission lets in no more, and wait pages use it beyond the fan.

    The brake is not in it. People held at the admission would knock again and again, which makes work. People
    who are told a rate that holds for seconds would look again too late."""
    calls: float
    """By how many people a minute the frontier moves. The brake makes it smaller, expected no-shows
    greater."""
    pressure: float
    """1: the site is full."""
    stamps_for: float = math.inf
    """People a minute for whom the last stamps suffice; infinite while there are many."""
    enough_for: float = math.inf
    """How many more people there are stamps for; infinite: not asked."""


class OperatorWishes(msgspec.Struct, frozen=True, kw_only=True):
    """What the operators want."""

    is_on: bool
    always: bool = False
    """Everybody stands in line, also when nobody has to wait."""
    halted: bool = False
    rate_cap: int | None = None
