"""What the line of an event allows when the event changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from meterai.sales.events import Event
from meterai.waiting_room.queries import QueueSign
from meterai.waiting_room.rules.model import QueueState


def is_another_round(event: Event, sign: QueueSign, now: datetime) -> bool:
    """Whether the event wants a second round of its queue. Its round is fixed as soon as people may join.

    In a second round people would get their pass and order of the first, and no lottery would be drawn.
    """
    opens_at = None if event.queue is None else event.queue.opens_at
    if opens_at is None or sign.schedule.joins_from > now.timestamp():
        return False
    return sign.schedule.closes_at < opens_at.timestamp()


def lines_standing(signs: Mapping[str, QueueSign], now: datetime) -> set[str]:
    """Events with people in their line or lottery, as the controller last saw them."""
    open_ones = (
        sign
        for sign in signs.values()
        if sign.policy.line_counts or sign.schedule.closes_at > now.timestamp()
    )
    return {sign.event for sign in open_ones if sign.has_line or sign.state is QueueState.LOTTERY}
