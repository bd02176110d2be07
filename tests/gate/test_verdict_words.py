"""The times and counts that the wait page names, and the cases in which its words differ from the usual
ones."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from meterai.gate.verdict_words import KEPT_FROM, NamedTimes, chance_headline, verdict_text
from meterai.gate.waiting.presence import PRESENT_AROUND_CLOSING_S
from meterai.texts.mechanism.translation import translate
from meterai.texts.queue.gate import HEADLINES
from meterai.waiting_room.files.published_documents import Status
from meterai.waiting_room.rules.certificate import CHECK_IN_AROUND_CLOSING_S
from meterai.waiting_room.rules.model import QueueState
from meterai.waiting_room.rules.verdict import Advice, Verdict
from tests.players.queue_twin import Queue, schedule_from

CLOSES = int(datetime(2026, 9, 6, 16, 59, tzinfo=UTC).timestamp())
"""23.59 in Jakarta."""
CLAIM_S = 600


@pytest.fixture(scope="module")
def status(tmp_path_factory: pytest.TempPathFactory) -> Status:
    root: Path = tmp_path_factory.mktemp("queue")
    return Queue(root, schedule_from(CLOSES - 3_600)).status(at=CLOSES - 1_800)


def lines_of(
    verdict: Verdict, status: Status | None, *, drawn_at: int = CLOSES, line_counts: bool = False,
    **changes: Any,
) -> str:  # fmt: skip
    moments = NamedTimes("Asia/Jakarta", CLOSES, CLOSES - 7_200, drawn_at, CLAIM_S // 60, line_counts)
    changed = msgspec.structs.replace(status, **changes) if status else None
    return " ".join(verdict_text(verdict, changed, moments, language="en").lines)


@pytest.mark.parametrize("advice", [Advice.CLOSED, Advice.NOT_TONIGHT])
def test_when_to_show_oneself_around_the_closing_is_when_a_certificate_asks_for_it(
    status: Status, advice: Advice
) -> None:
    assert PRESENT_AROUND_CLOSING_S == CHECK_IN_AROUND_CLOSING_S == 1_800
    said = lines_of(Verdict(advice=advice), status)
    assert "between 23:29 WIB and 00:29 WIB" in said


@pytest.mark.parametrize(
    ("given", "done_by", "is_said"),
    [(KEPT_FROM, CLOSES, True), (KEPT_FROM - 1, CLOSES, False), (KEPT_FROM, None, False)],
)
def test_how_many_promises_were_kept_is_told_with_a_promise_and_when_there_are_some(
    status: Status, given: int, done_by: int | None, is_said: bool
) -> None:
    verdict = Verdict(advice=Advice.WAIT, done_by=done_by)
    said = lines_of(verdict, status, kept=(given - 3, given))
    assert (f"Of {given} such promises so far, {given - 3} were kept" in said) is is_said
    assert "were kept" not in lines_of(verdict, None)


@pytest.mark.parametrize("line_counts", [False, True])
def test_who_is_called_within_the_last_minutes_is_told_of_no_lane_for_latecomers(
    status: Status, line_counts: bool
) -> None:
    called = Verdict(advice=Advice.CALLED)

    def said(left_s: int, **changes: Any) -> str:
        return lines_of(called, status, at=CLOSES - left_s, line_counts=line_counts, **changes)

    at_the_end = said(CLAIM_S)
    assert at_the_end != said(CLAIM_S + 1) == said(3_600)
    assert ("afterwards you can't enter any more" in at_the_end) is not line_counts
    held = said(CLAIM_S, state=QueueState.HALTED)
    assert held == said(3_600, state=QueueState.HALTED) != at_the_end, "nobody enters now"


def test_who_is_called_reads_when_the_stamp_is_done_and_what_holds_it_up(status: Status) -> None:
    verdict = Verdict(advice=Advice.CALLED, latest=CLOSES - 600)
    usual = lines_of(verdict, status)
    assert "done at about 23:49 WIB" in usual
    assert "done at about" not in lines_of(Verdict(advice=Advice.CALLED), status)
    assert "done at about" not in lines_of(msgspec.structs.replace(verdict, advice=Advice.WAIT), status)
    stopped, stalled = (lines_of(verdict, status, **{name: True}) for name in ("stopped", "stalled"))
    assert len({usual, stopped, stalled}) == 3
    assert lines_of(verdict, status, stopped=True, stalled=True) == stopped


@pytest.mark.parametrize(("drawn_after_s", "is_named"), [(1, True), (0, False), (-10, False)])
def test_a_draw_that_is_over_is_not_told_as_one_to_come(
    status: Status, drawn_after_s: int, is_named: bool
) -> None:
    said = lines_of(Verdict(advice=Advice.UNKNOWN), status, drawn_at=status.at + drawn_after_s)
    assert ("are drawn on" in said) is is_named


@pytest.mark.parametrize(
    ("chance", "headline", "tone"),
    [
        (0.99, "Very likely in time", "good"), (0.9, "Very likely in time", "good"),
        (0.89, "Probably in time", "calm"), (0.8, "Probably in time", "calm"),
        (0.79, "Probably in time", ""), (0.5, "Probably in time", ""),
        (0.49, "Probably not in time", ""), (0.1, "Probably not in time", ""),
        (0.09, "Most likely not in time", ""), (0.01, "Most likely not in time", ""),
    ],
)  # fmt: skip
def test_the_headline_and_the_colour_follow_the_chance(
    status: Status, chance: float, headline: str, tone: str
) -> None:
    moments = NamedTimes("Asia/Jakarta", CLOSES, CLOSES - 7_200, CLOSES, CLAIM_S // 60, False)
    assert translate(HEADLINES[chance_headline(chance)], "en") == headline
    for advice in (Advice.UNSURE, Advice.LAST_CALL, Advice.NOT_TONIGHT):
        said = verdict_text(Verdict(advice=advice, probability=chance), status, moments, language="en")
        assert said.tone == tone
        assert f"{chance:.0%}" in said.told
