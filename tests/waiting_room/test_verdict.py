"""The forecast of the frontier's advance, and what people in line read from it."""

from __future__ import annotations

import math
import time

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meterai.waiting_room.files.published_documents import STATUS_BYTES_MAX, Announcement, Status
from meterai.waiting_room.rules.forecast import HORIZONS, Prior, fan_of, horizons_to
from meterai.waiting_room.rules.model import U_MAX, QueueState
from meterai.waiting_room.rules.rate_history import RateHistory, observed
from meterai.waiting_room.rules.verdict import (
    GOOD_SIDE,
    HOPE,
    LATEST_Z,
    NEAR_S,
    OLD_AFTER_S,
    Advice,
    Verdict,
    done_median_s,
    forecast_of,
    verdict_of,
)

NOW = 1_800_000_000
HOUR = 3_600
STEADY = RateHistory(minutes=(600, 612, 588, 606, 594) * 12, up_s=HOUR)


def fan(past: RateHistory = STEADY, *, hours: float = 4, prior: Prior | None = None, **more: float) -> list:
    horizons = tuple(int(hours * HOUR * n / 8) for n in range(1, 9))
    return fan_of(
        past,
        600,
        calls_max=6_000,
        horizons=horizons,
        now=NOW,
        seed=1,
        prior=prior,
        **more,  # type: ignore[arg-type]
    )


def status(**changes: object) -> Status:
    told: dict[str, object] = {
        "event": "casn", "epoch": 1, "sequence": 1, "at": NOW, "state": QueueState.OPEN,
        "frontiers": [(1, 0), (1, 0)], "rate": 600, "fan": fan(), "closes_at": NOW + 4 * HOUR,
        "last_call_at": None, "poll": (2, 60), "waiting": 60_000, "admitted": 0, "done_after_s": 900,
        "kept": (0, 0), "log": (0, "0" * 32),
    }  # fmt: skip
    return Status(**(told | changes))  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------ the past


def run(calls: list[float], past: RateHistory | None = None, *, is_contended: bool = True) -> RateHistory:
    past = past or RateHistory()
    for second, rate in enumerate(calls):
        past = observed(past, rate, is_contended=is_contended, now=NOW + second, elapsed_s=1)
    return past


def test_a_full_minute_is_remembered_by_what_was_called_in_it() -> None:
    past = run([600.0] * 30 + [1_200.0] * 90)
    assert past.minutes == (900, 1_200)
    assert past.up_s == 120


def test_when_nobody_waits_the_rate_at_its_cap_teaches_nothing() -> None:
    assert run([6_000.0] * 300, is_contended=False) == RateHistory()


def test_an_outage_lasts_until_half_of_the_usual_rate_is_back() -> None:
    past = run([600.0] * 120 + [0.0] * 100 + [200.0] * 50 + [400.0] * 60)
    assert (past.outages, past.outage_s, past.down_since) == (1, 150, None)
    assert past.minutes == (600, 600, 400)


def test_a_dip_of_some_seconds_is_no_outage() -> None:
    assert run([600.0] * 120 + [50.0] * 10 + [600.0] * 10).outages == 0


def test_an_outage_that_goes_on_is_known_since_its_first_second() -> None:
    assert run([600.0] * 120 + [0.0] * 30).down_since == NOW + 120


def test_a_rate_that_somebody_lowered_for_good_becomes_the_usual_one() -> None:
    past = run([6_000.0] * 120 + [300.0] * 5_600)
    assert past.down_since is None
    assert past.usual == 300


# ------------------------------------------------------------------------------------------------- the fan


