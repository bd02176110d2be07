"""The values of rate control: measurements, memory, line, wishes of operators. Pure."""

from __future__ import annotations

import math

import msgspec

from meterai.waiting_room.rules.model import QueueState
from meterai.waiting_room.rules.rate_history import RateHistory

DONE_AFTER_S = 300
"""Seconds from the claim to the stamped document, until enough people have finished."""


class SiteMeasurements(msgspec.Struct, frozen=True, kw_only=True):
    """The site during the last seconds."""

    heard_s: float
    """Seconds since any site process reported."""
    p95_ms: float = 0.0
    in_flight: float = 0.0
    """The average number of requests at once in the fullest process."""
    requests: int = 0
    fault_share: float = 0.0
    backlog_s: float = 0.0
    stock: int | None = None
    """Stamps that can be sold; None: unknown."""
    can_buy: bool = True
    """Codes are sent, and the gateway opens charges. Without these the site looks quick, but nobody can
    buy."""
    is_stamping: bool = True
    """False while the emergency stop is on."""
    entered_per_min: float = 0.0
    """People who came in without a pass, because nobody had to wait."""
    done_after_s: int = DONE_AFTER_S
    """Seconds from the claim to the stamped document, for 95 of 100 people."""


class ControllerMemory(msgspec.Struct, frozen=True, kw_only=True):
    """What the controller remembers from step to step. The store keeps it."""

    rate: float = 0.0
    """What the site is believed to bear, without the brake."""
    full_at: float = 0.0
    """The rate at which the site last became full; 0: unknown."""
    full_again: int = 0
    """How many times in a row it became full at that rate."""
    idle_s: float = 0.0
    """How long the site has been idle while people came in nearly as fast as they may."""
    strain: float = 0.0
    """The pressure of the last seconds, averaged."""
    is_full: bool = False
    """The site was full, and has not been easy since."""
    used: float = 0.0
    """People a minute who came in during about the last half minute."""
    is_down: bool = False
    """The site does not report."""
    show_share: float = 0.9
    """The share of called people who come."""
    on_the_way: float = 0.0
    """People who were called a moment ago and can't be here yet."""
    called_then: float = 0.0
    claimed_then: float = 0.0
    """People called and passes given: sums with a half-life of two minutes."""
    called_lately: tuple[tuple[int, int], ...] = ()
    """(Unix time, people called then), oldest first, of people who may not have placed their orders yet."""
    call_left_s: float = 0.0
    """How long the last call is still valid. This clock stops while nobody can enter."""
    nobody_since: float = 0.0
    joins_since: float = 0.0
    """The earliest time at which a clock let people join (Unix seconds); 0: not yet."""
    planned: tuple[int, int, int] | None = None
    """The plan that a first cut of time replaced: (start of the cut, when people may join, the opening).

    Kept because the clock may have been ahead."""
    is_direct: bool = True
    trail: tuple[tuple[int, int, str], ...] = ()
    """(time, window, x) of the frontier, oldest first. It shows when people were called."""
    closed_free: bool = False
    """When the queue closed, everybody entered without a place."""
    late: tuple[int, str] = (0, "0")
    """(window, x) of the returners' frontier, as it stands in the log."""
    promises_read: dict[str, int] = {}
    """Gate -> the bytes of its promises that are in the log."""
    published_at: float = 0.0
    """The time of the last step whose files are all published (Unix seconds)."""
    chains_logged: int = 1
    """Chains of seeds to which the rules or the log commit."""
    beacon_rounds: dict[str, int] = {}
    """Window -> round of the public beacon, for windows that are closed and not revealed."""
    past: RateHistory = RateHistory()
    """The evening so far, for the forecast."""
    said: tuple[str, str] = ("", "")
    """(state, cause) as it stands in the log."""
    inside: int = 0
    """How many people may go on without a place since the line began, as it stands in the log."""
    counted_again_until: float = 0.0
    """Until then this number may grow."""
    counts_from: float = 0.0
    """An older release did not count. From then on the number is known."""
    is_short: bool = False
    """Fewer people are called than the site bears, because the last stamps are for people who were called
    before."""


class LineCounts(msgspec.Struct, frozen=True):
    """The line now, in numbers of people."""

    waiting: int
    """People who joined and are not called, including those in open windows."""
    called: int
    """Seconds since the last step."""
    claimed: int
    """Passes given since the last step."""
    ready_share: float | None = None
    """The share of the people called next who pinged within the last three minutes."""
    admission_is_full: bool = False
    """The admission bucket of the newcomers' lane is empty."""
    knocking: int = 0
    """Called people who lately found the admission full and are not in yet."""


class RateStep(msgspec.Struct, frozen=True):
    """The decisions of one step."""

    memory: ControllerMemory
    state: QueueState
    rate: float
    """What the site is believed to bear. The admission lets in no more, and wait pages use it beyond the fan.

    The brake is not in it. People held at the admission would try again and again, which makes work. People
    who read a rate that holds for seconds only would look again too late.
    """
    calls: float
    """People a minute by whom the frontier moves. The brake makes it smaller, expected no-shows make it
    greater."""
    pressure: float
    """1: the site is full."""
    stamps_for: float = math.inf
    """People a minute for whom the last stamps suffice; infinite while there are many stamps."""
    enough_for: float = math.inf
    """The number of further people for whom there are stamps; infinite: unknown."""


class OperatorWishes(msgspec.Struct, frozen=True, kw_only=True):
    """The wishes of the operators."""

    is_on: bool
    always: bool = False
    """Everybody stands in line, even when nobody has to wait."""
    halted: bool = False
    rate_cap: int | None = None
