"""Decides once a second how many people are called, and the state of the queue. Pure.

Rates are in people a minute. What the site bears is measured and never a constant. The measurements are its
latency, its requests in progress, the age of the oldest unstamped order, its failures, and whether people can
pay.

Two values decide (decision 0020).

- The rate is remembered: it is what the site is believed to bear. It grows while the site is easy and the
  rate
  is used, as RFC 7661 has it for TCP. Near the rate at which the site was full before, it hardly grows. It
  shrinks slowly, because people who enter make work for minutes.
- The brake is not remembered. It subtracts what the pressure of this second requires.
"""

from __future__ import annotations

import math

import msgspec

from meterai.waiting_room.rules.model import Policy, QueueState, Schedule
from meterai.waiting_room.rules.rate_history import RateHistory
from meterai.waiting_room.rules.rate_model import (
    ControllerMemory,
    LineCounts,
    OperatorWishes,
    RateStep,
    SiteMeasurements,
)
from meterai.waiting_room.rules.state_causes import StateCause

P95_WANTED_MS = 1_000.0
"""The site is full here: half of the 2 s that people behind the gate are promised."""
IN_FLIGHT_WANTED = 240.0
"""The average number of requests at once in one site process. A stuck site answers nothing, so its latency
says nothing.

The figure is 800 requests a second (60 people a second) of 0.3 s each. A quick site shows its latency first.
"""
BACKLOG_WANTED_S = 20.0
"""Age of the oldest paid order that is not stamped."""
FAULTS_WANTED = 0.05
"""Share of requests that fail: the store or we ourselves are in trouble."""
EASY, FULL = 0.6, 0.8
"""The rate grows while the pressure is below `EASY`, and shrinks while the strain is above `FULL`."""
STRAIN_S = 10.0
STRAIN_MAX = 1.5
"""Strain is the pressure averaged over `STRAIN_S`, each second counted up to `STRAIN_MAX`.

A site that pauses for a second or two, such as at a checkpoint, bears no less afterwards."""
BRAKE_FROM, BRAKE_TO = 0.6, 2.5
"""Pressures at which the brake begins, and at which it leaves only the floor. People who are called show up
ten seconds later, so a steeper brake swings between a full and an idle site."""
GROWTH_PER_S = 0.04
"""Of the rate, and at least `GROWTH_MIN`."""
GROWTH_MIN = 3.0
NEAR, FAR = 0.8, 1.2
"""Parts of the rate at which the site was full. From `NEAR` on growth is slow; at `FAR` that rate is
forgotten."""
GROWTH_NEAR_PER_S = 0.001
IDLE = 0.1
"""A site under less pressure has hardly anything to do."""
DOUBTED_AFTER_S = 15.0
"""Seconds. A site may be idle for this long near the rate at which it was full. Then it had been full for
another reason, such as a gateway that was down.

In that case the rate grows there as fast as elsewhere. Each time the site is full there again, the time is
four times as long (up to `_AGAIN_MAX`). A site that fails without slowing down must not be tried every
minute.
"""
_AGAIN_MAX = 3
SHRINKING_PER_S = 0.01
"""Part of the rate that is lost for each 1 of strain above `FULL`."""
USED_S = 30.0
"""Arrivals are averaged over this time."""
USED_ROOM = 1.5
"""The rate grows to this multiple of its use; freely up to `_FREE_FLOORS` and up to `NEAR`."""
_FREE_FLOORS = 2.0
UNCALLED = 0.5
"""The part of people who came in without waiting that a full site is believed to bear.

At a sudden crowd nothing else is known. The brake subtracts the excess.
"""
KNOCKING_S = 10.0
"""People who try to enter at the full admission shall be in within this time. Fewer are called meanwhile."""
STAMPS_EACH = 2
"""Stamps counted for each person who is called: most applications take two documents."""
HELD_AFTER = 0.7
"""Part of the time in which 95 of 100 have their stamps. Nine of ten have placed an order by then."""
TOGETHER_S = 20
"""People who are called within this time are counted together in `called_lately`."""
COMES_S = 10.0
"""The average time from the call to the pass: the page looks, the code arrives and is typed."""
AFTER_SILENCE = 0.5
"""The part of its earlier rate that a site is believed to bear after it was down."""
SILENT_S = 6.0
"""A site that has not reported for this long is down; nobody is sent to it."""
SHARE_MIN, SHARE_MAX = 0.2, 1.0
CALLS_FACTOR_MAX = 4.0
DIRECT_AFTER_S = 20.0
"""Direct entry begins after nobody has waited for this long."""