@settings(max_examples=25, deadline=None)
@given(
    minutes=st.lists(st.integers(0, 9_000), max_size=120),
    outages=st.integers(0, 5),
    down=st.none() | st.integers(0, 4_000),
    calls=st.floats(0, 8_000),
    hours=st.floats(0.01, 30),
)
def test_a_fan_never_falls_and_its_low_curve_lies_below_the_middle_one(
    minutes: list[int], outages: int, down: int | None, calls: float, hours: float
) -> None:
    past = RateHistory(
        minutes=tuple(minutes),
        up_s=len(minutes) * 60.0,
        outages=outages,
        outage_s=outages * 300.0,
        down_since=None if down is None else NOW - down,
    )
    horizons = horizons_to(NOW, NOW + hours * HOUR, waiting=5_000, calls=calls)
    found = fan_of(past, calls, calls_max=6_000, horizons=horizons, now=NOW, seed=7)
    is_known = bool(minutes) or calls > 0
    assert [seconds for seconds, _, _ in found] == (list(horizons) if is_known else [])
    for before, after in zip([(0, 0, 0), *found], found, strict=False):
        assert all(a <= b for a, b in zip(before, after, strict=True))
        assert after[1] <= after[2] <= 6_000 * after[0] / 60 + 1


def test_the_same_seed_gives_the_same_fan_and_another_one_nearly_the_same() -> None:
    horizons = (600, 3_600, 7_200)
    first, again, other = (
        fan_of(STEADY, 600, calls_max=6_000, horizons=horizons, now=NOW, seed=seed) for seed in (1, 1, 2)
    )
    assert first == again
    for (_, low, middle), (_, other_low, other_middle) in zip(first, other, strict=True):
        assert other_low == pytest.approx(low, rel=0.12)
        assert other_middle == pytest.approx(middle, rel=0.02)


def test_without_outages_and_wandering_the_fan_is_the_rate() -> None:
    calm = Prior(outages_per_hour=1e-9, weight_hours=1e6, wander=1e-9, weight_minutes=1e12)
    past = RateHistory(minutes=(600,) * 120, up_s=2 * HOUR)
    for seconds, low, middle in fan(past, prior=calm):
        assert low == pytest.approx(seconds * 10, rel=0.02)
        assert middle == pytest.approx(seconds * 10, rel=0.02)


def test_an_evening_with_many_outages_promises_less_than_a_calm_one() -> None:
    rough = msgspec.structs.replace(STEADY, outages=6, outage_s=3_600)
    assert fan(rough)[-1][1] < 0.8 * fan()[-1][1]


def test_the_longer_an_outage_lasts_the_longer_it_is_expected_to_last() -> None:
    first = [msgspec.structs.replace(STEADY, down_since=NOW - since) for since in (60, 1_800)]
    short, long = (fan(past, hours=1)[-1] for past in first)
    assert long[2] < short[2] < fan(hours=1)[-1][2]
    assert long[1] < short[1]


def test_seconds_of_braking_are_no_outage_in_the_fan() -> None:
    """As an outage, they would send the people at the front away for a minute."""
    braked = msgspec.structs.replace(STEADY, down_since=NOW - 15)
    assert fan(braked) == fan()


def test_nobody_is_called_before_the_opening() -> None:
    found = fan(hours=4, opens_in_s=2 * HOUR)
    assert [middle for seconds, _, middle in found if seconds <= 2 * HOUR] == [0, 0, 0, 0]
    assert found[-1][2] == pytest.approx(2 * HOUR * 10, rel=0.1)


def test_a_fan_costs_less_than_20_ms() -> None:
    horizons = horizons_to(NOW, NOW + 8 * HOUR, waiting=1_000_000, calls=600)
    past = msgspec.structs.replace(STEADY, outages=4, outage_s=2_000)
    spent = []
    for seed in range(5):
        start = time.process_time()
        fan_of(past, 600, calls_max=6_000, horizons=horizons, now=NOW, seed=seed)
        spent.append(time.process_time() - start)
    assert min(spent) < 0.02


