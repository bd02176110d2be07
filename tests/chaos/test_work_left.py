"""The judge of the order after an outage sees a class that begins too early."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chaos.work_left import Left, is_in_order

START = datetime(2026, 9, 5, tzinfo=UTC)


def work(name: str, begun_s: float, stamped_s: float) -> Left:
    begun, stamped = START + timedelta(seconds=begun_s), START + timedelta(seconds=stamped_s)
    return Left(name=name, reference=f"{name} {begun_s}", begun_at=begun, stamped_at=stamped)


@pytest.mark.parametrize(
    ("open_begun_s", "new_begun_s", "held"), [(3.0, 5.0, True), (1.5, 5.0, False), (3.0, 3.5, False)]
)
def test_no_class_may_begin_before_the_one_before_it_has_ended(
    open_begun_s: float, new_begun_s: float, held: bool
) -> None:
    left = [work("in_flight", 0, 1), work("paid", 1, 2), work("open", open_begun_s, 4)]
    assert is_in_order(left, [work("new", new_begun_s, 6)]) is held


def test_a_class_without_anybody_is_no_gap() -> None:
    assert is_in_order([work("in_flight", 0, 1), work("open", 1, 2)], [])
    assert not is_in_order([work("in_flight", 0, 3)], [work("new", 2, 4)])
