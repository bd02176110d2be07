"""A visit to a webhook: sends what is due, a few messages at once, and stops when the receiver is away."""

from __future__ import annotations

from datetime import UTC
from typing import Final

from meterai.kernel.clock import Clock
from meterai.kit.bounded_gather import gather_bounded
from meterai.partners.webhooks.bodies import body_of, message_id
from meterai.partners.webhooks.model import Answer, Due, Tried, Visit, Visited
from meterai.partners.webhooks.ports import SendsMessages
from meterai.partners.webhooks.retries import is_away
from meterai.partners.webhooks.signing import signature_headers

AT_ONCE: Final = 4
"""Requests to one webhook at once, after the first was answered."""
_LOST: Final = "webhook-lost"
"""The scenario of the sandbox; the worker notes it with the event (docs/partners.md#sandbox)."""


async def make_visit(visit: Visit, sender: SendsMessages, clock: Clock) -> Visited:
    """Sends what is due. The first message goes alone: a receiver that hangs holds up one request."""
    tried: list[Tried] = []

    async def try_one(due: Due) -> None:
        if tried and is_away(tried[-1].answer):
            return
        at = clock().astimezone(UTC)
        body = body_of(due.event)
        headers = signature_headers(visit.secrets, message_id(due.event), at, body)
        if _is_lost(due):
            tried.append(Tried(due=due, at=at, answer=Answer(trouble="lost")))
            return
        answer = await sender.send(visit.url, headers, body)
        tried.append(Tried(due=due, at=at, answer=answer))

    await gather_bounded(visit.due[:1], try_one, at_once=1)
    await gather_bounded(visit.due[1:], try_one, at_once=AT_ONCE)
    return Visited(visit=visit, tried=tuple(tried))


def _is_lost(due: Due) -> bool:
    """Whether the sandbox loses this message: the first attempt of a stamp with that scenario."""
    return due.event.facts.get("scenario") == _LOST and due.attempts == 0