def test_the_status_with_its_fan_and_words_of_the_operator_is_at_most_1024_bytes() -> None:
    full = status(
        event="casn-2026-formasi-guru-tenaga-kesehatan", epoch=9_999, sequence=9_999_999,
        state=QueueState.OUT_OF_STOCK, frontiers=[(99_999, U_MAX - 1)] * 2, rate=60_000,
        fan=[(80_000 + n, 4_000_000, 4_000_000) for n in range(HORIZONS)], last_call_at=NOW,
        waiting=4_000_000, admitted=4_000_000, called=4_000_000, done_after_s=9_999,
        kept=(4_000_000, 4_000_000), log=(10_000_000, "0" * 32), note=Announcement("a" * 90, "b" * 90),
    )  # fmt: skip
    assert len(msgspec.json.encode(full)) + 88 <= STATUS_BYTES_MAX


# --------------------------------------------------------------------------------------------- the verdict


def test_who_is_near_the_front_is_promised_a_time_and_told_to_wait() -> None:
    verdict = verdict_of(status(), 3_000, now=NOW)
    assert verdict.advice is Advice.WAIT
    assert verdict.done_by == verdict.latest
    assert verdict.soonest is not None
    assert verdict.latest is not None
    assert 300 < verdict.soonest - NOW < verdict.latest - NOW < 30 * 60


@pytest.mark.parametrize(("ahead", "among"), [(5, None), (0, 20_000)])
def test_without_a_fan_nobody_is_told_that_it_is_too_late(ahead: int, among: int | None) -> None:
    """Nobody has been called before the opening, or in the second after the queue was turned on."""
    assert verdict_of(status(fan=[]), ahead, now=NOW, among=among) == Verdict(advice=Advice.UNKNOWN)
    held = status(fan=[], state=QueueState.HALTED)
    assert verdict_of(held, ahead, now=NOW, among=among).advice is Advice.HALTED


def test_whose_turn_is_far_away_may_go_and_is_told_when_to_be_back() -> None:
    verdict = verdict_of(status(), 55_000, now=NOW)
    assert verdict.advice is Advice.COME_BACK_AT
    assert verdict.come_back_at is not None
    assert verdict.done_by is not None
    assert NOW + HOUR < verdict.come_back_at < NOW + 1.6 * HOUR < verdict.done_by


def test_who_may_be_in_time_or_not_gets_a_probability_and_no_promise() -> None:
    verdict = verdict_of(status(), 135_000, now=NOW)
    assert verdict.advice is Advice.UNSURE
    assert verdict.done_by is None
    assert verdict.probability is not None
    assert 0.1 < verdict.probability < 0.9


def test_after_the_last_call_who_is_unsure_is_told_so() -> None:
    assert verdict_of(status(state=QueueState.LAST_CALL), 135_000, now=NOW).advice is Advice.LAST_CALL


def test_who_comes_too_late_is_told_not_tonight() -> None:
    verdict = verdict_of(status(), 400_000, now=NOW)
    assert verdict.advice is Advice.NOT_TONIGHT
    assert verdict.probability == 0.01
    assert verdict.come_back_at is None


@pytest.mark.parametrize("is_called", [False, True])
def test_nobody_is_promised_a_moment_behind_the_closing(is_called: bool) -> None:
    """This holds even if the closing was moved forward since the forecast."""
    told = status()
    latest = verdict_of(told, 3_000, is_called=is_called, now=NOW).latest
    assert latest is not None
    for closes_at, promised in ((latest + 1, latest), (latest - 1, None)):
        closer = msgspec.structs.replace(told, closes_at=closes_at)
        assert verdict_of(closer, 3_000, is_called=is_called, now=NOW).done_by == promised


def test_whether_to_come_back_or_to_give_up_goes_by_the_turn_and_the_chance() -> None:
    told, advised = status(), set()
    middle = done_median_s(told.done_after_s)
    for ahead in range(15_000, 200_000, 1_000):
        verdict = verdict_of(told, ahead, now=NOW)
        advised.add(verdict.advice)
        if verdict.done_by is not None and verdict.soonest is not None:
            is_far = verdict.soonest - middle - NOW > NEAR_S
            assert (verdict.advice is Advice.COME_BACK_AT) is is_far
        elif verdict.probability is not None and verdict.probability != HOPE:
            assert (verdict.advice is Advice.NOT_TONIGHT) is (verdict.probability < HOPE)
            assert (verdict.come_back_at is None) is (verdict.probability < HOPE)
    assert advised == {Advice.WAIT, Advice.COME_BACK_AT, Advice.UNSURE, Advice.NOT_TONIGHT}