def step(
    memory: ControllerMemory,
    *,
    schedule: Schedule,
    policy: Policy,
    wishes: OperatorWishes,
    measured: SiteMeasurements,
    line: LineCounts,
    now: float,
    elapsed_s: float,
) -> RateStep:
    """One step, about a second after the last one (`elapsed_s`)."""
    pressure = pressure_of(measured)
    memory = _with_use(memory, line, measured, elapsed_s)
    memory = _with_rate(memory, policy, wishes, pressure, elapsed_s)
    memory = _with_shows(memory, line, elapsed_s)
    holding_s = HELD_AFTER * measured.done_after_s
    memory = _with_called(memory, line, now, keep_s=holding_s)
    memory = _with_direct(memory, policy, wishes, line, measured, now, closes_at=schedule.closes_at)
    if line.called > 0:
        memory = msgspec.structs.replace(memory, call_left_s=policy.claim_minutes * 60.0)
    state = state_of(schedule, policy, wishes, measured, line, memory, now)
    moves = state in (QueueState.DIRECT, QueueState.OPEN, QueueState.LAST_CALL)
    if moves and measured.can_buy:
        memory = msgspec.structs.replace(memory, call_left_s=max(0.0, memory.call_left_s - elapsed_s))
    rate = memory.rate if moves else 0.0
    calls = max(0.0, _braked(rate, policy, pressure) - line.knocking * 60 / KNOCKING_S) * calls_factor(memory)
    people = math.inf if measured.stock is None else _with_stamps(memory, measured.stock)
    is_short = people < calls * elapsed_s / 60
    memory = msgspec.structs.replace(memory, is_short=is_short)
    if not is_short:
        return RateStep(memory, state, rate, calls, pressure, enough_for=people)
    return RateStep(memory, state, rate, people * 60 / elapsed_s, pressure, people * 60 / holding_s, people)


def expected_calls(decided: RateStep, past: RateHistory, policy: Policy) -> float:
    """The people a minute by whom the frontier will move, without this second's brake. The forecast starts
    from it.

    0: nobody is called now, and nothing has shown yet how many can be.
    """
    memory = decided.memory
    # without use the rate ends one step beyond the free growth, and that step may have come late
    is_shown = bool(past.minutes) or memory.rate > 2 * _FREE_FLOORS * policy.rate_floor + GROWTH_MIN
    if decided.rate <= 0 and not is_shown:
        return 0.0
    return min(memory.rate * calls_factor(memory), decided.stamps_for)


def cap_of(policy: Policy, wishes: OperatorWishes) -> float:
    """The most people a minute who may come in, whatever the site bears."""
    return float(policy.rate_cap if wishes.rate_cap is None else min(policy.rate_cap, wishes.rate_cap))


def pressure_of(measured: SiteMeasurements) -> float:
    """The worst measurement of the site, each as a part of its limit. 1: the site is full."""
    if measured.heard_s > SILENT_S:
        return float("inf")
    return max(
        measured.p95_ms / P95_WANTED_MS,
        measured.in_flight / IN_FLIGHT_WANTED,
        measured.backlog_s / BACKLOG_WANTED_S,
        measured.fault_share / FAULTS_WANTED if measured.requests >= 10 else 0.0,
        0.0 if measured.can_buy else BRAKE_TO,
    )


def calls_factor(memory: ControllerMemory) -> float:
    """How many people are called for each person who shall come."""
    return min(CALLS_FACTOR_MAX, 1 / memory.show_share)


def _with_stamps(memory: ControllerMemory, stock: int) -> float:
    """The number of further people who can be called, according to the stamps that are left.

    People who were called lately hold none before their orders are placed. Half of the expected no-shows
    count too, because their number is known late.
    """
    coming = (1 + memory.show_share) / 2 * sum(people for _, people in memory.called_lately)
    return max(0.0, stock / STAMPS_EACH - coming)


