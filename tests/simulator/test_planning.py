"""The planner: the law of arrivals, the line, its answers, and a second opinion that knows every person."""

from __future__ import annotations

import io
import json
import re
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest
from rich.console import Console

from meterai.cli.tools.plan_output import show_plan
from simulator.planner import line
from simulator.planner.arrivals import STEP_S, draw, expected, re_aimed, step_edges, with_rush
from simulator.planner.chart import draw_chart
from simulator.planner.chart_words import tick_labels
from simulator.planner.drawing import round_ticks
from simulator.planner.futures import Question, capacity_needed, capacity_of, rates_of, run_courses
from simulator.planner.line import run, waits_of
from simulator.planner.measured import Measured, read_measured
from simulator.planner.plan import Plan, make_plan, safe_join
from simulator.planner.season import DAY, HOUR, Behaviour, Ending, Outage, Policy, Season, Service
from simulator.planner.traffic import FACE_VALUE, Limits, Sizes, poll_back_seconds, polls_of
from tests.simulator.event_simulation import walk

pytestmark = [pytest.mark.slow, pytest.mark.long]

BARE = Behaviour(absent=0, patience_hours=1e9, tries_again=0)
"""Everybody is there when called, and nothing goes wrong."""
SHORT = Season(applicants=400_000, days=3)


def question(season: Season = SHORT, *, rate: float = 4.0, policy: Policy | None = None) -> Question:
    return Question(season, Behaviour(), policy or Policy(), Service(journeys_per_second=rate))


def plan_of(asked: Question, seed: int = 1) -> Plan:
    return make_plan(asked, Measured(journeys=10, basis="given"), Sizes(), Limits(), seed)


def shown_of(plan: Plan) -> str:
    """What the terminal says, without line breaks."""
    console = Console(width=400, record=True, file=io.StringIO())
    show_plan(console, json.loads(msgspec.json.encode(plan)), None, title="The season")
    return " ".join(console.export_text().split())


@pytest.mark.parametrize(("tau", "last_day", "last_minute"), [(6.0, 0.36, 41), (1.0, 0.51, 177)])
def test_the_deadline_law_brings_a_third_to_a_half_on_the_last_day(
    tau: float, last_day: float, last_minute: float
) -> None:
    season = Season(tau_hours=tau)
    rates = expected(season, Behaviour(), Policy(), step_edges(season.seconds))
    assert rates.sum() == pytest.approx(season.applicants)
    assert rates[-1440:].sum() / rates.sum() == pytest.approx(last_day, abs=0.01)
    assert rates[-1] / STEP_S == pytest.approx(last_minute, rel=0.04)


def test_the_day_has_its_course_but_each_day_brings_what_the_law_says() -> None:
    season, edges = Season(), step_edges(Season().seconds)
    flat = expected(season, Behaviour(day_curve=(1.0,) * 24), Policy(), edges)
    shaped = expected(season, Behaviour(), Policy(), edges)
    night, morning = slice(5 * 1440 + 180, 5 * 1440 + 240), slice(5 * 1440 + 600, 5 * 1440 + 660)
    assert shaped[night].sum() < 0.2 * flat[night].sum()
    assert shaped[morning].sum() > 1.3 * flat[morning].sum()
    assert shaped.reshape(-1, 1440).sum(axis=1) == pytest.approx(flat.reshape(-1, 1440).sum(axis=1))


def test_a_last_call_makes_people_come_earlier_and_turns_the_unaware_away() -> None:
    edges = step_edges(SHORT.seconds)
    rates = expected(SHORT, Behaviour(), Policy(Ending.LAST_CALL, 6.0), edges)
    assert rates[edges[1:] > SHORT.seconds - 6 * HOUR].sum() == 0
    turned_away = SHORT.applicants - rates.sum()
    assert 0 < turned_away < 0.05 * SHORT.applicants


