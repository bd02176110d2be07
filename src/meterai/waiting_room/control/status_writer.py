"""Makes the status of a queue from a step: what every wait page reads within a second."""

from __future__ import annotations

import asyncio
import zlib

import msgspec

from meterai.texts.mechanism.translation import translate
from meterai.texts.queue import announcements
from meterai.waiting_room.control.publisher import Publisher
from meterai.waiting_room.files.published_documents import Announcement, Status
from meterai.waiting_room.rules.forecast import fan_of, horizons_to
from meterai.waiting_room.rules.model import POLL, QueueState
from meterai.waiting_room.rules.rate_control import calls_factor, cap_of, expected_calls
from meterai.waiting_room.rules.rate_model import DONE_AFTER_S, SiteMeasurements
from meterai.waiting_room.store.promises import PromiseFigures
from meterai.waiting_room.use_cases.decide_step import StepDecision

FAN_EVERY_S = 5.0
LINE_COUNTS_S = 2 * 86_400


def _announcement(sentence: str) -> Announcement:
    return Announcement(translate(sentence, "id"), translate(sentence, "en"))


STAMPING_STOPPED, STALLED, LAST_STAMPS = (
    _announcement(sentence)
    for sentence in (announcements.STAMPING_STOPPED, announcements.STALLED, announcements.LAST_STAMPS)
)
"""They appear on open pages within one poll, unless the operator has put other words there."""


class StatusWriter:
    """Publishes the status of one event's queue, step by step."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._fan: list[tuple[int, int, int]] = []
        self._fan_at = 0.0

    async def publish(
        self,
        decided: StepDecision,
        figures: PromiseFigures,
        measured: SiteMeasurements,
        *,
        news: Announcement,
        now: float,
    ) -> None:
        """Signs and publishes the status after a step, with the `news` of the service. `now`: Unix seconds.

        Raises: `Superseded`.
        """
        fan = await self._fan_now(decided, now)
        status = self._status(decided, figures, measured, news=news, now=now, fan=fan)
        await asyncio.to_thread(self._publisher.publish_status, status)

    def _status(
        self,
        decided: StepDecision,
        figures: PromiseFigures,
        measured: SiteMeasurements,
        *,
        news: Announcement,
        now: float,
        fan: list[tuple[int, int, int]],
    ) -> Status:
        queue, step = decided.queue, decided.step
        late, frontier = queue.late, queue.frontier
        return Status(
            event=queue.event,
            epoch=queue.epoch,
            sequence=queue.sequence,
            at=int(now),
            state=queue.state,
            frontiers=[(frontier.window, frontier.x), (late.window, late.x)],
            rate=round(step.rate),
            fan=fan,
            closes_at=queue.schedule.closes_at,
            last_call_at=queue.schedule.last_call_at,
            poll=POLL,
            waiting=decided.waiting,
            joining=decided.waiting - (queue.joined - queue.called),
            admitted=queue.admitted,
            called=queue.called,
            done_after_s=figures.done_after_s or DONE_AFTER_S,
            kept=(figures.kept, figures.given),
            log=self._publisher.log_head(),
            note=note_of(decided, measured),
            stopped=msgspec.UNSET if measured.is_stamping else True,
            stalled=msgspec.UNSET if measured.can_buy else True,
            news=msgspec.UNSET if news == Announcement() else news,
        )

    async def _fan_now(self, decided: StepDecision, now: float) -> list[tuple[int, int, int]]:
        """The forecast of the evening, computed again every few seconds while people wait."""
        if decided.waiting <= 0 or decided.queue.state.stands_still:
            self._fan, self._fan_at = [], 0.0
        elif now - self._fan_at >= FAN_EVERY_S:
            self._fan = await asyncio.to_thread(fan_of_step, decided, now)
            self._fan_at = now
        return self._fan


def note_of(decided: StepDecision, measured: SiteMeasurements) -> Announcement:
    """The words on every wait page: the operator's, or those about stamping, payment or the last stamps."""
    queue = decided.queue
    if queue.note != Announcement():
        return queue.note
    if not measured.is_stamping:
        return STAMPING_STOPPED
    if not measured.can_buy:
        return STALLED
    calls = queue.state in (QueueState.OPEN, QueueState.LAST_CALL)
    return LAST_STAMPS if calls and decided.waiting > 0 and decided.step.enough_for < 1 else queue.note


def fan_of_step(decided: StepDecision, now: float) -> list[tuple[int, int, int]]:
    """The forecast after a step, as `Status.fan` has it (about 6 ms of CPU)."""
    queue, step = decided.queue, decided.step
    opens_in_s = max(0.0, queue.schedule.opens_at - now)
    closes_at = float(queue.schedule.closes_at)
    if queue.policy.line_counts:
        closes_at = max(closes_at, now + LINE_COUNTS_S)
    calls = expected_calls(step, step.memory.past, queue.policy)
    horizons = horizons_to(now, closes_at, waiting=decided.waiting, calls=calls, opens_in_s=opens_in_s)
    return fan_of(
        step.memory.past,
        calls,
        calls_max=max(1.0, cap_of(queue.policy, queue.wishes) * calls_factor(step.memory)),
        horizons=horizons,
        now=now,
        seed=zlib.crc32(queue.event.encode()),
        opens_in_s=opens_in_s,
        sure_max=step.enough_for,
    )