def memory_set_right(memory: ControllerMemory, now: float) -> ControllerMemory:
    """The memory after a clock that had been ahead was set right: no moment in it lies in the future."""
    return msgspec.structs.replace(
        memory,
        nobody_since=min(memory.nobody_since, now),
        trail=tuple(point for point in memory.trail if point[0] <= now),
        called_lately=tuple(one for one in memory.called_lately if one[0] <= now),
    )


def _with_use(
    memory: ControllerMemory, line: LineCounts, measured: SiteMeasurements, elapsed_s: float
) -> ControllerMemory:
    """Updates how many people come in, with and without a pass; smoothed, because they come in waves."""
    if elapsed_s <= 0:
        return memory
    keep = math.exp(-elapsed_s / USED_S)
    coming = line.claimed * 60 / elapsed_s + measured.entered_per_min
    return msgspec.structs.replace(memory, used=memory.used * keep + coming * (1 - keep))


def _with_rate(
    memory: ControllerMemory, policy: Policy, wishes: OperatorWishes, pressure: float, elapsed_s: float
) -> ControllerMemory:
    """Updates what the site is believed to bear."""
    cap = cap_of(policy, wishes)
    floor = min(float(policy.rate_floor), cap)
    is_down = pressure == float("inf")
    strain = memory.strain if is_down else _strained(memory, pressure, elapsed_s)
    rate, full_at, again = max(memory.rate, floor), memory.full_at, memory.full_again
    is_idle = strain < IDLE and memory.used > rate / 2
    idle_s = memory.idle_s + elapsed_s if is_idle else 0.0
    if is_down:
        rate *= 1.0 if memory.is_down else AFTER_SILENCE
    elif strain > FULL and UNCALLED * memory.used > rate:  # people who came without a call
        rate, again = UNCALLED * memory.used, 0
        full_at = max(full_at, rate) if memory.is_full else memory.used
    elif strain > FULL:
        if not memory.is_full:
            again = min(again + 1, _AGAIN_MAX) if NEAR * full_at <= rate <= FAR * full_at else 0
            full_at = rate
        rate *= math.exp(-SHRINKING_PER_S * (strain - FULL) * elapsed_s)
    elif pressure < EASY and rate < max(_FREE_FLOORS * floor, USED_ROOM * memory.used, NEAR * full_at):
        is_near = rate > NEAR * full_at > 0 and idle_s <= DOUBTED_AFTER_S * 4**again
        rate += (rate * GROWTH_NEAR_PER_S if is_near else max(GROWTH_MIN, rate * GROWTH_PER_S)) * elapsed_s
        full_at = full_at if rate < FAR * full_at else 0.0
    rate = min(cap, max(floor, rate))
    is_full = strain > FULL or (memory.is_full and strain >= EASY)
    return msgspec.structs.replace(
        memory,
        rate=rate,
        full_at=full_at,
        full_again=again,
        idle_s=idle_s,
        strain=strain,
        is_full=is_full,
        is_down=is_down,
    )


def _strained(memory: ControllerMemory, pressure: float, elapsed_s: float) -> float:
    keep = math.exp(-max(0.0, elapsed_s) / STRAIN_S)
    return memory.strain * keep + min(STRAIN_MAX, pressure) * (1 - keep)


def _braked(rate: float, policy: Policy, pressure: float) -> float:
    """The rate of this second. A site that answers at all never gets less than the floor."""
    share = min(1.0, max(0.0, (BRAKE_TO - pressure) / (BRAKE_TO - BRAKE_FROM)))
    return min(rate, max(float(policy.rate_floor), rate * share))


