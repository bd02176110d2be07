"""A visit to the receiver of a batch: tells what is due, and stops when the receiver is away."""

from __future__ import annotations

from typing import Final

from meterai.kernel.clock import Clock
from meterai.kernel.refusals import Refusal
from meterai.kit.bounded_gather import gather_bounded
from meterai.partners.batches.bodies import body_of
from meterai.partners.batches.model import BatchDocument, BatchVisit, BatchVisited, Told
from meterai.partners.batches.ports import DrawsStamps
from meterai.partners.webhooks.ports import SendsMessages
from meterai.partners.webhooks.retries import is_away

AT_ONCE: Final = 4
"""Requests for one batch at once, after the first was answered."""


async def visit_receiver(
    visit: BatchVisit, draw: DrawsStamps, sender: SendsMessages, *, clock: Clock
) -> BatchVisited:
    """Tells what is due. The first request goes alone: a receiver that hangs holds up one."""
    told: list[Told] = []

    async def tell(document: BatchDocument) -> None:
        if told and is_away(told[-1].answer):
            return
        at = clock()
        answer = await sender.send(visit.url, {}, body_of(document, pictures.get(document.serial or "", "")))
        told.append(Told(document=document, at=at, answer=answer))

    try:
        pictures = await draw([document for document in visit.due if document.has_picture])
    except Refusal as refusal:
        return BatchVisited(visit=visit, told=(), held_up_by=refusal.code)
    await gather_bounded(visit.due[:1], tell, at_once=1)
    await gather_bounded(visit.due[1:], tell, at_once=AT_ONCE)
    return BatchVisited(visit=visit, told=tuple(told))
