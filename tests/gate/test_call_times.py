"""How long a called person may still enter, as the wait page says it."""

from __future__ import annotations

import asyncio
import html
import re
from pathlib import Path

import pytest

from meterai.gate.published_cache import PublishedCache
from meterai.waiting_room.rules.model import Policy, QueueState
from tests.gate.test_wait_pages import page, pages_of
from tests.players.queue_twin import Queue, schedule_from

OPENS = 1_788_000_000
CALLED = [(9, 0), (0, 0)]
"""The frontier is behind everybody, and nobody's call has lapsed."""


class Watched:
    """A gate's view of a queue in which everybody is called 100 s after the opening."""

    def __init__(self, root: Path, **policy: object) -> None:
        self.queue = Queue(
            root,
            schedule_from(OPENS, open_s=7_200, window_s=30),
            policy=Policy(claim_minutes=10, **policy),  # type: ignore[arg-type]
        )
        self.told = 0
        self.published = PublishedCache(self.queue.folder)
        self.tell(0, frontiers=[(0, 0), (0, 0)])
        self.queue.close(1, [])
        self.queue.close(2, [])
        self.passes(100, frontiers=[(0, 0), (0, 0)])
        self.tell(101, frontiers=CALLED)

    def tell(self, at: int, **facts: object) -> None:
        self.told = at
        self.queue.status(at=OPENS + at, **facts)
        self.published.look()

    def passes(self, until: int, **facts: object) -> None:
        """A status each second, as a controller publishes them."""
        for at in range(self.told + 1, until + 1):
            self.tell(at, **({"frontiers": CALLED} | facts))

    def reads(self, language: str = "en") -> str:
        """The text of the page, and the seconds that it counts down."""
        self.published.look()

        async def read() -> str:  # the gate sorts a window's places beside
            return html.unescape(page(pages_of(self.published), 7, OPENS + self.told, language))

        return asyncio.run(read())


def counted(read: str) -> int | None:
    """The seconds that the script counts down."""
    found = re.search(r'data-call="(\d*)"', read)
    assert found
    assert ('id="left"' in read) is bool(found[1])
    return int(found[1]) if found[1] else None


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_the_time_to_enter_runs_from_the_call(watched: Watched) -> None:
    assert counted(watched.reads()) == 600
    assert "Enter within 10 minutes" in watched.reads()
    watched.passes(101 + 420)
    read = watched.reads()
    assert counted(read) == 180
    assert "Enter within 3 minutes, before 17:51 WIB" in read
    assert "Masuklah dalam 3 menit, sebelum pukul 17.51 WIB" in watched.reads("id")


@pytest.mark.parametrize(
    "held",
    [{"state": QueueState.HALTED}, {"state": QueueState.OUT_OF_STOCK}, {"stalled": True}],
)
def test_time_in_which_nobody_can_enter_does_not_run(watched: Watched, held: dict[str, object]) -> None:
    watched.passes(200)
    before = counted(watched.reads())
    watched.passes(500, **held)
    read = watched.reads()
    assert counted(read) is None
    assert ("does not run" in read) is ("state" in held)
    assert "Enter within 7 minutes" not in read
    watched.tell(501, frontiers=CALLED)
    assert before is not None
    assert counted(watched.reads()) == before - 1


def test_a_controller_that_was_away_takes_no_time_from_anybody(watched: Watched) -> None:
    watched.passes(200)
    before = counted(watched.reads())
    watched.tell(400, frontiers=CALLED)
    assert counted(watched.reads()) == before


def test_a_call_that_has_lapsed_is_told_as_one(watched: Watched) -> None:
    watched.tell(102, frontiers=[(9, 0), (9, 0)])
    read = watched.reads()
    assert counted(read) is None
    assert "Your 10 minutes are over. You may still enter" in read


def test_a_gate_that_did_not_see_the_call_says_how_long_calls_last(watched: Watched) -> None:
    watched.published = PublishedCache(watched.queue.folder)
    read = watched.reads()
    assert counted(read) is None
    assert "Enter within 10 minutes." in read


def test_nobody_counts_beyond_the_closing(watched: Watched) -> None:
    closes = watched.queue.schedule.closes_at
    watched.told = closes - OPENS - 200
    watched.tell(closes - OPENS - 100, frontiers=[(9, 1), (0, 0)])
    assert counted(watched.reads()) == 100