def test_where_being_in_line_counts_nobody_is_sent_home() -> None:
    near, far = (verdict_of(status(), ahead, now=NOW, line_counts=True) for ahead in (3_000, 400_000))
    assert (near.advice, far.advice) == (Advice.WAIT, Advice.SERVED)
    assert near.done_by is not None
    for verdict in (
        near,
        far,
        verdict_of(status(), 0, among=280_000, now=NOW, line_counts=True),
        verdict_of(status(), 0, is_called=True, now=NOW, line_counts=True),
    ):
        assert verdict.probability is None, "the closing can't be missed"
    late = status(state=QueueState.LAST_CALL, closes_at=NOW - HOUR)
    assert verdict_of(late, 3_000, now=NOW, line_counts=True).done_by == near.done_by


def test_before_the_draw_there_is_a_probability_and_nothing_else() -> None:
    verdict = verdict_of(status(), 0, among=280_000, now=NOW)
    assert verdict.advice is Advice.PROBABILITY_ONLY
    assert (verdict.soonest, verdict.latest, verdict.done_by) == (None, None, None)
    assert verdict.probability == pytest.approx(0.5, abs=0.1)


def test_who_is_called_is_promised_what_95_of_100_people_need() -> None:
    verdict = verdict_of(status(), 0, is_called=True, now=NOW)
    assert verdict.advice is Advice.CALLED
    assert verdict.done_by is not None
    assert 900 <= verdict.done_by - NOW <= 1_200
    late = verdict_of(status(closes_at=NOW + 300), 0, is_called=True, now=NOW)
    assert late.done_by is None
    assert late.probability is not None
    assert late.probability < 0.5


@pytest.mark.parametrize(
    ("state", "advice"),
    [
        (QueueState.CLOSED, Advice.CLOSED),
        (QueueState.HALTED, Advice.HALTED),
        (QueueState.OUT_OF_STOCK, Advice.OUT_OF_STOCK),
    ],
)
def test_a_queue_that_stands_still_says_so_first(state: QueueState, advice: Advice) -> None:
    told = status(state=state)
    assert verdict_of(told, 100, now=NOW).advice is advice
    assert verdict_of(told, 100, now=NOW + OLD_AFTER_S + 1).advice is advice
    assert verdict_of(told, None, now=NOW).advice is advice
    assert verdict_of(told, 100, among=50, now=NOW).advice is advice


def test_an_old_status_promises_nothing() -> None:
    assert verdict_of(status(), 100, now=NOW + OLD_AFTER_S).done_by is not None
    assert verdict_of(status(), 100, now=NOW + OLD_AFTER_S + 1) == Verdict(advice=Advice.UNHEARD)


@pytest.mark.parametrize("state", [QueueState.HALTED, QueueState.OUT_OF_STOCK])
@pytest.mark.parametrize("is_called", [False, True])
def test_while_nobody_can_enter_nobody_is_promised_a_time(state: QueueState, is_called: bool) -> None:
    """The page shows none then, and promises stand in the public log."""
    assert verdict_of(status(), 100, now=NOW, is_called=is_called).done_by is not None
    verdict = verdict_of(status(state=state), 100, now=NOW, is_called=is_called)
    assert verdict.done_by is None
    assert not is_called or verdict.latest is None, "the page says of the called: done by then"