def _with_shows(memory: ControllerMemory, line: LineCounts, elapsed_s: float) -> ControllerMemory:
    """Updates the share of called people who come, from the last minutes. A guess of 0.9 counts as 30 people.

    While the admission is full nobody knows who stays away. If they counted as absent, more and more people
    would be called. So everybody counts as come then.
    """
    keep = 0.5 ** (elapsed_s / 120)
    is_held = line.admission_is_full or line.knocking > 0
    came = max(line.called, line.claimed) if is_held else line.claimed
    due = 1 - math.exp(-elapsed_s / COMES_S)
    on_the_way = memory.on_the_way + line.called
    called = memory.called_then * keep + on_the_way * due
    claimed = memory.claimed_then * keep + came
    share = (claimed + 27) / (called + 30)
    if line.ready_share is not None:
        share = (share + line.ready_share) / 2
    return msgspec.structs.replace(
        memory,
        on_the_way=on_the_way * (1 - due),
        called_then=called,
        claimed_then=claimed,
        show_share=min(SHARE_MAX, max(SHARE_MIN, share)),
    )


def _with_called(
    memory: ControllerMemory, line: LineCounts, now: float, *, keep_s: float
) -> ControllerMemory:
    """Updates the people who were called within `keep_s`."""
    lately = [one for one in memory.called_lately if one[0] > now - keep_s - TOGETHER_S]
    if line.called > 0:
        since, people = (int(now), 0) if not lately or now - lately[-1][0] >= TOGETHER_S else lately.pop()
        lately.append((since, people + line.called))
    return msgspec.structs.replace(memory, called_lately=tuple(lately))


def _with_direct(
    memory: ControllerMemory,
    policy: Policy,
    wishes: OperatorWishes,
    line: LineCounts,
    measured: SiteMeasurements,
    now: float,
    *,
    closes_at: int,
) -> ControllerMemory:
    """Updates whether people enter directly, without a place in line.

    Direct entry ends when:
    - somebody waits, or an operator wants everybody in line;
    - more people come than the cap;
    - the site is full and more come than the floor, or it feels more than the rate.

    It begins when none of this was so for a while, and not after the closing. A silent site says nothing.
    """
    why = why_line(memory, policy, wishes, line, measured)
    if memory.is_direct:
        return msgspec.structs.replace(memory, is_direct=why is None, nobody_since=now)
    if why is not None:
        return msgspec.structs.replace(memory, nobody_since=now)
    is_direct = now < closes_at and now - memory.nobody_since >= DIRECT_AFTER_S
    return msgspec.structs.replace(memory, is_direct=is_direct)


def why_line(
    memory: ControllerMemory,
    policy: Policy,
    wishes: OperatorWishes,
    line: LineCounts,
    measured: SiteMeasurements,
) -> StateCause | None:
    """Why people must stand in line now; None: they need not."""
    pressure, coming = pressure_of(measured), measured.entered_per_min
    is_heard = pressure < float("inf")
    if wishes.always:
        return StateCause.ASKED_FOR
    if coming > cap_of(policy, wishes) or (is_heard and pressure > EASY and coming > memory.rate):
        return StateCause.MORE_THAN_RATE
    if is_heard and pressure > 1 and coming > policy.rate_floor:
        return StateCause.SITE_FULL
    return StateCause.PEOPLE_WAIT if line.waiting > 0 else None


def state_of(
    schedule: Schedule,
    policy: Policy,
    wishes: OperatorWishes,
    measured: SiteMeasurements,
    line: LineCounts,
    memory: ControllerMemory,
    now: float,
) -> QueueState:
    """What the queue does now.

    Where being in line counts, it closes when the last call has lapsed and nobody knocks at the full
    admission.
    """
    are_called = line.knocking > 0 or (not memory.is_direct and memory.call_left_s > 0)
    goes_on = policy.line_counts and wishes.is_on and (line.waiting > 0 or are_called)
    if now >= schedule.closes_at and not goes_on:
        return QueueState.CLOSED
    if not wishes.is_on or now < schedule.joins_from:
        return QueueState.OFF
    if wishes.halted or measured.heard_s > SILENT_S:
        return QueueState.HALTED
    if measured.stock is not None and measured.stock <= 0:
        return QueueState.OUT_OF_STOCK
    if now < schedule.opens_at:
        return QueueState.LOTTERY
    if memory.is_direct:
        return QueueState.DIRECT
    if schedule.last_call_at is not None and now >= schedule.last_call_at:
        return QueueState.LAST_CALL
    return QueueState.OPEN
