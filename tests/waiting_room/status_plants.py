"""False statuses, signed with the right key: each is an honest status of the evening with one lie."""

from __future__ import annotations

from collections.abc import Callable

from meterai.waiting_room.files.published_documents import Announcement, Status
from meterai.waiting_room.rules.model import QueueState
from tests.waiting_room.evening import SCHEDULE
from tests.waiting_room.forger import Forger

type Plant = Callable[[Forger], object]


def with_line(status: Status) -> bool:
    """People wait, and nothing holds them."""
    return status.state is QueueState.OPEN and status.waiting > 0 and status.rate > 0


def called(status: Status) -> bool:
    """People are called, and the log says so."""
    return with_line(status) and status.called > 0


def lottery(status: Status) -> bool:
    """Nobody is drawn. No gate is lost in this window, or in the next ones."""
    return status.state is QueueState.LOTTERY


def changed_fan(forger: Forger) -> None:
    told = next(status for status in reversed(forger.statuses) if status.fan)
    fan = [(seconds, low, middle + 600 * 60 * 4) for seconds, low, middle in told.fan]
    forger.show_status(lambda status: status is told, fan=fan)


def shown(is_wanted: Callable[[Status], bool], **changes: object) -> Plant:
    """The plant that shows a status with these figures."""
    return lambda forger: forger.show_status(is_wanted, **changes)


def moved(is_wanted: Callable[[Status], bool], **by: int) -> Plant:
    """The plant that shows a status with greater or smaller figures."""

    def plant(forger: Forger) -> None:
        told = next(status for status in reversed(forger.statuses) if is_wanted(status))
        figures = {name: getattr(told, name) + more for name, more in by.items()}
        forger.show_status(lambda status: status is told, **figures)

    return plant


def closed(status: Status) -> bool:
    return status.state is QueueState.CLOSED


GO_HOME = Announcement(id="Antrean bubar, pulanglah.", en="The line is over, go home.")
PLANTS: dict[str, tuple[str, Plant]] = {
    "halted_in_secret": ("status.state", shown(with_line, state=QueueState.HALTED, rate=0)),
    "open_for_the_friend": (
        "status.state",
        shown(lambda status: status.state is QueueState.HALTED, state=QueueState.OPEN),
    ),
    "closed_early": ("status.untimely", shown(with_line, state=QueueState.CLOSED, rate=0)),
    "open_after_the_closing": ("status.untimely", shown(closed, state=QueueState.OPEN)),
    "lottery_without_end": ("status.untimely", shown(with_line, state=QueueState.LOTTERY)),
    "closes_earlier": ("status.closing", shown(with_line, closes_at=SCHEDULE.closes_at - 60)),
    "closes_later": ("status.closing", shown(with_line, closes_at=SCHEDULE.closes_at + 3_600)),
    "last_call_that_is_none": ("status.closing", shown(with_line, last_call_at=SCHEDULE.opens_at + 1)),
    "nobody_can_buy": ("status.stalled", shown(called, stalled=True)),
    "nobody_waits": ("status.waiting", shown(with_line, waiting=0, joining=0)),
    "a_crowd_waits": ("status.waiting", moved(with_line, waiting=5_000)),
    "a_crowd_joins": ("status.joining", moved(lottery, waiting=5_000, joining=5_000)),
    "many_were_called": ("status.called", moved(with_line, called=40)),
    "few_were_called": ("status.called", moved(closed, called=-1)),
    "many_were_admitted": ("status.admitted", moved(with_line, admitted=1)),
    "few_were_admitted": ("status.admitted", moved(closed, admitted=-1)),
    "faster_than_the_cap": ("status.rate", shown(with_line, rate=601)),
    "slower_than_the_floor": ("status.rate", shown(with_line, rate=60)),
    "fast_while_halted": ("status.rate", shown(lambda status: status.state is QueueState.HALTED, rate=60)),
    "forecast_of_more_than_the_cap": ("status.fan", changed_fan),
    "forecast_that_runs_back": ("status.fan", shown(with_line, fan=[(60, 10, 20), (90, 5, 20)])),
    "promises_that_nobody_got": ("status.kept", shown(closed, kept=(3, 3))),
    "more_kept_than_given": ("status.kept", shown(closed, kept=(1, 0))),
    "words_of_nobody": ("status.words", shown(with_line, note=GO_HOME)),
    "words_of_nobody_over_the_operators": ("status.words", shown(closed, note=GO_HOME)),
    "looks_once_an_hour": ("status.poll", shown(with_line, poll=(2, 3_600))),
    "from_before": ("status.time", moved(with_line, at=-60)),
    "from_the_future": ("status.time", moved(with_line, at=40)),
    "an_epoch_that_hides_the_next": ("status.epoch", moved(with_line, epoch=1_000)),
    "an_epoch_that_is_over": ("status.epoch", shown(with_line, epoch=0)),
}
"""Name -> the finding, and the plant."""