def test_a_rush_and_an_extension_move_people_and_lose_nobody() -> None:
    edges = step_edges(SHORT.seconds)
    rates = expected(SHORT, Behaviour(), Policy(), edges)
    outage = Outage(DAY, DAY + 10 * HOUR)
    rushed = with_rush(rates, edges, [outage], Behaviour(), until_s=SHORT.seconds)
    assert rushed.sum() == pytest.approx(rates.sum())
    after = slice(1440 + 600, 1440 + 660)
    assert rushed[after].sum() > 1.3 * rates[after].sum()
    blip = with_rush(rates, edges, [Outage(DAY, DAY + 600)], Behaviour(), until_s=SHORT.seconds)
    assert blip == pytest.approx(rates)
    later = step_edges(SHORT.seconds + DAY)
    early = expected(SHORT, Behaviour(), Policy(), later)
    aimed = re_aimed(early, later, at_s=2 * DAY, closes_s=SHORT.seconds + DAY, tau_s=6 * HOUR)
    assert aimed.sum() == pytest.approx(early.sum())
    assert aimed[-60:].sum() > 0


def test_waits_are_those_of_a_line_that_moves_at_the_rate() -> None:
    edges = step_edges(600)
    joins = np.array([120.0, *[0.0] * 9])[:, None]  # 120 people at once, one served each 2 s
    course = run(joins, np.full((10, 1), 0.5), BARE, 0.15)
    assert course.in_line()[:, 0] == pytest.approx([0, 90, 60, 30, 0, 0, 0, 0, 0, 0, 0])
    assert course.waits(0, edges)[1] == pytest.approx(180)  # the last of them, after 240 s
    never = waits_of(np.array([0.0, 50.0]), np.array([0.0, 10.0]), np.array([0.0, 60.0]))
    assert never[1] == np.inf


