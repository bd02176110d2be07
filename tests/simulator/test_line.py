"""A line through the real code of the queue, with faults; `python -m tests.players.line` plays large ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from meterai.waiting_room.rules.model import Lane
from tests.players.line.checks import Checks
from tests.players.line.play import Faults, play
from tests.players.line.site_admission import Pass

pytestmark = [pytest.mark.slow, pytest.mark.long]

NO_FAULTS = Faults(
    gate_killed=None, files_lost=None, controller_killed=None, gate_frozen=None, site_down=None
)


def test_whatever_breaks_the_order_holds_nobody_enters_twice_and_everybody_is_let_in_or_told(
    tmp_path: Path,
) -> None:
    report = play(tmp_path, people=4_000, seed=7, minutes=12)
    assert report.problems == []
    assert report.entered > 1_500
    assert report.told > 500
    assert report.entered + report.told + report.absent == report.people
    assert report.tickets > 1.5 * report.people  # tabs
    assert report.returners > 20
    assert report.dropped > 20
    assert report.dead_gates >= 2
    assert report.late_tickets > 0
    assert report.refusals["queue.not_called"] > 50
    assert report.refusals["queue.door_full"] > 50


def test_the_same_seed_plays_the_same_line(tmp_path: Path) -> None:
    first, again = (
        play(tmp_path / name, people=300, seed=5, minutes=3, faults=NO_FAULTS) for name in ("a", "b")
    )
    assert (first.tickets, first.entered, first.problems) == (again.tickets, again.entered, [])


def test_a_step_that_fails_half_way_gives_no_place_twice(tmp_path: Path) -> None:
    faults = Faults(gate_killed=None, files_lost=None, gate_frozen=None, site_down=None)
    report = play(tmp_path, people=1_000, seed=3, minutes=5, faults=faults)
    assert report.problems == []
    assert report.entered > 300


def test_whose_request_was_dropped_tries_again_and_is_let_in_or_told(tmp_path: Path) -> None:
    faults = Faults(files_lost=None, controller_killed=None, gate_frozen=None, site_down=None)
    report = play(tmp_path, people=1_000, seed=4, minutes=4, faults=faults)
    assert report.problems == []
    assert report.dropped > 5
    assert report.entered + report.told + report.absent == report.people


def a_pass(number: int, position: tuple[int, int], at: float = 0.0) -> Pass:
    return Pass(bytes([number]) * 12, number, at, Lane.NEW, position, is_late_ticket=False)


def test_the_checks_see_somebody_who_is_overtaken() -> None:
    checks = Checks()
    checks.entered(a_pass(1, (5, 100)), 0.0)
    checks.refused_as_not_called((5, 101))
    assert checks.problems == []
    checks.refused_as_not_called((5, 99))
    assert len(checks.problems) == 1


def test_the_checks_see_somebody_who_enters_twice() -> None:
    checks = Checks()
    checks.entered(a_pass(1, (5, 100)), 0.0)
    checks.entered(a_pass(1, (5, 100)), 0.0)
    assert len(checks.problems) == 1


def test_the_checks_see_more_people_at_the_door_than_it_may_let_in() -> None:
    checks = Checks()
    for _ in range(10):
        checks.second(600, 10)
    assert checks.problems == []
    checks.second(600, 60)
    assert len(checks.problems) == 1


@pytest.mark.parametrize("later", [(1, 6, (3, 9)), (1, 5, (3, 10)), (0, 9, (3, 10))])
def test_the_checks_see_a_frontier_that_goes_back_and_a_status_that_is_no_newer(
    later: tuple[int, int, tuple[int, int]],
) -> None:
    checks = Checks()
    checks.published(1, 5, (3, 10))
    checks.published(*later)
    assert len(checks.problems) == 1