@pytest.mark.parametrize(
    ("ahead", "among", "is_called"),
    [(100, None, False), (0, 280_000, False), (None, None, False), (0, None, True)],
)
@pytest.mark.parametrize(
    ("trouble", "advice"),
    [
        ({"stopped": True}, Advice.STAMPING_STOPPED),
        ({"stalled": True}, Advice.STALLED),
        ({"stopped": True, "stalled": True}, Advice.STAMPING_STOPPED),
    ],
)
def test_while_nobody_is_stamped_or_can_buy_nobody_reads_when_a_stamp_will_be_done(
    trouble: dict[str, bool], advice: Advice, ahead: int | None, among: int | None, is_called: bool
) -> None:
    for line_counts in (False, True):
        verdict = verdict_of(
            status(**trouble), ahead, now=NOW, among=among, is_called=is_called, line_counts=line_counts
        )
        assert verdict == Verdict(advice=Advice.CALLED if is_called else advice)


def test_who_waits_for_the_lottery_is_not_told_that_people_are_called_more_slowly() -> None:
    """The lottery may be over when the first person is called."""
    usual = verdict_of(status(state=QueueState.LOTTERY), 0, now=NOW, among=100)
    stalled = verdict_of(status(state=QueueState.LOTTERY, stalled=True), 0, now=NOW, among=100)
    assert stalled == usual
    assert usual.advice is Advice.PROBABILITY_ONLY


@pytest.mark.parametrize("trouble", ["stopped", "stalled"])
def test_a_line_that_is_held_while_stamping_is_stopped_or_nobody_can_buy_is_told_that_it_is_held(
    trouble: str,
) -> None:
    held = status(**{trouble: True, "state": QueueState.HALTED})
    assert verdict_of(held, 100, now=NOW).advice is Advice.HALTED


def test_who_was_called_is_promised_nothing_once_the_queue_is_closed() -> None:
    verdict = verdict_of(status(state=QueueState.CLOSED), 0, is_called=True, now=NOW)
    assert verdict == Verdict(advice=Advice.CALLED_AND_CLOSED)


def test_a_place_that_nobody_knows_yet_has_no_verdict() -> None:
    verdict = verdict_of(status(), None, now=NOW)
    assert (verdict.advice, verdict.probability) == (Advice.UNKNOWN, None)


@given(st.integers(0, 200_000), st.integers(0, 200_000), st.integers(0, 5 * HOUR))
def test_who_is_further_behind_is_never_done_sooner_or_more_probably(a: int, b: int, after: int) -> None:
    front, back = sorted((a, b))
    now = status()
    course = forecast_of(now)
    assert course.chance(front, NOW + after) >= course.chance(back, NOW + after) - 1e-9
    first, second = verdict_of(now, front, now=NOW), verdict_of(now, back, now=NOW)
    assert (first.latest or math.inf) <= (second.latest or math.inf) + 5
    assert second.done_by is None or first.done_by is not None


@pytest.mark.parametrize("ahead", [10_000, 50_000])
def test_between_two_horizons_the_fan_and_its_spread_are_straight(ahead: int) -> None:
    course = forecast_of(status(fan=[(1_800, 10_000, 20_000), (3_600, 10_000, 40_000)]))
    margin = 30_000 - ahead - course.late - 0.5
    spread, done = (20_000 / LATEST_Z, course.done_badly) if margin > 0 else (
        20_000 / LATEST_Z * GOOD_SIDE, course.done_well
    )  # fmt: skip
    assert course.spreads(ahead, NOW + 2_700) == pytest.approx(margin / math.hypot(spread, done, 0.5))


@pytest.mark.parametrize("fan", [[], [(1, 0, 0)], [(60, 0, 0), (600, 0, 0)], [(60, 0, 500), (600, 0, 5_000)]])
def test_a_fan_that_shows_little_gives_a_verdict_all_the_same(fan: list[tuple[int, int, int]]) -> None:
    for ahead in (0, 1, 10_000):
        verdict = verdict_of(status(fan=fan), ahead, now=NOW)
        assert verdict.latest is None or verdict.latest >= NOW
        assert verdict.done_by is None or fan