@pytest.mark.parametrize("busy", [0.02, 0.2, 0.9], ids=["quiet", "some line", "a line most of the time"])
def test_a_stretch_without_a_line_is_as_if_gone_through_step_by_step(
    busy: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = np.random.default_rng(7)
    joins = generator.poisson(30, (2000, 3)) * (1 + 8 * (generator.random((2000, 1)) < busy / 8))
    capacity = np.where(generator.random((2000, 3)) < busy / 20, 0.0, [[1.2, 0.9, 2.0]])
    at_once = run(joins, capacity, Behaviour(), 0.15)
    assert 0 < np.count_nonzero(at_once.in_line().max(axis=1) > 1) < 2000
    monkeypatch.setattr(line._Quiet, "until", lambda self, step, away: step)
    in_steps = run(joins, capacity, Behaviour(), 0.15)
    for name in ("joined", "called", "began", "returning", "gave_up"):
        np.testing.assert_allclose(getattr(at_once, name), getattr(in_steps, name), atol=1e-6, err_msg=name)


def test_nobody_is_lost_between_joining_and_the_end() -> None:
    asked = question(rate=2.0)
    course = run_courses(asked, np.random.default_rng(3)).others
    accounted = course.called + course.in_line()
    assert accounted == pytest.approx(course.joined)
    there = np.cumsum(course.began, axis=0) + course.returning[1:] + course.gave_up[1:]
    assert there == pytest.approx(course.called[1:])
    assert course.gave_up[-1].min() > 0


def test_the_capacity_needed_is_enough_and_three_percent_less_is_not() -> None:
    needed = capacity_needed(question())
    for rate, left in ((needed, False), (needed * 0.97, True)):
        asked = question(rate=rate)
        joins, bears = rates_of(asked, Policy(), asked.edges), capacity_of(asked.service, (), asked.edges)
        course = run(joins[:, None], bears[:, None], asked.behaviour, 0.15)
        assert bool(course.in_line()[-1, 0] >= 1) is left


def test_who_joins_by_the_safe_moment_is_called_in_time_and_who_joins_after_is_not() -> None:
    asked = question(rate=2.0)
    course = run_courses(asked, np.random.default_rng(5)).asked
    safe, closes_s = safe_join(course, 0, asked), asked.season.seconds
    waits, place = course.waits(0, asked.edges), round(safe / STEP_S)
    assert safe < closes_s - 2 * asked.service.done_after_s
    assert safe + waits[place] <= closes_s - asked.service.done_after_s
    assert safe + STEP_S + waits[place + 1] > closes_s - asked.service.done_after_s


def test_nobody_joins_after_a_last_call_and_who_comes_then_is_not_told_that_it_is_safe() -> None:
    last_call = Policy(Ending.LAST_CALL, 6.0)
    ends_s, outage = SHORT.seconds - 6 * HOUR, Outage(SHORT.seconds - 14 * HOUR, SHORT.seconds - 8 * HOUR)
    struck = Question(SHORT, Behaviour(), last_call, Service(journeys_per_second=20), (outage,))
    assert rates_of(struck, last_call, struck.edges)[struck.edges[1:] > ends_s].sum() == 0
    often = Service(journeys_per_second=20, outages_per_day=1, outage_minutes=300)
    course = run_courses(Question(SHORT, Behaviour(), last_call, often), np.random.default_rng(1)).others
    assert np.all(course.joined[-1] == course.joined[round(ends_s / STEP_S)])
    plan = plan_of(question(rate=20, policy=last_call))
    assert plan.unfinished.expected == 0
    assert plan.safe_join_s == plan.usual_safe_join_s == ends_s
    drawn = draw_chart(plan, language="en")
    assert "the last call." in drawn
    assert "Everybody is done" not in drawn
    early = question(
        rate=2.0, policy=Policy(Ending.LAST_CALL, 40.0)
    )  # joining ends before the picture begins
    places = re.findall(r'<path d="M([^"]*L[^"]*)"', draw_chart(plan_of(early), language="en"))
    assert min(float(y) for path in places for y in re.findall(r" ([-\d.]+)", path)) >= 290


def test_each_end_of_the_season_answers_for_itself() -> None:
    closing = plan_of(question(rate=2.0))
    counts = plan_of(question(rate=2.0, policy=Policy(Ending.LINE_COUNTS)))
    assert closing.unfinished.expected > 1000
    assert counts.finished - closing.finished > 0.8 * closing.unfinished.expected
    assert sum(hour.began for hour in counts.hours[72:]) > 0.8 * counts.unfinished.expected
    for plan in (closing, counts):
        everything = SHORT.applicants * SHORT.stamps * FACE_VALUE
        not_asked_for = plan.gave_up * SHORT.stamps * FACE_VALUE
        assert plan.money.sold_rp + plan.money.not_taken_rp == pytest.approx(everything - not_asked_for)
    hours_after = sum(hour.in_line > 0 for hour in counts.hours[72:])
    assert 0.7 * closing.ends.line_empty_after_h < hours_after <= closing.ends.line_empty_after_h + 1
    assert closing.ends.last_call_h
    called = plan_of(question(rate=2.0, policy=Policy(Ending.LAST_CALL, closing.ends.last_call_h)))
    assert called.unfinished.expected < 1
    assert called.turned_away > 0
    assert closing.ends.last_call_turns_away == pytest.approx(called.turned_away, abs=1)
    assert called.ends.in_line_at_closing == pytest.approx(closing.ends.in_line_at_closing, rel=0.05)


def test_what_a_last_call_costs_stands_beside_it() -> None:
    day = Season(applicants=200_000, days=1439 / 1440)
    plan = plan_of(question(day, rate=Measured(journeys=10, basis="given").journeys_with(2)))
    assert plan.ends.last_call_turns_away > plan.ends.in_line_at_closing > 0
    shown = shown_of(plan)
    assert f"but {plan.ends.last_call_turns_away:,} come after it, more than are left without one" in shown
    crowded = plan_of(question(day, rate=2.0))
    assert crowded.ends.last_call_h is None
    assert "none of up to 10 h is enough" in shown_of(crowded)


def test_what_is_counted_on_is_told_from_what_was_given_and_journeys_from_people() -> None:
    plan = plan_of(question(SHORT, rate=5.3))
    assert (
        "5.3 journeys a second with 2 stamps, 5.0 people, are counted on, of 10.0 with 1 stamp"
        in shown_of(plan)
    )
    assert ">Layanan sanggup menyelesaikan 5,0 orang per detik." in draw_chart(plan, language="id")
    needed = plan.capacity_needed_per_second / 1.06
    assert f">{needed:.1f}<" in draw_chart(plan, language="en")


def test_pauses_between_looks_are_no_setting() -> None:
    assert "2 to 60 s, as is built in" in shown_of(plan_of(question(rate=4.0)))
    weak = Measured(journeys=10, polls=20, basis="given")
    crowded = make_plan(question(rate=2.0), weak, Sizes(), Limits(), 1)
    assert "a single gate would need up to" in shown_of(crowded)


def test_an_outage_makes_a_line_and_panic_polls() -> None:
    asked = question(rate=6.0)
    outage = Outage(SHORT.seconds - 5 * HOUR, SHORT.seconds - 3 * HOUR)
    struck = Question(asked.season, asked.behaviour, asked.policy, asked.service, (outage,))
    calm, hit = plan_of(asked), plan_of(struck)
    assert hit.longest_line.expected > calm.longest_line.expected + 10_000
    assert hit.traffic.panic_polls_per_second > 5 * calm.traffic.polls_per_second


def test_people_reload_in_the_outages_of_the_futures_too() -> None:
    asked = question(rate=6.0)
    never = msgspec.structs.replace(asked.service, outages_per_day=0.0)
    calm = plan_of(Question(asked.season, asked.behaviour, asked.policy, never))
    usual = plan_of(asked)
    assert calm.traffic.panic_polls_per_second == 0
    assert usual.traffic.panic_polls_per_second > 2 * usual.traffic.polls_per_second
    assert usual.traffic.out_mbit > calm.traffic.out_mbit
    gate = {one.name: one.asked for one in usual.bottlenecks}["gate, polls"]
    assert gate == usual.traffic.panic_polls_per_second
    quiet = msgspec.structs.replace(asked.behaviour, panic_reloads=1.0)
    still = plan_of(Question(asked.season, quiet, asked.policy, asked.service))
    assert still.traffic.panic_polls_per_second == 0


def test_the_picture_is_as_wide_as_the_screen_that_shows_it() -> None:
    drawn = draw_chart(plan_of(question(rate=6.0)), language="id")
    root = drawn[: drawn.index(">")]
    assert 'viewBox="0 0 1240 820"' in root
    assert " width=" not in root
    assert " height=" not in root


def test_polls_are_the_sum_over_everybody_in_line() -> None:
    rate, line = 20.0, 100_000
    waits = (np.arange(line) + 0.5) / rate
    by_person = np.sum(1 / np.clip(waits / 4, 2, 60))
    assert polls_of(np.array([float(line)]), rate)[0] == pytest.approx(by_person, rel=0.001)
    back = poll_back_seconds(1e6, rate, 10_000)
    assert back > 60
    assert polls_of(np.array([1e6]), rate, back)[0] <= 5_000 * 1.05


def test_four_million_people_take_less_than_ten_seconds_of_one_core_and_a_seed_repeats_them() -> None:
    since = time.process_time()
    first = plan_of(question(Season(), rate=25.0), seed=9)
    assert time.process_time() - since < 10
    assert first.joined == 4_000_000
    short = question(Season(applicants=10_000, days=1), rate=0.5)
    assert plan_of(short, seed=9) == plan_of(short, seed=9)
    assert plan_of(short, seed=9) != plan_of(short, seed=10)


def test_the_fluid_and_the_event_simulation_agree_at_one_to_a_hundred() -> None:
    """40,000 people in 22 days at 0.25 a second, each walked by SimPy, against 4 million as a fluid at 25.

    Tolerances: served in each of the last 24 hours 3 % and five standard deviations of a Poisson count (of
    the five busiest 3 %). In line at closing 6 %, gave up 10 %. Mean wait by hour 10 % and 4 minutes: at a
    scale of 1:100 a person takes 4 s, and chance moves 60 people.
    """
    season, behaviour, rate = Season(), Behaviour(), 25.0
    edges = step_edges(season.seconds)
    rates = expected(season, behaviour, Policy(), edges)
    fluid = run(rates[:, None], np.full((len(rates), 1), rate), behaviour, 0.15)
    generator = np.random.default_rng(11)
    counts = draw(rates / 100, generator).astype(int)
    moments = np.sort(np.repeat(edges[:-1], counts) + generator.uniform(0, STEP_S, counts.sum()))
    events = walk(moments.tolist(), season.seconds, rate=rate / 100, behaviour=behaviour, share=0.15, seed=12)
    served = np.histogram(events.began, np.arange(0, season.seconds + 1, HOUR))[0][-24:]
    flow = fluid.began[:, 0].reshape(-1, 60).sum(axis=1)[-24:] / 100
    assert np.all(np.abs(served - flow) <= 0.03 * flow + 5 * np.sqrt(flow))
    assert served[-5:].sum() == pytest.approx(flow[-5:].sum(), rel=0.03)
    left = fluid.in_line()[-1, 0] / 100
    assert left > 500
    assert events.in_line == pytest.approx(left, rel=0.06)
    assert events.gave_up == pytest.approx(fluid.gave_up[-1, 0] / 100, rel=0.10)
    _assert_waits_agree(events.waits, fluid.waits(0, edges), season.seconds)


def _assert_waits_agree(walked: list[tuple[float, float]], waits: np.ndarray, closes_s: float) -> None:
    compared = 0
    for begins in np.arange(closes_s - 8 * HOUR, closes_s, HOUR):
        mine = waits[round(begins / STEP_S) : round((begins + HOUR) / STEP_S)]
        theirs = [wait for joined, wait in walked if begins <= joined < begins + HOUR]
        if np.isfinite(mine).all() and begins + HOUR + mine.max() < closes_s:
            assert np.mean(theirs) == pytest.approx(float(mine.mean()), abs=240 + 0.10 * mine.mean())
            compared += mine.max() > 600
    assert compared >= 1  # at least one of them is an hour in which people really waited


def test_capacity_comes_from_a_bench_and_says_so(tmp_path: Path) -> None:
    journey, queue = tmp_path / "journey.json", tmp_path / "queue.json"
    journey.write_text('{"finished_per_second": 60.5, "steps": {}}')
    queue.write_text('{"joins_per_second": 9000, "polls_per_second": 30000}')
    found = read_measured([str(journey), str(queue)])
    assert (found.journeys, found.joins, found.polls) == (60.5, 9000, 30000)
    assert (found.basis, found.source) == ("measured", "journey.json")
    assert found.journeys_with(1) == pytest.approx(60.5 * 0.9)
    assert found.journeys_with(2) < found.journeys_with(1)
    assert read_measured(["42"]).basis == "given"
    assert read_measured([]).basis == "goal"
    journey.write_text('{"results": []}')
    with pytest.raises(ValueError, match="holds no finished_per_second"):
        read_measured([str(journey)])
    with pytest.raises(ValueError, match="neither a number nor"):
        read_measured([str(tmp_path / "missing.json")])


def test_a_bench_that_offered_no_more_than_was_finished_measured_no_capacity(tmp_path: Path) -> None:
    (journey := tmp_path / "journey.json").write_text(
        '{"offered_per_second": 20, "finished_per_second": 19.4, "lost": 0}'
    )
    found = read_measured([str(journey)])
    assert (found.basis, found.journeys) == ("at_least", 19.4)
    plan = make_plan(question(), found, Sizes(), Limits(), 1)
    assert "measured: journey.json; at least, as the bench offered no more" in shown_of(plan)
    assert "journey.json measured, which offered no more" in draw_chart(plan, language="en")
    journey.write_text('{"offered_per_second": 90, "finished_per_second": 61.0}')
    assert read_measured([str(journey)]).basis == "measured"
    journey.write_text('{"offered_per_second": 90, "finished_per_second": 61.0, "lost": 2}')
    with pytest.raises(ValueError, match=r"journey\.json: 2 had paid and got nothing"):
        read_measured([str(journey)])


@pytest.mark.parametrize(
    "held",
    [
        '"finished_per_second": 40, "stamps": -1',
        '"finished_per_second": 40, "stamps": 11',
        '"finished_per_second": 0',
        '"finished_per_second": -3',
        '"finished_per_second": 1e9',
        '"joins_per_second": -1',
        '"polls_per_second": 1e9',
    ],
)
def test_a_file_with_what_no_bench_finds_is_refused(tmp_path: Path, held: str) -> None:
    (bench := tmp_path / "bench.json").write_text(f"{{{held}}}")
    with pytest.raises(ValueError, match=r"bench\.json holds what no bench finds"):
        read_measured([str(bench)])


def test_where_nobody_is_served_nobody_is_safe() -> None:
    plan = plan_of(question(rate=1e-5))
    assert (plan.safe_join_s, plan.usual_safe_join_s) == (None, None)
    assert "latest safe joining time │ never in 95 % of the futures, never in half" in shown_of(plan)


def test_beside_what_each_part_bears_stands_where_that_is_from(tmp_path: Path) -> None:
    journey, queue = tmp_path / "journey.json", tmp_path / "queue.json"
    journey.write_text('{"finished_per_second": 60.5, "offered_per_second": 90}')
    queue.write_text('{"joins_per_second": 9000, "polls_per_second": 0}')  # no wrk

    def rows_of(*files: Path) -> dict[str, tuple[float, str]]:
        plan = make_plan(question(), read_measured([*map(str, files)]), Sizes(), Limits(), 1)
        assert "a goal, NOT measured" in shown_of(plan)
        return {one.name: (one.bears, one.basis) for one in plan.bottlenecks}

    alone, both = rows_of(journey), rows_of(journey, queue)
    assert (alone["site"][1], alone["network in"][1]) == ("measured", "guess")
    assert (alone["gate, joins"], alone["gate, polls"]) == ((8_000, "goal"), (20_000, "goal"))
    assert (both["gate, joins"], both["gate, polls"]) == ((9_000, "measured"), (20_000, "goal"))


def test_a_small_season_is_told_in_figures_that_say_something() -> None:
    plan = plan_of(question(Season(applicants=1_000, days=3), rate=0.05))
    shown = shown_of(plan)
    assert re.search(r"needed for none in line │ 0\.\d{2,3} journeys a second \(0\.\d{2,3} when", shown)
    assert re.search(r"busiest moment │ Rp\d,\d{3}, paid", shown)
    assert "0.05 journeys a second with 2 stamps, 0.047 people" in shown
    assert not re.search(r"\b0\.0 [A-Za-z]", shown)
    drawn = draw_chart(plan, language="id")
    assert ">Layanan sanggup menyelesaikan 0,047 orang per detik." in drawn


@pytest.mark.parametrize(
    ("top", "told"),
    [
        (0.42, ["0.0", "0.2", "0.4", "0.6"]),
        (0.08, ["0.00", "0.02", "0.04", "0.06", "0.08"]),
        (1.7, ["0.0", "0.5", "1.0", "1.5", "2.0"]),
        (0.9, ["0.00", "0.25", "0.50", "0.75", "1.00"]),
        (9_000, ["0", "2,500", "5,000", "7,500", "10,000"]),
    ],
)
def test_the_marks_of_an_axis_differ(top: float, told: list[str]) -> None:
    assert tick_labels(round_ticks(top), "en") == told


def test_rate_stock_and_money_follow_from_people_and_not_from_journeys() -> None:
    """Reckoned here from what the plan says by the hour: on the last day somebody always waits."""
    plan = plan_of(question(rate=2.0))
    people_per_second = 2.0 / 1.06
    assert plan.rate_per_minute == round(people_per_second * 60) == 113
    last_day = plan.hours[48:72]
    assert min(hour.in_line for hour in last_day[-12:]) > 1000
    assert last_day[-1].began == pytest.approx(people_per_second * 3600, rel=0.01)
    assert plan.money.stock_on_the_last_day == pytest.approx(2 * sum(hour.began for hour in last_day), abs=24)
    paid_within_five_seconds = people_per_second * 5
    assert plan.money.at_risk_rp == pytest.approx(paid_within_five_seconds * 2 * 10_000, rel=0.01)


def test_a_plan_is_json_with_every_answer() -> None:
    answers = json.loads(msgspec.json.encode(plan_of(question(rate=2.0))))
    assert answers["bottlenecks"][0]["name"] == "site"
    assert answers["bottlenecks"][0]["use"] > answers["bottlenecks"][1]["use"]
    assert answers["money"]["stock_stamps"] == 800_000
    assert answers["money"]["deposit_rp"] == 8_000_000_000
    assert answers["traffic"]["in_mbit"] == pytest.approx(2.0 * 2 * 0.3 * 8, rel=0.05)
    assert len(answers["hours"]) == 72
